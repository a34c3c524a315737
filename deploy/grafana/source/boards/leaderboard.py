"""Who stands where."""

from kpis import KPIS
from languages import Text, same
from links import REP_OF_BAR, TEAM_OF_CELL, TITLES
from measures import ATTAINMENT, ATTAINMENT_STEPS, Band, Measure, measure
from panels import Board, Column, Panel, Query, Row, compared, table, value
from promql import REPS_OF_TEAMS, Subject, named, reading
from sections import current, roster

BY = ("rep", "team")
# Alerts of no team, such as the organisation's, are every team's.
TEAMS_CHOSEN = Subject("team", ('team=~"|$teams"',))
ATTAINED = reading("quota_attainment_ratio", REPS_OF_TEAMS, BY)

ORDER = Text(
    "All reps of the chosen teams by revenue. Equal values share a rank, and the next one is left out; ranks count all"
    " teams. Names lead to the rep's dashboard.",
    "所选团队的全部销售，按收入排名。数值相同则名次并列，并空出下一名；名次在所有团队中计算。点击姓名进入其仪表盘。",
)


# A label shown under a title of its own is a column beside the hidden one.
TEAM = Column(Text("Team", "团队"), label="team_shown", links=(TEAM_OF_CELL,))


def standing() -> Row:
    rank = named(reading("rank", REPS_OF_TEAMS, BY, ('by="revenue"',)))
    rank = f'label_replace({rank}, "team_shown", "$1", "team", "(.*)")'
    columns = (
        Column(KPIS["rank"].title, query=rank, measure=measure(KPIS["rank"]), sort="ascending"),
        roster.NAME,
        TEAM,
        *roster.IDS,
        *(
            compared(kpi, REPS_OF_TEAMS, BY)
            for kpi in ("revenue", "won", "win_ratio", "quota_attainment_ratio", "quota_pace_ratio")
        ),
    )
    by_revenue = table(Text("Leaderboard", "排行榜"), ORDER, columns, width=15, height=16)
    return Row(Text("Standing", "名次"), (by_revenue, best("revenue", 10)), is_open=True)


def best(name: str, count: int) -> Panel:
    """The best reps by a KPI, as bars."""
    kpi = KPIS[name]
    top = f"topk({count}, {named(reading(name, REPS_OF_TEAMS, BY))})"
    query = Query(f"sort_desc({top})", same("{{name}}"))
    title = Text(f"Best {count} by {kpi.title.en.lower()}", f"{kpi.title.zh}前 {count} 名")
    return Panel("bars", title, kpi.description(), measure(kpi), 9, 16, (query,), links=(REP_OF_BAR,))


def bands() -> Row:
    kpi = KPIS["quota_attainment_ratio"]
    half, near, reached = ATTAINMENT_STEPS
    counts = (
        band(Text("Target reached", "达成目标"), f">= {reached}", 3),
        band(Text("80 % to 100 %", "80% 至 100%"), f">= {near} < {reached}", 2),
        band(Text("50 % to 80 %", "50% 至 80%"), f">= {half} < {near}", 1),
        band(Text("Below 50 %", "不足 50%"), f"< {half}", 0),
    )
    query = Query(f"sort_desc({named(ATTAINED)})", same("{{name}}"))
    title = Text(f"{kpi.title.en} by rep", f"各销售{kpi.title.zh}")
    bars = Panel(
        "bars", title, kpi.description(), measure(kpi), 24, 14, (query,), links=(REP_OF_BAR,), most=1.2
    )
    return Row(Text("Attainment bands", "达成率分档"), (*counts, bars))


def band(title: Text, comparison: str, colour: int) -> Panel:
    """How many reps of the chosen teams are in a band."""
    description = Text(
        "Reps of the chosen teams whose quota attainment in the chosen period lies in this band. Reps without a target are"
        " in none.",
        "所选团队中，所选周期的目标达成率落在这一档的销售人数。没有目标的销售不计入任何一档。",
    )
    shown = Measure("locale", 0, (Band(None, ATTAINMENT[colour].colour),))
    return Panel("stat", title, description, shown, 6, 4, (Query(f"count({ATTAINED} {comparison}) or vector(0)"),))


BOARD = Board(
    name="leaderboard",
    title=TITLES["leaderboard"],
    description=Text("Who stands where among the reps.", "销售的名次。"),
    variables=("datasource", "namespace", "service", "teams", "teams shown", "rep window", "period", "docs"),
    rows=(current.ROW, standing(), current.alerts(TEAMS_CHOSEN), bands()),
)
