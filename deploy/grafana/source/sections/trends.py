"""How the figures of the window have moved.

Each point is the KPI of the window that ended then, so a fall may be an old deal leaving the window as well as bad news.
"""

from kpis import KPIS, Kpi
from languages import Text
from measures import ROUNDED, Measure, measure
from panels import Panel, Query, Row
from promql import Subject, reading


def row(subject: Subject) -> Row:
    return Row(
        Text("Trends", "趋势"),
        (
            lines(Text("Revenue and the window before", "成交额与上一窗口"), subject, ("revenue", "revenue_previous"), ROUNDED),
            lines(Text("Leads and decisions", "线索与赢单/输单"), subject, ("leads", "won", "lost"), ROUNDED),
            lines(
                Text("Pipeline", "商机金额"), subject, ("open_pipeline_amount", "weighted_pipeline_amount"), ROUNDED
            ),
            lines(
                Text("Ratios", "比率"),
                subject,
                ("win_ratio", "collection_ratio", "csat_ratio"),
                measure(KPIS["win_ratio"]),
            ),
        ),
    )


def lines(title: Text, subject: Subject, names: tuple[str, ...], shown: Measure) -> Panel:
    kpis = [KPIS[name] for name in names]
    queries = tuple(Query(reading(kpi.name, subject), kpi.title) for kpi in kpis)
    return Panel("lines", title, explained(kpis), shown, width=12, height=8, queries=queries)


def explained(kpis: list[Kpi]) -> Text:
    return Text(
        "\n\n".join(f"**{kpi.title.en}**: {kpi.meaning.en}" for kpi in kpis),
        "\n\n".join(f"**{kpi.title.zh}**：{kpi.meaning.zh}" for kpi in kpis),
    )
