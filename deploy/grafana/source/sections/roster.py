"""The columns by which a table of reps says who is who."""

from languages import Text, same
from links import REP_OF_ROW
from panels import Column

# The id is hidden and the name leads on: links ask for the id by the label's own name.
COLUMNS = (
    Column(Text("Name", "姓名"), label="name", links=(REP_OF_ROW,)),
    Column(same("rep"), label="rep", is_hidden=True),
    Column(same("team"), label="team", is_hidden=True),
)
