"""The funnel: how much reaches each stage, what becomes of the leads, and the flow from stage to stage."""

from dataclasses import replace

from kpis import KPIS
from languages import Text, same
from measures import measure
from panels import Column, Panel, Query, Row, table, value
from promql import Subject, at_stage, reading
from runbooks import alerts_of

STAGE = Column(Text("Stage", "阶段"), label="stage")

BEFORE = Text("Window before", "上一窗口")

BY_STAGE = Text(
    "Stage by stage: how many journeys reached it in this window and in the one before it; and of the leads **created** in"
    " the window, how many have got there since.",
    "逐个阶段：本窗口与上一窗口各有多少旅程到达该阶段；以及本窗口内**创建**的线索中，至今有多少到达了该阶段。",
)


def with_leads(entries: str, leads: str, subject: Subject) -> str:
    """Something for each stage, the leads being that of the first."""
    return f"{at_stage('lead', reading(leads, subject))} or {reading(entries, subject, ('stage',))}"


def row(subject: Subject) -> Row:
    entries = with_leads("stage_entries", "leads", subject)
    columns = [STAGE, value("stage_entries", subject, ("stage",), query=entries)]
    if subject.scope in KPIS["stage_entries_previous"].scopes:
        previous = with_leads("stage_entries_previous", "leads_previous", subject)
        columns.append(value("stage_entries_previous", subject, ("stage",), query=previous, title=BEFORE))
    # Prometheus does not know the order of the stages; but whoever reached a stage has reached those before it.
    reached = with_leads("cohort_reached", "leads", subject)
    columns.append(value("cohort_reached", subject, ("stage",), query=reached, sort="descending"))
    columns.append(value("cohort_conversion_ratio", subject, ("stage",)))
    return Row(
        Text("Funnel", "漏斗"),
        (table(Text("Stage by stage", "逐个阶段"), BY_STAGE, tuple(columns), width=14, height=8), flow(subject)),
    )


def flow(subject: Subject) -> Panel:
    """The conversion from each stage to the next."""
    kpi = KPIS["funnel_conversion_ratio"]
    query = Query(f"sort_desc({reading(kpi.name, subject, ('from', 'to'))})", same("{{from}} → {{to}}"))
    shown = replace(measure(kpi), decimals=0)
    panel = Panel("bars", kpi.title, kpi.description(), shown, width=10, height=8, queries=(query,), most=1)
    return replace(panel, runbooks=alerts_of(kpi.name))
