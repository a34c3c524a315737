"""What `salespulse connect run` reads, from which CRMs, topics and tables, and what is wrong with it."""

from dataclasses import replace

from languages import Text, same
from measures import AGE, COUNT, PER_SECOND, SHARE, Band, Measure
from panels import Column, Mapping, Panel, Query, Row, table
from promql import of_namespace

NONE_IS_GOOD = Measure("locale", 0, (Band(None, "green"), Band(1, "red")))
# Below a tenth an alert fires.
CALLS_LEFT = Measure("percentunit", 0, (Band(None, "red"), Band(0.1, "green")))
WORKS = (Mapping("1", Text("yes", "是"), "green"), Mapping("0", Text("no", "否"), "red"))


def newest(metric: str, *labels: str) -> str:
    """What the active one of several instances says: the others know less."""
    return f"max by (job, service, {', '.join(('source', *labels))}) (salespulse_connect_{metric})"


def of_source(metric: str, *labels: str) -> str:
    """What is worst of the sources with one name: several connectors in a namespace may each have one."""
    return f"min by (source) ({newest(metric, *labels)})"


CALLS = f"min by (source) ({newest('quota_remaining')} / {newest('quota_calls')})"


def number(title: Text, description: Text, expression: str, measure: Measure, *runbooks: str) -> Panel:
    return Panel("stat", title, description, measure, 8, 4, (Query(of_namespace(expression)),), runbooks=runbooks)


def curves(title: Text, description: Text, measure: Measure, query: Query, *runbooks: str) -> Panel:
    queries = (Query(of_namespace(query.expression), query.legend),)
    return Panel("lines", title, description, measure, 12, 8, queries, runbooks=runbooks)


def column(title: Text, expression: str, measure: Measure, **further: object) -> Column:
    return Column(title, query=of_namespace(expression), measure=measure, **further)


def numbers() -> tuple[Panel, ...]:
    return (
        number(
            Text("Instances that poll", "轮询实例"),
            Text(
                "Instances of `salespulse connect run` whose turn it is. It must be 1; the others stand by. Nothing where no"
                " connectors are scraped.",
                "正在轮询的 `salespulse connect run` 实例数，必须为 1；其余实例待命。没有抓取连接器时为空。",
            ),
            "sum(salespulse_connect_active)",
            Measure("locale", 0, (Band(None, "red"), Band(1, "green"), Band(2, "red"))),
            "SalespulseConnectIdle",
        ),
        number(
            Text("Failing sources", "失败的数据源"),
            Text(
                "Sources whose last cycle could not be finished. What has changed there is read once the trouble is over.",
                "最近一轮未能完成的数据源数。问题解决后会补读其中的变化。",
            ),
            f"sum(1 - {newest('up')})",
            NONE_IS_GOOD,
            "SalespulseConnectFailing",
            "SalespulseConnectSignInFailing",
        ),
        number(
            Text("Dead letters of connectors", "连接器死信"),
            Text(
                "Records of CRMs, topics and tables that became no events, in the shown range of time. The KPIs lack them.",
                "所示时间范围内 CRM、主题和表格中未能成为事件的记录数。指标中缺少它们。",
            ),
            "sum(increase(salespulse_connect_dead_letters_total[$__range]))",
            NONE_IS_GOOD,
            "SalespulseConnectDeadLetters",
        ),
    )


def sources() -> Panel:
    columns = (
        Column(Text("Source", "数据源"), label="source"),
        column(Text("Works", "正常"), of_source("up"), Measure("none"), mappings=WORKS, sort="ascending"),
        column(
            Text("Last success before", "距上次成功"),
            f"time() - {of_source('last_success_timestamp_seconds')}",
            Measure(AGE, 0),
        ),
        column(
            Text("Latest change before", "距最近变更"),
            f"time() - max by (source) ({newest('cursor_timestamp_seconds', 'stream')})",
            Measure(AGE, 0),
        ),
        column(Text("Not read yet", "未读记录"), f"sum by (source) ({newest('lag_records', 'topic', 'partition')})", COUNT),
        column(Text("Calls left", "剩余调用"), CALLS, CALLS_LEFT),
        column(
            Text("Notified for", "通知剩余时间"),
            f"{of_source('subscription_expires_timestamp_seconds')} - time()",
            Measure(AGE, 0),
        ),
        column(
            Text("Events", "事件"), "sum by (source) (increase(salespulse_connect_events_total[$__range]))", COUNT
        ),
        column(
            Text("Dead letters", "死信"),
            "sum by (source) (increase(salespulse_connect_dead_letters_total[$__range]))",
            NONE_IS_GOOD,
        ),
    )
    description = Text(
        "Each source: whether its last cycle was finished, and how long ago one was; the latest change seen in a CRM, which"
        " stands still while nothing changes there; records of its topics that are not read yet; the share of the day's calls"
        " that is left; how long the CRM will go on to notify; events and dead letters in the shown range of time.",
        "各数据源：最近一轮是否完成、上次完成距今多久；CRM 中见到的最近变更（无变更时保持不动）；其主题中尚未读取的记录；当日剩余调用比例；"
        "CRM 还会通知多久；所示时间范围内的事件数与死信数。",
    )
    runbooks = ("SalespulseConnectFailing", "SalespulseConnectSubscriptionEnding")
    drawn = table(Text("Sources of the connectors", "连接器的数据源"), description, columns, width=24, height=8)
    return replace(drawn, runbooks=runbooks)


def history() -> tuple[Panel, ...]:
    return (
        curves(
            Text("Time since the last success", "距上次成功的时间"),
            Text(
                "How long ago a cycle of the source was finished, or something posted was kept. Where others post, it grows"
                " while nobody does.",
                "数据源上一次完成一轮，或上一次存下推送内容，距今的时间。由他人推送的数据源在无人推送时会增长。",
            ),
            Measure(AGE, 0),
            Query(f"time() - {of_source('last_success_timestamp_seconds')}", same("{{source}}")),
            "SalespulseConnectFailing",
        ),
        curves(
            Text("Records of topics not read yet", "主题中未读的记录"),
            Text("How many records of its topics a source has not read yet.", "数据源的主题中尚未读取的记录数。"),
            COUNT,
            Query(f"sum by (source) ({newest('lag_records', 'topic', 'partition')})", same("{{source}}")),
            "SalespulseConnectLagging",
        ),
        curves(
            Text("Conditions of sources", "数据源状况"),
            Text(
                "What is wrong with a source, by condition, while it lasts; nothing where all is well. Each ends by itself when"
                " its cause is gone.",
                "数据源当前的异常，按状况，仅在持续期间显示；一切正常时为空。原因消除后会自行结束。",
            ),
            COUNT,
            Query("max by (source, condition) (salespulse_connect_condition) > 0", same("{{source}}: {{condition}}")),
            "SalespulseConnectFailing",
            "SalespulseConnectSignInFailing",
        ),
        curves(
            Text("Dead letters by reason", "按原因的死信"),
            Text(
                "Records that became no events, by what is wrong with them, where there are any. They are in the dead-letter"
                " topic of the connectors.",
                "未能成为事件的记录，按原因，仅显示有死信的。它们保存在连接器的死信主题中。",
            ),
            COUNT,
            Query(
                "sum by (source, code) (increase(salespulse_connect_dead_letters_total[$__rate_interval])) > 0",
                same("{{source}}: {{code}}"),
            ),
            "SalespulseConnectDeadLetters",
        ),
        curves(
            Text("Calls of CRMs", "CRM 调用"),
            Text("Requests to each CRM every second, by what came of them.", "每秒向各 CRM 发出的请求数，按结果。"),
            PER_SECOND,
            Query(
                "sum by (source, outcome) (rate(salespulse_connect_requests_total[$__rate_interval]))",
                same("{{source}}: {{outcome}}"),
            ),
        ),
        curves(
            Text("Calls left", "剩余调用"),
            Text(
                "The share that is left of the calls which a CRM allows in 24 hours, as `daily_calls` or the CRM says.",
                "CRM 在 24 小时内允许的调用次数还剩多少，按 `daily_calls` 或 CRM 所述。",
            ),
            SHARE,
            Query(CALLS, same("{{source}}")),
            "SalespulseConnectQuotaLow",
        ),
        curves(
            Text("Events produced", "写出的事件"),
            Text("Events that Kafka has acknowledged, every second.", "Kafka 每秒确认的事件数。"),
            PER_SECOND,
            Query("sum by (source) (rate(salespulse_connect_events_total[$__rate_interval]))", same("{{source}}")),
        ),
        curves(
            Text("What is posted", "收到的推送"),
            Text(
                "What CRMs and others post every second, by what becomes of it: kept, a ring that begins the next cycle, or"
                " refused.",
                "CRM 及其他系统每秒推送的次数，按结果：已存下、触发下一轮的提醒，或被拒绝。",
            ),
            PER_SECOND,
            Query(
                "sum by (source, outcome) (rate(salespulse_connect_received_total[$__rate_interval]))",
                same("{{source}}: {{outcome}}"),
            ),
        ),
    )


def row() -> Row:
    return Row(Text("Connectors", "连接器"), (*numbers(), sources(), *history()))
