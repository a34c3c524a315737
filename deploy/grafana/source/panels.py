"""What a dashboard is made of, in plain values. `draw.py` makes Grafana's panels of them."""

from dataclasses import dataclass, field, replace
from typing import Literal

from kpis import KPIS
from languages import Text, same
from measures import Measure, measure
from promql import Subject, reading, with_currency
from runbooks import alerts_of


@dataclass(frozen=True)
class Query:
    expression: str
    legend: Text = Text("", "")


@dataclass(frozen=True)
class Link:
    title: Text
    url: Text


@dataclass(frozen=True)
class Mapping:
    """A value shown as a text."""

    value: str
    text: Text
    colour: str | None = None


@dataclass(frozen=True)
class Column:
    """A column of a table: a label of the rows, or the value of a query."""

    title: Text
    label: str | None = None
    query: str | None = None
    measure: Measure | None = None
    mappings: tuple[Mapping, ...] = ()
    links: tuple[Link, ...] = ()
    is_hidden: bool = False
    sort: Literal["ascending", "descending"] | None = None
    """Set for the column by which the rows are sorted; otherwise it is the first value, the greatest on top."""


@dataclass(frozen=True)
class Panel:
    kind: Literal["stat", "bars", "lines", "table", "matrix"]
    title: Text
    description: Text
    measure: Measure
    width: int
    height: int
    queries: tuple[Query, ...] = ()
    columns: tuple[Column, ...] = ()
    mappings: tuple[Mapping, ...] = ()
    colour_of_nothing: str = "text"
    links: tuple[Link, ...] = ()
    runbooks: tuple[str, ...] = ()
    matrix: tuple[str, str] | None = None
    """Of a matrix the labels of its rows and columns: its cells are the first query, the second orders the columns."""
    most: float | None = None
    """Where a full bar ends; by default at the greatest value."""

    def __post_init__(self) -> None:
        assert bool(self.queries) != bool(self.columns), f"{self.title.en} has neither queries nor columns, or both"


@dataclass(frozen=True)
class Row:
    title: Text
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Board:
    """A dashboard. Its uid is `salespulse-<name>-<language>`."""

    name: str
    title: Text
    description: Text
    variables: tuple[str, ...]
    rows: tuple[Row, ...] = field(default=())


def stat(name: str, subject: Subject, width: int, height: int = 4, by: tuple[str, ...] = ()) -> Panel:
    """One KPI as a number."""
    kpi = KPIS[name]
    by = with_currency(kpi, by)
    legend = same(" ".join(f"{{{{{label}}}}}" for label in by))
    shown = measure(kpi)
    query = Query(shown.scaled(reading(name, subject, by)), legend)
    panel = Panel("stat", kpi.title, kpi.description(), shown, width, height, (query,))
    return replace(panel, runbooks=alerts_of(name))


def value(name: str, subject: Subject, by: tuple[str, ...], **further: object) -> Column:
    """One KPI as a column of a table whose rows are the labels `by`."""
    kpi = KPIS[name]
    shown = measure(kpi)
    column = Column(kpi.title, query=shown.scaled(reading(name, subject, by)), measure=shown)
    return replace(column, **further)


def table(title: Text, description: Text, columns: tuple[Column, ...], width: int, height: int) -> Panel:
    return Panel("table", title, description, Measure("none"), width, height, columns=columns)
