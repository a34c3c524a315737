"""Windows and periods that a dashboard lets one choose from, with readable names."""

from languages import Text

Choices = tuple[tuple[str, Text], ...]

WINDOWS: Choices = (
    ("1h", Text("last hour", "近 1 小时")),
    ("24h", Text("last 24 hours", "近 24 小时")),
    ("7d", Text("last 7 days", "近 7 天")),
    ("30d", Text("last 30 days", "近 30 天")),
    ("90d", Text("last 90 days", "近 90 天")),
    ("mtd", Text("month to date", "本月至今")),
    ("qtd", Text("quarter to date", "本季至今")),
    ("ytd", Text("year to date", "本年至今")),
)
# What reps expose unless `[windows]` says otherwise.
REP_WINDOWS: Choices = tuple(choice for choice in WINDOWS if choice[0] in {"24h", "7d", "30d", "mtd", "qtd"})

PERIODS: Choices = (
    ("month", Text("this month", "本月")),
    ("quarter", Text("this quarter", "本季")),
    ("year", Text("this year", "本年")),
)
