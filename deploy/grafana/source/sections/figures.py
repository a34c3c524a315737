"""The figures of the window, as numbers."""

from languages import Text
from panels import Row, stat
from promql import Subject


def row(subject: Subject) -> Row:
    names = [
        "revenue",
        "revenue_growth_ratio",
        "won",
        "win_ratio",
        "deal_size",
        "cycle_p50_seconds",
        "leads",
        "lead_responses",
        "lead_response_p50_seconds",
        "lead_response_p90_seconds",
        "new_customers",
        "lost",
    ]
    return Row(Text("Figures of the window", "窗口内的数字"), tuple(stat(name, subject, width=4) for name in names))


def cash_and_cost(subject: Subject) -> Row:
    """What comes in, and what is spent to win customers."""
    names = ("payments", "collection_ratio", "spend", "cac")
    stats = tuple(stat(name, subject, width=5) for name in names)
    return Row(Text("Cash and cost", "回款与花费"), (*stats, stat("refunds", subject, width=4)))


def satisfaction(subject: Subject) -> Row:
    """What customers say, and how many of them."""
    scores = tuple(stat(name, subject, width=5) for name in ("csat_ratio", "nps", "ces_mean"))
    answers = stat("feedback_responses", subject, width=9, by=("survey",))
    return Row(Text("Satisfaction", "满意度"), (*scores, answers))
