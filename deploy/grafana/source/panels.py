"""What a dashboard is made of, in plain values. `draw.py` makes Grafana's panels of them."""

from dataclasses import dataclass, field, replace
from typing import Literal

from kpis import KPIS
from languages import Text, same
from measures import Measure, measure
from promql import Subject, curve, enough, reading, with_currency
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
    width: int | None = None
    """In pixels, where an equal share of the table's width would cut names."""
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
    has_small_text: bool = False
    """Of bars: whether names have the size of a table's. Otherwise they grow with their bars, and one alone is cut."""
    words: tuple[tuple[str, Text], ...] = ()
    """Of bars: what names that a program has written are called; any other name stands as it is. Of a matrix: its corner."""
    has_trend: bool = False
    """Of numbers: whether the curve behind them is shown. Then their queries are `curve`s, which end where a KPI is absent."""

    def __post_init__(self) -> None:
        assert bool(self.queries) != bool(self.columns), f"{self.title.en} has neither queries nor columns, or both"


@dataclass(frozen=True)
class Row:
    title: Text
    panels: tuple[Panel, ...]
    is_open: bool = False
    """Whether its panels are there when the dashboard opens; the others wait below their titles."""


@dataclass(frozen=True)
class Board:
    """A dashboard. Its uid is `salespulse-<name>-<language>`."""

    name: str
    title: Text
    description: Text
    variables: tuple[str, ...]
    rows: tuple[Row, ...] = field(default=())


# What stands at the head of a column, and over a small number, where the KPI's own title would be cut.
SHORT = {
    "cohort_reached": Text("Of the leads", "其中到达"),
    "cohort_conversion_ratio": Text("Share of leads", "占线索比例"),
    "booked_revenue": Text("Booked", "已签"),
    "forecast_revenue": Text("At this pace", "照此进度"),
    "revenue_growth_ratio": Text("Growth", "环比"),
    "revenue_year_ago": Text("A year ago", "去年同期"),
    "revenue_yoy_ratio": Text("Year on year", "同比"),
    "stage_time_p50_seconds": Text("Median", "中位数"),
    "stage_time_p90_seconds": Text("Slowest 10 %", "最慢 10%"),
    "stage_times": Text("Stays", "次数"),
    "lead_response_p50_seconds": Text("Response, median", "响应中位数"),
    "quota_attainment_ratio": Text("Attainment", "达成率"),
    "quota_pace_ratio": Text("Pace", "进度达成率"),
    "closing_weighted_amount": Text("Closing, weighted", "应关闭（加权）"),
    "measure_attainment_ratio": Text("Attainment", "达成率"),
    "measure_pace_ratio": Text("Pace", "进度达成率"),
    "measure_target": Text("Target", "目标"),
    "measure_value": Text("Reached", "已完成"),
}
SHORT_OF_NUMBERS = {"lead_response_p90_seconds": Text("Response, slowest 10 %", "最慢 10% 的响应")}


def stat(name: str, subject: Subject, width: int, height: int = 4, by: tuple[str, ...] = ()) -> Panel:
    """One KPI as a number."""
    kpi = KPIS[name]
    by = with_currency(kpi, by)
    legend = same(" ".join(f"{{{{{label}}}}}" for label in by))
    shown = measure(kpi)
    query = Query(shown.scaled(reading(name, subject, by)), legend)
    title = SHORT_OF_NUMBERS.get(name, kpi.title)
    panel = Panel("stat", title, kpi.description(), shown, width, height, (query,))
    return replace(panel, runbooks=alerts_of(name))


def trend(name: str, subject: Subject, width: int, height: int = 5) -> Panel:
    """One KPI as a number with its curve."""
    kpi = KPIS[name]
    by = with_currency(kpi, ())
    legend = same(" ".join(f"{{{{{label}}}}}" for label in by))
    query = Query(measure(kpi).scaled(curve(name, subject, by)), legend)
    return replace(stat(name, subject, width, height), queries=(query,), has_trend=True)


def value(name: str, subject: Subject, by: tuple[str, ...], **further: object) -> Column:
    """One KPI as a column of a table whose rows are the labels `by`."""
    kpi = KPIS[name]
    shown = measure(kpi)
    column = Column(SHORT.get(name, kpi.title), query=shown.scaled(reading(name, subject, by)), measure=shown)
    return replace(column, **further)


def compared(name: str, subject: Subject, by: tuple[str, ...]) -> Column:
    """One KPI as a column of a table that compares; a win rate only where enough deals were decided."""
    if name != "win_ratio":
        return value(name, subject, by)
    decided = f"{reading('won', subject, by)} + {reading('lost', subject, by)}"
    return value("win_ratio", subject, by, query=enough(reading("win_ratio", subject, by), decided, by))


def table(title: Text, description: Text, columns: tuple[Column, ...], width: int, height: int) -> Panel:
    return Panel("table", title, description, Measure("none"), width, height, columns=columns)
