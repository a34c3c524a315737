"""Whether what the dashboard shows is the present: the first row of each."""

from languages import Text
from measures import Band, Measure
from panels import Mapping, Panel, Query, Row

AGE = (Band(None, "green"), Band(60, "orange"), Band(300, "red"))

READY = Panel(
    "stat",
    Text("Numbers readable", "数字可读"),
    Text(
        "Whether an instance has caught up with Kafka and shows the KPIs. Until then there are none: never a half-filled"
        " window.",
        "是否有实例已追上 Kafka 并展示指标。在此之前不会有任何指标：绝不展示只填了一半的窗口。",
    ),
    Measure("none", bands=(Band(None, "red"), Band(1, "green"))),
    width=6,
    height=3,
    # Without the `or` a service that is gone would leave the panel empty instead of red.
    queries=(Query("max(salespulse_ready) or vector(-1)"),),
    mappings=(
        Mapping("1", Text("yes", "是"), "green"),
        Mapping("0", Text("catching up", "追赶中"), "orange"),
        Mapping("-1", Text("nobody is scraped", "没有抓取到实例"), "red"),
    ),
    runbooks=("SalespulseDown", "SalespulseReplaying"),
)

LAG = Panel(
    "stat",
    Text("Lag behind Kafka", "落后 Kafka"),
    Text(
        "The age of the last record read, where there are more to read: by so much the numbers are behind. 0 when"
        " everything has been read.",
        "在还有记录未读时，最后读到的记录有多旧：数字就落后这么多。全部读完时为 0。",
    ),
    Measure("s", 0, AGE),
    width=6,
    height=3,
    queries=(Query("max(salespulse_consumer_lag_seconds)"),),
    colour_of_nothing="red",
    runbooks=("SalespulseLagging",),
)

READING_AGE = Panel(
    "stat",
    Text("Age of the reading", "读数时间距今"),
    Text(
        "The time since Prometheus last scraped the KPIs. It should stay below two scrape intervals.",
        "距 Prometheus 上次抓取指标的时间，应小于两个抓取间隔。",
    ),
    Measure("s", 0, AGE),
    width=6,
    height=3,
    queries=(Query("time() - max(timestamp(sales_org_customers))"),),
    colour_of_nothing="red",
)

LAST_EVENT = Panel(
    "stat",
    Text("Last event", "最近事件距今"),
    Text(
        "The time since the latest `occurred_at` of all accepted events. At night and on holidays it grows without fault.",
        "距所有已接收事件中最晚 `occurred_at` 的时间。夜间和节假日变大属正常。",
    ),
    Measure("s", 0),
    width=6,
    height=3,
    queries=(Query("time() - max(salespulse_last_event_timestamp_seconds)"),),
)

ROW = Row(Text("Are the numbers current?", "数字是最新的吗？"), (READY, LAG, READING_AGE, LAST_EVENT))
