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

# Reasons are whatever the CRM writes. These are salespulse's own, and those of the simulated organisation.
REASONS = (
    ("unknown", Text("no reason given", "未填原因")),
    ("other", Text("all other reasons", "其余原因")),
    ("no_response", Text("no response", "客户无回应")),
    ("not_a_fit", Text("not a fit", "需求不匹配")),
    ("no_budget", Text("no budget", "没有预算")),
    ("price", Text("price", "价格")),
    ("competitor", Text("competitor", "选择竞品")),
    ("no_decision", Text("no decision", "迟迟未决")),
)


def row(subject: Subject, *below: Panel) -> Row:
    kpi = KPIS["lost_by_reason"]
    reasons = f"sort_desc({reading(kpi.name, subject, ('reason',))} > 0)"
    query = Query(reasons, same("{{reason}}"))
    bars = Panel("bars", kpi.title, kpi.description(), measure(kpi), 18, 8, (query,), words=REASONS)
    bars = replace(bars, has_small_text=True)
    numbers = (stat("lost", subject, 3, 8), stat("lost_amount", subject, 3, 8))
    return Row(Text("Why deals are lost", "为什么输单"), (*numbers, bars, *below))


def of_teams() -> Panel:
    by = ("team",)
    names = ("lost", "lost_amount", "slipped_deals", "overdue_deals", "overdue_amount")
    columns = (
        Column(Text("Team", "团队"), label="team", links=(TEAM_OF_CELL,)),
        *(value(name, ALL_TEAMS, by) for name in names),
    )
    panel = table(Text("Lost, slipped, overdue", "输单、推迟、逾期"), TEAMS, columns, width=24, height=7)
    return replace(panel, runbooks=alerts_of(*names))
