"""One team, and its reps to go on to."""

from languages import Text
from links import TITLES
from panels import Board, Row, compared, table, value
from promql import REPS_OF_TEAM, TEAM, named, reading
from sections import current, customers, figures, funnel, lost, pipeline, quota, roster, trends

REPS = Text(
    "The reps of this team by revenue; a name leads to the rep's dashboard. Reps expose fewer windows than teams: by"
    " default 24h, 7d, 30d, month and quarter to date. Win rates of fewer than five decided deals are left out.",
    "本团队各销售，按收入排序；点击姓名进入其仪表盘。销售展示的窗口比团队少：默认为 24h、7d、30d、本月至今和本季至今。已决商机不足五个的赢单率不显示。",
)


def reps() -> Row:
    names = (
        "won",
        "win_ratio",
        "leads",
        "lead_response_p50_seconds",
        "quota_attainment_ratio",
        "quota_pace_ratio",
        "open_pipeline_amount",
    )
    by = ("rep", "team")
    revenue = named(reading("revenue", REPS_OF_TEAM, by))
    columns = (
        roster.NAME,
        *roster.IDS,
        value("revenue", REPS_OF_TEAM, by, query=revenue),
        *(compared(name, REPS_OF_TEAM, by) for name in names),
    )
    return Row(Text("Reps", "销售"), (table(Text("Reps compared", "销售对比"), REPS, columns, width=24, height=9),))


BOARD = Board(
    name="team",
    title=TITLES["team"],
    description=Text("One team: its figures, its funnel, its reps.", "一个团队：数字、漏斗和销售。"),
    variables=("datasource", "namespace", "service", "team", "window", "period", "pipeline", "docs"),
    rows=(
        current.ROW,
        figures.row(TEAM),
        quota.row(TEAM, quota.attainment_of_reps()),
        funnel.row(TEAM),
        current.alerts(TEAM),
        reps(),
        figures.by_window(TEAM),
        quota.expected(TEAM),
        pipeline.row(TEAM),
        lost.row(TEAM),
        pipeline.by_pipeline(TEAM),
        figures.more(TEAM),
        trends.row(TEAM),
        figures.cash_and_cost(TEAM),
        figures.satisfaction(TEAM),
        customers.row(TEAM),
        quota.other_measures(TEAM),
    ),
)
