"""One rep in one team."""

from kpis import KPIS
from languages import Text
from links import TITLES
from measures import measure
from panels import Board, Panel, Query, Row
from promql import REP, reading
from sections import current, figures, funnel, pipeline, quota, trends


def ranks() -> Row:
    """Where the rep stands among all reps, by each measure of the leaderboard."""
    kpi = KPIS["rank"]
    by = (("revenue", "revenue"), ("won", "won"), ("quota_attainment", "quota_attainment_ratio"))
    queries = tuple(Query(reading("rank", REP, only=(f'by="{rank}"',)), KPIS[name].title) for rank, name in by)
    panel = Panel("stat", kpi.title, kpi.description(), measure(kpi), width=24, height=4, queries=queries)
    return Row(Text("Standing", "名次"), (panel,))


BOARD = Board(
    name="rep",
    title=TITLES["rep"],
    description=Text("One rep: figures, funnel, targets, open deals.", "一位销售：数字、漏斗、目标和在手商机。"),
    variables=("datasource", "namespace", "service", "team", "rep", "rep window", "period", "pipeline", "docs"),
    rows=(
        current.ROW,
        figures.row(REP),
        quota.row(REP),
        funnel.row(REP),
        current.alerts(REP),
        ranks(),
        quota.expected(REP),
        pipeline.row(REP),
        figures.more(REP),
        trends.row(REP),
        figures.cash_and_cost(REP),
        figures.satisfaction(REP),
        quota.other_measures(REP),
    ),
)
