"""The open deals as they stand now."""

from dataclasses import replace

from kpis import KPIS
from languages import Text
from panels import Column, Row, stat, table, value
from promql import Subject
from runbooks import alerts_of
from sections.funnel import ORDER, STAGE

BY_STAGE = Text(
    "What is open at each stage now, whatever the window: deals, their amounts, and the deals that have not moved for"
    " longer than their stage allows.",
    "当前各阶段在手的商机（与时间窗口无关）：数量、金额，以及停留超过该阶段期限的商机。",
)

STAGE_TIMES = Text(
    "How long deals stayed at each stage before they left it, of the stays that ended in the window. Few stays say little.",
    "商机在各阶段停留多久才离开（停留在窗口内结束）。停留次数少时参考意义不大。",
)

BY_PIPELINE = Text(
    "The pipelines of `[pipelines]` beside each other. Without that configuration there is one, and nothing is shown here.",
    "`[pipelines]` 中各销售管道并列比较。没有该配置时只有一个管道，这里不显示内容。",
)


def row(subject: Subject) -> Row:
    names = ["open_pipeline_amount", "weighted_pipeline_amount", "velocity", "overdue_deals", "overdue_amount"]
    names.append("slipped_deals" if subject.scope in KPIS["slipped_deals"].scopes else "closing_amount")
    totals = tuple(stat(name, subject, width=4) for name in names)
    by_stage = stages(("open_deals", "pipeline_amount", "stalled_deals"), subject)
    has_times = subject.scope in KPIS["stage_times"].scopes
    panels = [table(Text("Open deals by stage", "各阶段在手商机"), BY_STAGE, by_stage, 12 if has_times else 24, height=7)]
    panels[0] = replace(panels[0], runbooks=alerts_of("stalled_deals"))
    if has_times:
        times = stages(("stage_time_p50_seconds", "stage_time_p90_seconds", "stage_times"), subject)
        panels.append(table(Text("Time in stage", "阶段停留时间"), STAGE_TIMES, times, 12, height=7))
    return Row(Text("Pipeline now", "当前商机"), (*totals, *panels))


def stages(names: tuple[str, ...], subject: Subject) -> tuple[Column, ...]:
    return (STAGE, ORDER, *(value(name, subject, ("stage",)) for name in names))


def by_pipeline(subject: Subject) -> Row:
    names = ("pipeline_revenue", "pipeline_leads", "pipeline_won", "pipeline_lost", "pipeline_win_ratio")
    columns = (
        Column(Text("Pipeline", "销售管道"), label="pipeline"),
        *(value(name, subject, ("pipeline",)) for name in names),
    )
    title = Text("Pipelines compared", "销售管道对比")
    return Row(Text("By pipeline", "各销售管道"), (table(title, BY_PIPELINE, columns, width=24, height=6),))
