"""The columns by which a table of reps says who is who."""

from languages import Text, same
from links import REP_OF_ROW
from panels import Column

# Western names are longer than a column of many.
NAME = Column(Text("Name", "姓名"), label="name", links=(REP_OF_ROW,), width=160)

# Hidden, and named as the labels in both languages: the link of the name asks for them.
IDS = (
    Column(same("rep"), label="rep", is_hidden=True),
    Column(same("team"), label="team", is_hidden=True),
)
