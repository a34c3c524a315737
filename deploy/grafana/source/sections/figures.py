"""The figures of the window, as numbers."""

from choices import CALENDAR
from kpis import KPIS
from languages import Text
from measures import CHANGE, measure
from panels import Column, Mapping, Panel, Query, Row, stat, table, trend, value
from promql import Subject, curve, in_rows, reading, series, with_currency

SURVEYS = (
    ("csat", Text("satisfaction", "满意度")),
    ("nps", Text("recommendation", "推荐度")),
    ("ces", Text("effort", "费力度")),
)


def row(subject: Subject) -> Row:
    """The large numbers, each with its curve, and below them how they differ from the time before."""
    widths = {"revenue": 4, "quota_attainment_ratio": 4, "won": 3, "win_ratio": 3, "leads": 4}
    if subject.scope not in KPIS["target"].scopes:
        widths = {"revenue": 6, "won": 4, "win_ratio": 4, "leads": 5, "new_customers": 5}
    large = [trend(name, subject, width) for name, width in widths.items()]
    if subject.scope in KPIS["target"].scopes:
        large.insert(1, against_target(subject))
    return Row(Text("Figures of the window", "关键指标"), (*large, *changes(subject)), is_open=True)


def against_target(subject: Subject) -> Panel:
    """What the period has brought, beside its target."""
    booked, target = KPIS["booked_revenue"], KPIS["target"]
    by = with_currency(booked, ())
    queries = (
        Query(curve(booked.name, subject, by), Text("booked, {{currency}}", "已签，{{currency}}")),
        Query(curve(target.name, subject, by), Text("target, {{currency}}", "目标，{{currency}}")),
    )
    title = Text("Booked revenue and its target", "本期签约额与目标")
    meaning = Text(
        f"{booked.meaning.en}\n\n**{target.title.en}**: {target.meaning.en}",
        f"{booked.meaning.zh}\n\n**{target.title.zh}**：{target.meaning.zh}",
    )
    return Panel("stat", title, meaning, measure(booked), 6, 5, queries, has_trend=True)


def changes(subject: Subject) -> tuple[Panel, ...]:
    if subject.scope not in KPIS["leads_previous"].scopes:
        return tuple(stat(name, subject, 8, 3) for name in ("revenue_growth_ratio", "lost", "lead_response_p50_seconds"))
    # A win is of one pipeline, and this is of all of them.
    won = series(
        KPIS["stage_entries_previous"].family(subject.scope), *subject.matchers, 'stage="won"', 'window="$window"'
    )
    return (
        stat("revenue_growth_ratio", subject, 6, 3),
        stat("revenue_yoy_ratio", subject, 6, 3),
        change("won", subject, f"sum(max by (pipeline) ({won}))"),
        change("leads", subject, reading("leads_previous", subject)),
    )


def change(name: str, subject: Subject, before: str) -> Panel:
    """How much a count has changed since the window before."""
    kpi = KPIS[name]
    title = Text(f"{kpi.title.en}: change", f"{kpi.title.zh}：变化")
    meaning = Text(
        f"By how much the count differs from that of the window before.\n\n{kpi.meaning.en}",
        f"与上一窗口相比变化了多少。\n\n{kpi.meaning.zh}",
    )
    return Panel("stat", title, meaning, CHANGE, 6, 3, (Query(f"{reading(name, subject)} / ({before} > 0) - 1"),))


BY_WINDOW = Text(
    "The same figures for today, this week, this month and complete periods, as far as `[windows]` exposes them. Growth is"
    " against the window before: the same number of days of the week, month, … before, or the whole one before.",
    "今天、本周、本月以及完整周期的同一组数字，取决于 `[windows]` 展示哪些窗口。环比的对象是上一窗口：上一周、上一月等的相同天数，或上一个完整周期。",
)


def by_window(subject: Subject) -> Row:
    """Today, this week, last month: one row for each."""
    names = tuple(window for window, _ in CALENDAR)
    any_of = "|".join(names)
    only = (f'window=~"{any_of}"',)

    def column(name: str) -> Column:
        by = ("window",)
        return value(name, subject, by, query=measure(KPIS[name]).scaled(reading(name, subject, by, only)))

    order = in_rows(reading("leads", subject, ("window",), only), "window", names)
    mappings = tuple(Mapping(window, text) for window, text in CALENDAR)
    kpis = ["leads", "won", "lost", "win_ratio", "revenue", "revenue_growth_ratio"]
    kpis += [name for name in ("revenue_year_ago", "revenue_yoy_ratio") if subject.scope in KPIS[name].scopes]
    columns = (
        Column(Text("Window", "窗口"), label="window", mappings=mappings),
        Column(Text("Order", "顺序"), query=order, measure=measure(KPIS["leads"]), is_hidden=True, sort="ascending"),
        *(column(name) for name in kpis),
    )
    title = Text("Today, this week, this month", "今天、本周、本月")
    return Row(title, (table(title, BY_WINDOW, columns, width=24, height=8),))


def more(subject: Subject) -> Row:
    """What one asks next: how large deals are, how long they take, how soon leads are answered."""
    names = (
        "deal_size",
        "cycle_p50_seconds",
        "lead_responses",
        "lead_response_p50_seconds",
        "lead_response_p90_seconds",
        "lost_amount",
    )
    return Row(Text("Deals and answers", "成交与跟进"), tuple(stat(name, subject, width=4) for name in names))


def cash_and_cost(subject: Subject) -> Row:
    """What comes in, and what is spent to win customers."""
    names = ("payments", "collection_ratio", "spend", "cac")
    stats = tuple(stat(name, subject, width=4) for name in names)
    last = (stat("refunds", subject, width=4), stat("new_customers", subject, width=4))
    return Row(Text("Cash and cost", "回款与费用"), (*stats, *last))


def satisfaction(subject: Subject) -> Row:
    """What customers say, and how many of them."""
    scores = tuple(stat(name, subject, width=5) for name in ("csat_ratio", "nps", "ces_mean"))
    kpi = KPIS["feedback_responses"]
    queries = tuple(
        Query(reading(kpi.name, subject, only=(f'survey="{survey}"',)), title) for survey, title in SURVEYS
    )
    answers = Panel("stat", kpi.title, kpi.description(), measure(kpi), 9, 4, queries)
    return Row(Text("Satisfaction", "满意度"), (*scores, answers))
