"""What is lost, what slips and what is overdue: where money goes away."""

from dataclasses import replace

from kpis import KPIS
from languages import Text, same
from links import TEAM_OF_CELL
from measures import measure
from panels import Column, Panel, Query, Row, stat, table, value
from promql import ALL_TEAMS, Subject, reading
from runbooks import alerts_of

TEAMS = Text(
    "What each team has lost and pushed out in the window, and what is overdue now. A deal that slips twice counts twice.",
    "各团队在窗口内丢失、推迟的商机，以及当前已逾期的商机。推迟两次的商机计两次。",
)


def row(subject: Subject, *beside: Panel) -> Row:
    kpi = KPIS["lost_by_reason"]
    reasons = f"sort_desc({reading(kpi.name, subject, ('reason',))} > 0)"
    width = 7 if beside else 18
    query = Query(reasons, same("{{reason}}"))
    bars = Panel("bars", kpi.title, kpi.description(), measure(kpi), width, 8, (query,), has_small_text=True)
    numbers = (stat("lost", subject, 3, 8), stat("lost_amount", subject, 3, 8))
    return Row(Text("Why deals are lost", "为什么输单"), (*numbers, bars, *beside))


def of_teams() -> Panel:
    by = ("team",)
    names = ("lost", "lost_amount", "slipped_deals", "overdue_deals", "overdue_amount")
    columns = (
        Column(Text("Team", "团队"), label="team", links=(TEAM_OF_CELL,)),
        *(value(name, ALL_TEAMS, by) for name in names),
    )
    panel = table(Text("Lost, slipped, overdue", "输单、推迟、逾期"), TEAMS, columns, width=11, height=8)
    return replace(panel, runbooks=alerts_of(*names))
