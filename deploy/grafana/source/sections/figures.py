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


def cash_and_satisfaction(subject: Subject) -> Row:
    """What comes in, and what customers say."""
    title = Text("Cash and satisfaction", "回款与满意度")
    cash = tuple(stat(name, subject, width=4) for name in ("payments", "refunds", "collection_ratio"))
    scores = tuple(stat(name, subject, width=3) for name in ("csat_ratio", "nps", "ces_mean"))
    return Row(title, (*cash, *scores, stat("feedback_responses", subject, width=3, by=("survey",))))
