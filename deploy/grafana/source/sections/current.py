"""Whether what the dashboard shows is the present: the first row of each."""

from languages import Text
from links import RUNBOOK_OF_CELL
from measures import AGE, Band, Measure
from panels import Column, Mapping, Panel, Query, Row, table
from promql import RELEASE, Subject, series

FRESH = (Band(None, "green"), Band(60, "orange"), Band(300, "red"))

READY = Panel(
    "stat",
    Text("Numbers available", "数据可用"),
    Text(
        "Whether an instance has caught up with Kafka and shows the KPIs. Until then there are none: never a half-filled"
        " window.",
        "是否有实例已追上 Kafka 并展示指标。在此之前不会有任何指标：绝不展示只填了一半的窗口。",
    ),
    Measure("none", bands=(Band(None, "red"), Band(1, "green"))),
    width=5,
    height=3,
    # Without the `or` a service that is gone would leave the panel empty instead of red.
    queries=(Query(f"max({series('salespulse_ready')}) or vector(-1)"),),
    mappings=(
        Mapping("1", Text("yes", "是"), "green"),
        Mapping("0", Text("catching up", "追赶中"), "orange"),
        Mapping("-1", Text("nobody is scraped", "没有抓取到实例"), "red"),
    ),
    runbooks=("SalespulseDown", "SalespulseReplaying"),
)

COMPLETE = Panel(
    "stat",
    Text("Numbers complete", "数据完整"),
    Text(
        "Whether all records are in the numbers. They are not where Kafka's retention deleted records before they were"
        " read, and the service was told to go on.",
        "是否所有记录都已计入。如果 Kafka 在记录被读取之前就按保留期删除了它们，而服务被要求继续运行，数字就不完整。",
    ),
    Measure("none", bands=(Band(None, "green"), Band(1, "red"))),
    width=5,
    height=3,
    queries=(Query("max(" + series("salespulse_condition", 'condition="records_missing"') + ")"),),
    mappings=(Mapping("0", Text("yes", "是"), "green"), Mapping("1", Text("records are missing", "缺少记录"), "red")),
    colour_of_nothing="red",
    runbooks=("SalespulseDegraded",),
)

LAG = Panel(
    "stat",
    Text("Lag behind Kafka", "落后 Kafka"),
    Text(
        "The age of the last record read, where there are more to read: by so much the numbers are behind. 0 when"
        " everything has been read.",
        "在还有记录未读时，最后读到的记录有多旧：数字就落后这么多。全部读完时为 0。",
    ),
    Measure(AGE, 0, FRESH),
    width=5,
    height=3,
    queries=(Query(f"max({series('salespulse_consumer_lag_seconds')})"),),
    colour_of_nothing="red",
    runbooks=("SalespulseLagging",),
)

READING_AGE = Panel(
    "stat",
    Text("Updated before", "数据更新于…前"),
    Text(
        "The time since Prometheus last scraped the KPIs. It should stay below two scrape intervals.",
        "距 Prometheus 上次抓取指标的时间，应小于两个抓取间隔。",
    ),
    Measure(AGE, 0, FRESH),
    width=5,
    height=3,
    queries=(Query(f"time() - max(timestamp({series('sales_org_customers')}))"),),
    colour_of_nothing="red",
)

LAST_EVENT = Panel(
    "stat",
    Text("Last event", "最近事件距今"),
    Text(
        "The time since the latest `occurred_at` of all accepted events. At night and on holidays it grows without fault.",
        "距所有已接收事件中最晚 `occurred_at` 的时间。夜间和节假日变大属正常。",
    ),
    Measure(AGE, 0),
    width=4,
    height=3,
    queries=(Query(f"time() - max({series('salespulse_last_event_timestamp_seconds')})"),),
)

NONE = Text("none", "无")


def alerts(subject: Subject) -> Row:
    """The alerts on KPIs that fire for a subject, whatever it is about; for the organisation all of them."""
    matchers = ",".join(('alertstate="firing"', 'category="kpi"', *subject.matchers, *RELEASE))
    about = f'label_join(ALERTS{{{matchers}}}, "about", " ", "team", "channel", "name", "rep", "pipeline", "stage", "from", "to", "period")'
    nothing = 'label_replace(label_replace(vector(0), "about", "–", "", ""), "alertname", "–", "", "")'
    columns = (
        Column(Text("Alert", "告警"), label="alertname", links=(RUNBOOK_OF_CELL,)),
        Column(Text("About", "对象"), label="about"),
        Column(
            Text("Firing", "触发中"),
            query=f"max by (alertname, about) ({about}) or on () {nothing}",
            measure=Measure("none", 0, (Band(None, "green"), Band(1, "red"))),
            mappings=(Mapping("0", NONE, "green"), Mapping("1", Text("fires", "触发"), "red")),
        ),
    )
    title = Text("Alerts that fire", "正在触发的告警")
    return Row(Text("Alerts", "告警"), (table(title, ALERTS, columns, width=24, height=5),), is_open=True)


ALERTS = Text(
    "What Prometheus's alerting rules find wrong now, narrowest scope first to look at; a name leads to its runbook.",
    "Prometheus 告警规则目前发现的问题，先看范围最小的；点击名称进入处置手册。",
)

ROW = Row(
    Text("Are the numbers current?", "数字是最新的吗？"), (READY, COMPLETE, LAG, READING_AGE, LAST_EVENT), is_open=True
)
