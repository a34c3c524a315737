"""The funnel: how much reaches each stage, what becomes of the leads, and where the flow from stage to stage leaks."""

from dataclasses import replace

from kpis import KPIS
from languages import Text
from measures import DROP, Band, Measure, measure
from panels import Column, Mapping, Panel, Row, table, value
from promql import PIPELINE, RELEASE, Subject, conversion_before, in_order, position, reading, steps, with_leads
from runbooks import alerts_of

STAGE = Column(Text("Stage", "阶段"), label="stage")
# Hidden; it keeps the stages in the order of the pipeline.
ORDER = Column(Text("Order", "顺序"), query=position("stage"), measure=Measure("none"), is_hidden=True, sort="ascending")

BEFORE = Text("Window before", "上一窗口")

BY_STAGE = Text(
    "Stage by stage: how many journeys reached it in this window and in the one before it; and of the leads **created** in"
    " the window, how many have got there since.",
    "逐个阶段：本窗口与上一窗口各有多少商机到达该阶段；以及本窗口内**创建**的线索中，至今有多少到达了该阶段。",
)

BY_STEP = Text(
    "Where the funnel leaks: the conversion of each step beside that of the window before. Below four fifths of it a step is"
    " red. An alert fires where chance alone does not explain the drop: it needs enough cases, and looks at 7 and 30 days.",
    "漏斗在哪里漏：每一步的转化率与上一窗口对比，不足其五分之四时为红色。只有当偶然不足以解释下降时才会告警：需要足够多的商机，并看 7 天和 30 天。",
)


def row(subject: Subject) -> Row:
    entries = with_leads("stage_entries", "leads", subject)
    columns = [STAGE, ORDER, value("stage_entries", subject, ("stage",), query=entries)]
    if subject.scope in KPIS["stage_entries_previous"].scopes:
        previous = with_leads("stage_entries_previous", "leads_previous", subject)
        columns.append(value("stage_entries_previous", subject, ("stage",), query=previous, title=BEFORE))
    columns.append(value("cohort_reached", subject, ("stage",), query=with_leads("cohort_reached", "leads", subject)))
    columns.append(value("cohort_conversion_ratio", subject, ("stage",)))
    return Row(
        Text("Funnel", "漏斗"),
        (flow(subject), table(Text("Stage by stage", "逐个阶段"), BY_STAGE, tuple(columns), width=10, height=8)),
        is_open=True,
    )


def flow(subject: Subject) -> Panel:
    """The conversion of each step in its order, beside the previous one, with the alert that fires."""
    by = ("from", "to")
    kpi = KPIS["funnel_conversion_ratio"]
    now = reading(kpi.name, subject, by)
    shown = replace(measure(kpi), decimals=1)
    columns = [
        Column(Text("Step", "步骤"), label="step"),
        Column(Text("From", "从"), label="from", is_hidden=True),
        Column(Text("To", "到"), label="to", is_hidden=True),
        # The whole funnel, from lead to won, comes after its steps.
        Column(
            Text("Order", "顺序"),
            query=steps(in_order(now)),
            measure=Measure("none"),
            is_hidden=True,
            sort="ascending",
        ),
        Column(kpi.title, query=steps(now), measure=shown),
    ]
    if subject.scope in KPIS["leads_previous"].scopes:
        before = conversion_before(subject)
        columns.append(Column(BEFORE, query=steps(before), measure=shown))
        columns.append(Column(Text("Change", "变化"), query=steps(f"{now} / ({before} > 0) - 1"), measure=DROP))
        columns.append(alarm(subject, now))
    title = Text("Where the funnel leaks", "漏斗在哪里漏")
    panel = table(title, BY_STEP, tuple(columns), width=14, height=8)
    return replace(panel, runbooks=alerts_of(kpi.name))


def alarm(subject: Subject, now: str) -> Column:
    matchers = ",".join(
        (
            'alertname="SalesFunnelConversionDrop"',
            'alertstate="firing"',
            f'scope="{subject.scope}"',
            PIPELINE,
            *subject.matchers,
            *RELEASE,
        )
    )
    firing = f"max by (from, to) (ALERTS{{{matchers}}}) or ({now}) * 0"
    return Column(
        Text("Alert", "告警"),
        query=steps(firing),
        measure=Measure("none", bands=(Band(None, "text"), Band(1, "red"))),
        mappings=(Mapping("0", Text("–", "–")), Mapping("1", Text("fires", "触发"), "red")),
    )
