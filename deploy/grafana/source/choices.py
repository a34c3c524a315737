"""Windows and periods that a dashboard lets one choose from, with readable names."""

from languages import Text

Choices = tuple[tuple[str, Text], ...]

# To date and complete first: they are what people ask for. Only those that are exposed are offered.
CALENDAR: Choices = (
    ("today", Text("today", "今天")),
    ("yesterday", Text("yesterday", "昨天")),
    ("wtd", Text("this week", "本周至今")),
    ("last_week", Text("last week", "上周")),
    ("mtd", Text("this month", "本月至今")),
    ("last_month", Text("last month", "上月")),
    ("qtd", Text("this quarter", "本季至今")),
    ("last_quarter", Text("last quarter", "上季")),
    ("ytd", Text("this year", "本年至今")),
    ("last_year", Text("last year", "上年")),
)
WINDOWS: Choices = (
    *CALENDAR,
    ("1h", Text("last hour", "近 1 小时")),
    ("24h", Text("last 24 hours", "近 24 小时")),
    ("7d", Text("last 7 days", "近 7 天")),
    ("30d", Text("last 30 days", "近 30 天")),
    ("90d", Text("last 90 days", "近 90 天")),
)

# Those that every row with a target may have; `PERIODS` also stand where there is none.
PERIODS_OF_TARGETS: Choices = (
    ("week", Text("this week", "本周")),
    ("month", Text("this month", "本月")),
    ("quarter", Text("this quarter", "本季")),
    ("half", Text("this half-year", "本半年")),
    ("year", Text("this year", "本年")),
)
PERIODS: Choices = tuple(choice for choice in PERIODS_OF_TARGETS if choice[0] in {"month", "quarter", "year"})
