"""The figures of the window, as numbers."""

from kpis import KPIS
from languages import Text
from measures import measure
from panels import Panel, Query, Row, stat
from promql import Subject, reading

SURVEYS = (
    ("csat", Text("satisfaction", "满意度")),
    ("nps", Text("recommendation", "推荐度")),
    ("ces", Text("effort", "费力度")),
)


def row(subject: Subject) -> Row:
    names = ("revenue", "revenue_growth_ratio", "won", "win_ratio", "leads", "new_customers")
    return Row(Text("Figures of the window", "关键指标"), tuple(stat(name, subject, width=4) for name in names))


def more(subject: Subject) -> Row:
    """What one asks next: how large deals are, how long they take, how soon leads are answered."""
    names = (
        "deal_size",
        "cycle_p50_seconds",
        "lead_responses",
        "lead_response_p50_seconds",
        "lead_response_p90_seconds",
        "lost",
    )
    return Row(Text("Deals and answers", "成交与跟进"), tuple(stat(name, subject, width=4) for name in names))


def cash_and_cost(subject: Subject) -> Row:
    """What comes in, and what is spent to win customers."""
    names = ("payments", "collection_ratio", "spend", "cac")
    stats = tuple(stat(name, subject, width=5) for name in names)
    return Row(Text("Cash and cost", "回款与费用"), (*stats, stat("refunds", subject, width=4)))


def satisfaction(subject: Subject) -> Row:
    """What customers say, and how many of them."""
    scores = tuple(stat(name, subject, width=5) for name in ("csat_ratio", "nps", "ces_mean"))
    kpi = KPIS["feedback_responses"]
    queries = tuple(
        Query(reading(kpi.name, subject, only=(f'survey="{survey}"',)), title) for survey, title in SURVEYS
    )
    answers = Panel("stat", kpi.title, kpi.description(), measure(kpi), 9, 4, queries)
    return Row(Text("Satisfaction", "满意度"), (*scores, answers))
