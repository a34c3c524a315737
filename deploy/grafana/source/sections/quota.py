"""Targets: how far they are reached, and where the period ends at this pace."""

from dataclasses import replace

from choices import PERIODS_OF_TARGETS
from kpis import KPIS
from languages import Text, same
from links import REP_OF_BAR, TEAM_OF_BAR
from measures import ATTAINMENT, Measure, measure
from panels import Column, Mapping, Panel, Query, Row, table, value
from promql import ALL_TEAMS, REPS_OF_TEAM, Subject, in_rows, named, reading
from runbooks import alerts_of

PERIOD = Column(
    Text("Period", "周期"),
    label="period",
    mappings=tuple(Mapping(period, text) for period, text in PERIODS_OF_TARGETS),
)
NAMES = tuple(period for period, _ in PERIODS_OF_TARGETS)

BY_PERIOD = Text(
    "Each period with its target, what counts towards it so far, and what is expected: booked revenue and the weighted amount"
    " of the open deals that should close in it. A pace of 100 % is on track."
    " Coverage counts all open deals, whenever they may close, so a week has none.",
    "各周期的目标、目前计入的签约额和预期签约额：已签的，加上应在本期关闭的在手商机的加权金额。进度达成率为 100% 表示恰好跟上。"
    "覆盖倍数计入全部在手商机，不论何时关闭，因此不显示周的覆盖倍数。",
)

EXPECTED = Text(
    "How the period will end: what is booked, what should still close in it and what that is worth by its stages' probabilities;"
    " and where booked revenue alone ends at this pace.",
    "本期将如何收尾：已签的、应在本期关闭的在手商机及其按阶段概率加权的金额；以及只按已签额的进度推算的结果。",
)

OTHERS = Text(
    "Targets of other measures than revenue: payments, deals won, leads, new customers; only where there are such targets.",
    "成交额以外的目标：回款、赢单数、线索数、新客户数；没有此类目标时不显示。",
)

MEASURES = (
    ("payments", KPIS["payments"].title),
    ("won", KPIS["won"].title),
    ("leads", KPIS["leads"].title),
    ("new_customers", KPIS["new_customers"].title),
)


def order(subject: Subject) -> Column:
    """Hidden; keeps the periods in their order, the short ones first."""
    any_of = "|".join(NAMES)
    booked = reading("booked_revenue", subject, ("period",), (f'period=~"{any_of}"',))
    query = in_rows(booked, "period", NAMES)
    return Column(Text("Order", "顺序"), query=query, measure=Measure("none"), is_hidden=True, sort="ascending")


def row(subject: Subject, *beside: Panel) -> Row:
    names = (
        "target",
        "booked_revenue",
        "quota_attainment_ratio",
        "quota_pace_ratio",
        "expected_revenue",
    )
    # Open deals take longer than a week to close, so that of a week they are always many times the target.
    covered = reading("pipeline_coverage_ratio", subject, ("period",), ('period!="week"',))
    coverage = value("pipeline_coverage_ratio", subject, ("period",), query=covered)
    columns = (PERIOD, order(subject), *(value(name, subject, ("period",)) for name in names), coverage)
    width = 16 if beside else 24
    by_period = table(Text("Targets by period", "各周期目标"), BY_PERIOD, columns, width, height=7)
    by_period = replace(by_period, runbooks=alerts_of(*names, "pipeline_coverage_ratio"))
    return Row(Text("Targets", "目标"), (by_period, *beside), is_open=True)


def expected(subject: Subject) -> Row:
    by = ("period",)
    names = ("target", "booked_revenue", "closing_amount", "closing_weighted_amount", "expected_revenue")
    share = f"{reading('expected_revenue', subject, by)} / ({reading('target', subject, by)} > 0)"
    columns = (
        PERIOD,
        order(subject),
        *(value(name, subject, by) for name in names),
        Column(Text("Expected ÷ target", "预计 ÷ 目标"), query=share, measure=Measure("percentunit", 1, ATTAINMENT)),
        value("forecast_revenue", subject, by),
    )
    title = Text("What is expected against the target", "预期签约额与目标")
    panel = table(title, EXPECTED, columns, width=24, height=6)
    return Row(Text("How the period will end", "本期预计"), (panel,))


def other_measures(subject: Subject) -> Row:
    by = ("measure", "period")
    kpis = ("measure_target", "measure_value", "measure_attainment_ratio", "measure_pace_ratio")
    columns = (
        Column(Text("Measure", "指标"), label="measure", mappings=tuple(Mapping(*each) for each in MEASURES)),
        PERIOD,
        *(value(name, subject, by) for name in kpis),
    )
    panel = table(Text("Targets of other measures", "其他指标的目标"), OTHERS, columns, width=24, height=6)
    return Row(Text("Other targets", "其他目标"), (panel,))


def attainment_of_teams() -> Panel:
    kpi = KPIS["quota_attainment_ratio"]
    query = Query(f"sort_desc({reading(kpi.name, ALL_TEAMS, ('team',))})", same("{{team}}"))
    title = Text(f"{kpi.title.en} by team", f"各团队{kpi.title.zh}")
    return Panel(
        "bars", title, kpi.description(), measure(kpi), 8, 7, (query,), links=(TEAM_OF_BAR,), most=1.2
    )


def attainment_of_reps() -> Panel:
    kpi = KPIS["quota_attainment_ratio"]
    ranked = f"sort_desc({named(reading(kpi.name, REPS_OF_TEAM, ('rep', 'team')))})"
    title = Text(f"{kpi.title.en} by rep", f"各销售{kpi.title.zh}")
    query = Query(ranked, same("{{name}}"))
    return Panel(
        "bars", title, kpi.description(), measure(kpi), 8, 7, (query,), links=(REP_OF_BAR,), most=1.2
    )
