"""Targets: how far they are reached, and where the period ends at this pace."""

from dataclasses import replace

from choices import PERIODS
from kpis import KPIS
from languages import Text, same
from links import REP_OF_BAR, TEAM_OF_BAR
from measures import measure
from panels import Column, Mapping, Panel, Query, Row, table, value
from promql import ALL_TEAMS, REPS_OF_TEAM, Subject, named, reading
from runbooks import alerts_of

PERIOD = Column(
    Text("Period", "周期"),
    label="period",
    mappings=tuple(Mapping(period, text) for period, text in PERIODS),
    # The alphabet happens to have month, quarter and year in their order.
    sort="ascending",
)

BY_PERIOD = Text(
    "Each period with its target, what counts towards it so far, and where it ends if it goes on like this. A pace of"
    " 100 % is on track.",
    "各周期的目标、目前计入的成交额，以及照此下去周期结束时的结果。进度达成率为 100% 表示恰好跟上。",
)


def row(subject: Subject, *beside: Panel) -> Row:
    names = (
        "target",
        "booked_revenue",
        "quota_attainment_ratio",
        "quota_pace_ratio",
        "forecast_revenue",
        "pipeline_coverage_ratio",
    )
    columns = (PERIOD, *(value(name, subject, ("period",)) for name in names))
    width = 16 if beside else 24
    by_period = table(Text("Targets by period", "各周期目标"), BY_PERIOD, columns, width, height=6)
    by_period = replace(by_period, runbooks=alerts_of(*names))
    return Row(Text("Targets", "目标"), (by_period, *beside))


def attainment_of_teams() -> Panel:
    kpi = KPIS["quota_attainment_ratio"]
    query = Query(f"sort_desc({reading(kpi.name, ALL_TEAMS, ('team',))})", same("{{team}}"))
    title = Text(f"{kpi.title.en} by team", f"各团队{kpi.title.zh}")
    return Panel(
        "bars", title, kpi.description(), measure(kpi), 8, 6, (query,), links=(TEAM_OF_BAR,), most=1.2
    )


def attainment_of_reps() -> Panel:
    kpi = KPIS["quota_attainment_ratio"]
    ranked = f"sort_desc({named(reading(kpi.name, REPS_OF_TEAM, ('rep', 'team')))})"
    title = Text(f"{kpi.title.en} by rep", f"各销售{kpi.title.zh}")
    query = Query(ranked, same("{{name}}"))
    return Panel(
        "bars", title, kpi.description(), measure(kpi), 8, 6, (query,), links=(REP_OF_BAR,), most=1.2
    )
