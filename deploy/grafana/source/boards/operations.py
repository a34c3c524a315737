"""The health of the service itself."""

from dataclasses import replace

from languages import Text, same
from links import TITLES
from measures import BYTES, COUNT, DAYS, MILLISECONDS, PER_SECOND, SECONDS, Band, Measure
from panels import Board, Panel, Query, Row
from promql import of_release
from sections import connectors, current

# Of some topics minutes, of others years: as many decimals as the greatest needs.
AGE_IN_DAYS = replace(DAYS, decimals=None)
# Hundredths of a second or minutes, likewise.
LAG = replace(SECONDS, decimals=None)
# Any of it is worth a look.
NONE_IS_GOOD = Measure("locale", 0, (Band(None, "green"), Band(1, "red")))


def number(title: Text, description: Text, expression: str, measure: Measure, width: int, **further: object) -> Panel:
    legend = further.pop("legend", same(""))
    return Panel("stat", title, description, measure, width, 4, (Query(of_release(expression), legend),), **further)


def curves(title: Text, description: Text, measure: Measure, *queries: Query, **further: object) -> Panel:
    queries = tuple(Query(measure.scaled(of_release(query.expression)), query.legend) for query in queries)
    return Panel("lines", title, description, measure, 12, 8, queries, **further)


def instances() -> Row:
    return Row(
        Text("Instances", "实例"),
        (
            number(
                Text("Instances scraped", "已抓取实例"),
                Text("Instances that answer Prometheus.", "能响应 Prometheus 抓取的实例数。"),
                "count(salespulse_build_info)",
                Measure("locale", 0, (Band(None, "red"), Band(1, "green"))),
                4,
                runbooks=("SalespulseDown", "SalespulseInstanceDown"),
            ),
            number(
                Text("Owners", "所有者"),
                Text(
                    "Instances that own the partitions. It must be 1; the others stand by.",
                    "拥有分区的实例数，必须为 1；其余实例待命。",
                ),
                "sum(salespulse_owner)",
                Measure("locale", 0, (Band(None, "red"), Band(1, "green"), Band(2, "red"))),
                4,
                runbooks=("SalespulseOwnerMissing",),
            ),
            number(
                Text("Version", "版本"),
                Text("What the instances were built from.", "实例的构建版本。"),
                "count by (version) (salespulse_build_info)",
                COUNT,
                4,
                legend=same("{{version}}"),
            ),
            number(
                Text("Memory", "内存"),
                Text("Memory that the largest instance holds.", "占用最多的实例所占的内存。"),
                "max(salespulse_resident_memory_bytes)",
                BYTES,
                4,
            ),
            number(
                Text("Series", "序列数"),
                Text("Series of KPI families in the last reading.", "最近一次读数中指标族的序列数。"),
                "max(salespulse_series)",
                COUNT,
                4,
            ),
            number(
                Text("Rebalances", "再均衡"),
                Text(
                    "How often the consumer group gave or took partitions in the shown range of time.",
                    "所示时间范围内消费组分配或收回分区的次数。",
                ),
                "sum(increase(salespulse_rebalances_total[$__range]))",
                COUNT,
                4,
            ),
        ),
        is_open=True,
    )


def conditions() -> Row:
    return Row(
        Text("What is wrong", "异常状况"),
        (
            curves(
                Text("Conditions", "状况"),
                Text(
                    "What is wrong, by condition: 1 while it lasts. Each ends by itself when its cause is gone.",
                    "当前的异常，按状况：持续期间为 1。原因消除后会自行结束。",
                ),
                COUNT,
                Query("max by (condition) (salespulse_condition)", same("{{condition}}")),
                runbooks=(
                    "SalespulseReadingStopped",
                    "SalespulseDeadLettersStuck",
                    "SalespulseSnapshotTooOld",
                    "SalespulseOlderContract",
                ),
            ),
            curves(
                Text("What waits", "等待中"),
                Text(
                    "What is held until somebody takes it: records fetched and not read, and dead letters that Kafka has not taken."
                    " Each ends at 64 MiB.",
                    "等待处理而占用的内存：已拉取但未读的记录，以及 Kafka 尚未接收的死信。两者各以 64 MiB 为上限。",
                ),
                BYTES,
                Query("max(salespulse_fetched_bytes)", Text("fetched", "已拉取")),
                Query("max(salespulse_dead_letters_outstanding_bytes)", Text("dead letters", "死信")),
                runbooks=("SalespulseReadingStopped",),
            ),
        ),
        is_open=True,
    )


def reading() -> Row:
    return Row(
        Text("Reading from Kafka", "读取 Kafka"),
        (
            curves(
                Text("Records read", "读取记录"),
                Text("Records read each second, by topic.", "每秒读取的记录数，按主题。"),
                PER_SECOND,
                Query("sum by (topic) (rate(salespulse_consumed_records_total[$__rate_interval]))", same("{{topic}}")),
            ),
            curves(
                Text("Lag in records", "落后记录数"),
                Text("Records not read yet, by topic.", "尚未读取的记录数，按主题。"),
                COUNT,
                Query("sum by (topic) (salespulse_consumer_lag_records)", same("{{topic}}")),
                runbooks=("SalespulseLagging",),
            ),
            curves(
                Text("Lag in time", "落后时间"),
                Text(
                    "The age of the last record read where there are more to read; the worst partition of each topic.",
                    "在还有记录未读时最后读到的记录有多旧；取各主题最差的分区。",
                ),
                LAG,
                Query("max by (topic) (salespulse_consumer_lag_seconds)", same("{{topic}}")),
                runbooks=("SalespulseLagging",),
            ),
            curves(
                Text("Age of the last event", "最近事件距今"),
                Text(
                    "The time since the latest `occurred_at` of each topic. A topic that stands still while others go on"
                    " has lost its producer.",
                    "各主题最晚 `occurred_at` 距今的时间。其他主题仍在前进而某个主题停住，说明其生产方已中断。",
                ),
                AGE_IN_DAYS,
                Query("time() - max by (topic) (salespulse_last_event_timestamp_seconds)", same("{{topic}}")),
            ),
        ),
        is_open=True,
    )


def total(name: str) -> str:
    return f"sum(rate(salespulse_{name}_total[$__rate_interval]))"


def records() -> Row:
    return Row(
        Text("Records", "记录"),
        (
            curves(
                Text("What becomes of records", "记录的去向"),
                Text(
                    "Accepted as events, applied by the shards, and of these: already known, beaten by a newer version,"
                    " older than what is kept.",
                    "被接受为事件、由分片处理的记录，以及其中：已知的、被更新版本取代的、早于保留期的。",
                ),
                PER_SECOND,
                Query(total("decoded_records"), Text("accepted", "已接受")),
                Query(total("applied_records"), Text("applied", "已处理")),
                Query(total("duplicate_records"), Text("duplicate", "重复")),
                Query(total("superseded_records"), Text("superseded", "被取代")),
                Query(total("expired_records"), Text("expired", "已过期")),
            ),
            curves(
                Text("Records rejected", "拒收记录"),
                Text(
                    "Records that cannot be used, in the shown range of time, by code. They are in the dead-letter topic,"
                    " byte for byte, with headers that say why.",
                    "所示时间范围内无法使用的记录，按代码。它们原样保存在死信主题中，消息头写明原因。",
                ),
                COUNT,
                Query("sum by (code) (increase(salespulse_rejected_records_total[$__rate_interval]))", same("{{code}}")),
                runbooks=("SalespulseDeadLetters",),
            ),
            number(
                Text("Dead letters", "死信"),
                Text(
                    "Dead letters written in the shown range of time.",
                    "所示时间范围内写入的死信数。",
                ),
                "sum(increase(salespulse_dead_letters_total[$__range]))",
                NONE_IS_GOOD,
                4,
                runbooks=("SalespulseDeadLetters",),
            ),
            number(
                Text("Dead letters outstanding", "待确认死信"),
                Text(
                    "Dead letters that the broker has not acknowledged yet; reading waits for them.",
                    "broker 尚未确认的死信；读取会等待它们。",
                ),
                "sum(salespulse_dead_letters_outstanding)",
                NONE_IS_GOOD,
                4,
                runbooks=("SalespulseDeadLettersStuck",),
            ),
            number(
                Text("Misrouted", "键不符"),
                Text(
                    "Journey records whose key is not their `lead_id`. They count like all others, and the numbers are right. A"
                    " compacted topic keeps the last record of each key, so it may delete some that it should keep.",
                    "键与 `lead_id` 不一致的商机记录。它们照常计入，数字正确。但开启压缩的主题只保留每个键的最后一条记录，可能删掉本应保留的记录。",
                ),
                "sum(salespulse_misrouted_records_total)",
                NONE_IS_GOOD,
                4,
            ),
            number(
                Text("Without a key", "无键"),
                Text(
                    "Records without a key. They count, but versions of one event may lie in several partitions.",
                    "没有键的记录。它们会计入，但同一事件的各个版本可能散落在多个分区。",
                ),
                "sum(salespulse_keyless_records_total)",
                NONE_IS_GOOD,
                4,
            ),
            number(
                Text("Without a value", "无值"),
                Text("Records without a value, which are ignored.", "没有值的记录数，这些记录会被忽略。"),
                "sum(salespulse_tombstone_records_total)",
                COUNT,
                4,
            ),
            number(
                Text("Contradictory journeys", "时间矛盾的商机"),
                Text(
                    "Journeys whose times contradict each other, by reason; the duration in question is not used.",
                    "时间互相矛盾的商机数，按原因；相应的时长不参与计算。",
                ),
                "max by (reason) (salespulse_data_errors)",
                COUNT,
                4,
                legend=same("{{reason}}"),
            ),
        ),
    )


def snapshots() -> Row:
    return Row(
        Text("Snapshots and audits", "快照与核对"),
        (
            number(
                Text("Age of the last snapshot", "最近快照距今"),
                Text(
                    "How long ago everything that was read was last durable: so much is read again after a crash. 0 where"
                    " no snapshots are kept.",
                    "最近一次把已读内容全部持久化距今的时间：崩溃后需要重读的就是这么多。不保存快照时为 0。",
                ),
                "max(salespulse_snapshot_age_seconds)",
                SECONDS,
                6,
                runbooks=("SalespulseSnapshotTooOld",),
            ),
            number(
                Text("Snapshots failed", "失败的快照"),
                Text(
                    "Snapshots that could not be written, in the shown range of time.",
                    "所示时间范围内未能写入的快照数。",
                ),
                "sum(increase(salespulse_snapshots_failed_total[$__range]))",
                NONE_IS_GOOD,
                6,
                runbooks=("SalespulseSnapshotTooOld",),
            ),
            number(
                Text("Size of the last snapshot", "最近快照大小"),
                Text("Bytes of the last snapshot.", "最近一次快照的字节数。"),
                "max(salespulse_snapshot_bytes)",
                BYTES,
                6,
            ),
            number(
                Text("Audit mismatches", "核对不符"),
                Text(
                    "Sums that an audit, which derives them anew from all events, found wrong. Each is a bug.",
                    "核对（由全部事件重新推导合计）发现不符的合计数。每一个都是程序缺陷。",
                ),
                "sum(salespulse_audit_mismatches_total)",
                NONE_IS_GOOD,
                6,
                runbooks=("SalespulseAuditMismatch",),
            ),
            curves(
                Text("Snapshots written and audits done", "写入的快照与完成的核对"),
                Text("How many in the hour before.", "此前一小时内的次数。"),
                COUNT,
                Query("sum(increase(salespulse_snapshots_written_total[1h]))", Text("snapshots", "快照")),
                Query("sum(increase(salespulse_audits_total[1h]))", Text("audits", "核对")),
            ),
            curves(
                Text("Time that snapshots take", "快照耗时"),
                Text(
                    "How long a shard stands still for a snapshot, and how long it takes to write one: the means of ten"
                    " minutes.",
                    "分片为快照停顿的时间，以及写入一次快照所需的时间：十分钟的平均值。",
                ),
                MILLISECONDS,
                Query(mean("snapshot_pause", "10m"), Text("pause", "停顿")),
                Query(mean("snapshot_write", "10m"), Text("writing", "写入")),
            ),
        ),
    )


def mean(name: str, span: str) -> str:
    """The mean of a histogram of durations."""
    sums, counts = (f"sum(rate(salespulse_{name}_seconds_{part}[{span}]))" for part in ("sum", "count"))
    return f"{sums} / {counts}"


def memory() -> Row:
    return Row(
        Text("State and scrapes", "状态与抓取"),
        (
            curves(
                Text("What is held", "内存中的内容"),
                Text("Journeys and sums held in memory, at the last reading.", "最近一次读数时内存中的商机数与合计数。"),
                COUNT,
                Query("max(salespulse_journeys)", Text("journeys", "商机")),
                Query("max(salespulse_cells)", Text("sums", "合计")),
            ),
            curves(
                Text("Memory in use", "内存用量"),
                Text(
                    "Memory of the largest instance, and what journeys and their index take of it.",
                    "占用最多的实例的内存，以及其中商机及其索引所占的部分。",
                ),
                BYTES,
                Query("max(salespulse_resident_memory_bytes)", Text("process", "进程")),
                Query("max(salespulse_journey_bytes)", Text("journeys", "商机")),
            ),
            curves(
                Text("Duration of a scrape", "抓取耗时"),
                Text(
                    "How long it takes to compute and write a scrape: the mean, and what 99 of 100 stay below.",
                    "计算并写出一次抓取所需的时间：平均值，以及 99% 不超过的值。",
                ),
                MILLISECONDS,
                Query(mean("scrape_duration", "$__rate_interval"), Text("mean", "平均")),
                Query(
                    "histogram_quantile(0.99, sum by (le)"
                    " (rate(salespulse_scrape_duration_seconds_bucket[$__rate_interval])))",
                    Text("99 %", "99%"),
                ),
            ),
            curves(
                Text("Series over time", "序列数变化"),
                Text("Series of KPI families in each reading.", "每次读数中指标族的序列数。"),
                COUNT,
                Query("max(salespulse_series)", Text("series", "序列")),
            ),
        ),
    )


BOARD = Board(
    name="operations",
    title=TITLES["operations"],
    description=Text("Whether salespulse itself is well.", "salespulse 自身的运行状况。"),
    variables=("datasource", "namespace", "service", "docs"),
    rows=(current.ROW, instances(), conditions(), reading(), records(), snapshots(), memory(), connectors.row()),
)
