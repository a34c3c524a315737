"""Customers: how many, how loyal, and what they are worth."""

from languages import Text
from measures import Measure
from panels import Panel, Query, Row, stat
from promql import Subject, reading
from kpis import KPIS

PERIODS = (("current", Text("now", "本期")), ("last", Text("last", "上期")), ("before", Text("before", "上上期")))


def row(subject: Subject) -> Row:
    names = ["repeat_purchase_ratio", "retention_ratio", "customer_value", "ltv", "ltv_per_cac"]
    if subject.scope in KPIS["penetration_ratio"].scopes:
        names.append("penetration_ratio")
    figures = tuple(stat(name, subject, width=6) for name in names)
    width_of_active = 6 if len(figures) == 6 else 12
    return Row(Text("Customers", "客户"), (stat("customers", subject, width=6), active(subject, width_of_active), *figures))


def active(subject: Subject, width: int) -> Panel:
    """The customers of the present customer period and the two complete ones before it."""
    kpi = KPIS["active_customers"]
    queries = tuple(
        Query(reading(kpi.name, subject, only=(f'period="{period}"',)), legend) for period, legend in PERIODS
    )
    return Panel("stat", kpi.title, kpi.description(), Measure("locale", 0), width, 4, queries)
