"""The open deals as they stand now."""

from dataclasses import replace

from languages import Text
from panels import Row, stat, table, value
from promql import Subject
from runbooks import alerts_of
from sections.funnel import ORDER, STAGE

BY_STAGE = Text(
    "What is open at each stage now, whatever the window: deals, their amounts, and the deals that have not moved for"
    " longer than their stage allows.",
    "当前各阶段在手的商机（与时间窗口无关）：数量、金额，以及停留超过该阶段期限的商机。",
)


def row(subject: Subject) -> Row:
    names = ("open_deals", "pipeline_amount", "stalled_deals")
    columns = (STAGE, ORDER, *(value(name, subject, ("stage",)) for name in names))
    totals = tuple(
        stat(name, subject, width=4, height=7)
        for name in ("open_pipeline_amount", "weighted_pipeline_amount", "velocity")
    )
    by_stage = table(Text("Open deals by stage", "各阶段在手商机"), BY_STAGE, columns, width=12, height=7)
    by_stage = replace(by_stage, runbooks=alerts_of(*names))
    return Row(Text("Pipeline now", "当前商机"), (*totals, by_stage))
