"""The whole organisation, and its teams to go on to."""

from dataclasses import replace

from languages import Text
from links import TEAM_OF_CELL, TITLES
from measures import Band, Measure
from panels import Board, Column, Panel, Query, Row, compared, table, value
from promql import ALL_TEAMS, ORG, conversion_before, enough, in_order, reading, steps
from runbooks import alerts_of
from sections import current, customers, figures, funnel, lost, pipeline, quota, trends

TEAMS = Text(
    "The teams beside each other; a team's name leads to its dashboard. Ratios are computed from each team's own sums.",
    "各团队并列比较；点击团队名进入其仪表盘。比率由各团队自己的合计得出。",
)


def teams() -> Row:
    names = (
        "revenue",
        "revenue_growth_ratio",
        "won",
        "win_ratio",
        "leads",
        "quota_attainment_ratio",
        "quota_pace_ratio",
        "open_pipeline_amount",
    )
    by = ("team",)
    satisfaction = value(
        "csat_ratio",
        ALL_TEAMS,
        by,
        title=Text("Satisfaction", "满意度"),
        query=enough(
            reading("csat_ratio", ALL_TEAMS, by), reading("feedback_responses", ALL_TEAMS, by, ('survey="csat"',)), by
        ),
    )
    team = Column(Text("Team", "团队"), label="team", links=(TEAM_OF_CELL,))
    columns = (team, *(compared(name, ALL_TEAMS, ("team",)) for name in names), satisfaction)
    return Row(Text("Teams", "团队"), (table(Text("Teams compared", "团队对比"), TEAMS, columns, width=24, height=9),))


LEAKS = Text(
    "Each team and step: the conversion now divided by that of the window before. Red is less than four fifths of it, green"
    " more than six fifths; empty is no case in one of the two windows.",
    "每个团队的每一步：当前转化率 ÷ 上一窗口的转化率。红色为不足五分之四，绿色为超过五分之六；空白表示其中一个窗口没有商机。",
)


def leaks() -> Row:
    """Team by step, so that a leak is seen where it is."""
    by = ("team", "from", "to")
    now = reading("funnel_conversion_ratio", ALL_TEAMS, by, ('team!="unassigned"',))
    change = f"{now} / ({conversion_before(ALL_TEAMS, ('team',))} > 0)"
    shown = Measure("percentunit", 0, (Band(None, "red"), Band(0.8, "transparent"), Band(1.2, "green")))
    title = Text("Teams and steps: conversion against the window before", "团队 × 步骤：转化率与上一窗口之比")
    queries = (Query(steps(change)), Query(steps(in_order(now))))
    corner = (("team\\step", Text("Team", "团队")),)
    panel = Panel("matrix", title, LEAKS, shown, 24, 8, queries, matrix=("team", "step"), words=corner, runbooks=FUNNEL)
    panel = replace(panel, colour_of_nothing="transparent")
    return Row(Text("Where teams leak", "各团队在哪里漏"), (panel,))


FUNNEL = alerts_of("funnel_conversion_ratio")

BOARD = Board(
    name="company",
    title=TITLES["company"],
    description=Text("What the whole organisation sells, and how.", "全公司的销售情况。"),
    variables=("datasource", "namespace", "service", "window", "period", "pipeline", "docs"),
    rows=(
        current.ROW,
        figures.row(ORG),
        quota.row(ORG, quota.attainment_of_teams()),
        funnel.row(ORG),
        current.alerts(ORG),
        leaks(),
        figures.by_window(ORG),
        quota.expected(ORG),
        pipeline.row(ORG),
        lost.row(ORG, lost.of_teams()),
        pipeline.by_pipeline(ORG),
        teams(),
        figures.more(ORG),
        trends.row(ORG),
        figures.cash_and_cost(ORG),
        figures.satisfaction(ORG),
        customers.row(ORG),
        quota.other_measures(ORG),
    ),
)
