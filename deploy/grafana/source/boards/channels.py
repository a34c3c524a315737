"""Where business comes from, what it costs and what it is worth."""

from kpis import KPIS
from languages import Text, same
from links import CHANNEL_OF_CELL, TITLES
from measures import ROUNDED, measure
from panels import Board, Column, Panel, Query, Row, compared, table, value
from promql import ALL_CHANNELS, CHANNEL, enough, reading
from runbooks import alerts_of
from sections import current, customers, figures, funnel

BY = ("channel",)
COMPARED = Text(
    "The channels beside each other; a name chooses the channel of the rows below. CAC is the cost of winning a customer,"
    " LTV what one brings over the whole time. Costs and wins of different windows do"
    " not meet, so long windows are steadier.",
    "各渠道并列比较；点击名称即选定下方各行的渠道。LTV 是客户生命周期价值。费用和它带来的赢单常不在同一个窗口，因此较长的窗口更稳定。",
)


def all_channels() -> Row:
    won = ('stage="won"',)
    columns = (
        Column(Text("Channel", "渠道"), label="channel", links=(CHANNEL_OF_CELL,)),
        value("leads", ALL_CHANNELS, BY),
        value(
            "cohort_conversion_ratio",
            ALL_CHANNELS,
            BY,
            title=Text("Won of them", "其中赢单"),
            query=enough(
                reading("cohort_conversion_ratio", ALL_CHANNELS, BY, won), reading("leads", ALL_CHANNELS, BY), BY, least=20
            ),
        ),
        *(
            compared(name, ALL_CHANNELS, BY)
            for name in ("revenue", "win_ratio", "deal_size", "spend", "new_customers")
        ),
        value("cac", ALL_CHANNELS, BY, title=Text("CAC", "获客成本")),
        value("ltv", ALL_CHANNELS, BY, title=same("LTV")),
        value("ltv_per_cac", ALL_CHANNELS, BY, title=Text("LTV : CAC", "LTV : CAC")),
    )
    title = Text("Channels compared", "渠道对比")
    return Row(Text("Channels", "渠道"), (table(title, COMPARED, columns, width=24, height=9),), is_open=True)


def costs() -> Row:
    bars = (bar("cac", 8), bar("ltv_per_cac", 8), bar("cohort_conversion_ratio", 8, ('stage="won"',)))
    curves = (curve("leads"), curve("spend"))
    return Row(Text("Cost, value, conversion", "成本、价值与转化"), bars + curves)


def bar(name: str, width: int, only: tuple[str, ...] = ()) -> Panel:
    kpi = KPIS[name]
    query = Query(f"sort_desc({reading(name, ALL_CHANNELS, BY, only)})", same("{{channel}}"))
    return Panel("bars", kpi.title, kpi.description(), measure(kpi), width, 9, (query,), runbooks=alerts_of(name))


def curve(name: str) -> Panel:
    kpi = KPIS[name]
    query = Query(reading(name, ALL_CHANNELS, BY), same("{{channel}}"))
    title = Text(f"{kpi.title.en} by channel", f"各渠道{kpi.title.zh}")
    return Panel("lines", title, kpi.description(), ROUNDED, 12, 8, (query,))


BOARD = Board(
    name="channels",
    title=TITLES["channels"],
    description=Text("Where business comes from, and what it costs.", "客户从哪里来，获客花了多少钱。"),
    variables=("datasource", "namespace", "service", "channel", "long window", "pipeline", "docs"),
    rows=(
        current.ROW,
        all_channels(),
        figures.row(CHANNEL),
        funnel.row(CHANNEL),
        current.alerts(CHANNEL),
        costs(),
        figures.more(CHANNEL),
        customers.row(CHANNEL),
    ),
)
