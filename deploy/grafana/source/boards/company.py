"""The whole organisation, and its teams to go on to."""

from languages import Text
from links import TEAM_OF_CELL, TITLES
from panels import Board, Column, Row, table, value
from promql import ALL_TEAMS, ORG
from sections import current, customers, figures, funnel, pipeline, quota, trends

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
    satisfaction = value("csat_ratio", ALL_TEAMS, ("team",), title=Text("Satisfaction", "满意度"))
    team = Column(Text("Team", "团队"), label="team", links=(TEAM_OF_CELL,))
    columns = (team, *(value(name, ALL_TEAMS, ("team",)) for name in names), satisfaction)
    return Row(Text("Teams", "团队"), (table(Text("Teams compared", "团队对比"), TEAMS, columns, width=24, height=9),))


BOARD = Board(
    name="company",
    title=TITLES["company"],
    description=Text("What the whole organisation sells, and how.", "全公司的销售情况。"),
    variables=("datasource", "window", "period", "docs"),
    rows=(
        current.ROW,
        figures.row(ORG),
        quota.row(ORG, quota.attainment_of_teams()),
        funnel.row(ORG),
        pipeline.row(ORG),
        teams(),
        trends.row(ORG),
        figures.cash_and_cost(ORG),
        figures.satisfaction(ORG),
        customers.row(ORG),
    ),
)
