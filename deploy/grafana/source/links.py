"""Links: from dashboard to dashboard, to the pages that explain the KPIs, and to runbooks."""

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from languages import LANGUAGES, Language, Text
from panels import Board, Link

# Where the documentation is served; the dashboards have it as the variable `docs`, so it is changed in one place. Grafana
# serves this folder itself: the compose stack and provisioning/ put the pages there.
DOCS = "/public/salespulse-docs"

TITLES = {
    "company": Text("Company", "公司总览"),
    "team": Text("Team", "团队"),
    "rep": Text("Rep", "销售个人"),
    "leaderboard": Text("Leaderboard", "排行榜"),
    "channels": Text("Channels", "渠道"),
    "operations": Text("Operations", "运行状况"),
}

NAME_OF_LANGUAGE = Text("English", "中文")


def variable_name(key: str) -> str:
    """The name of a variable in queries; its choices differ from dashboard to dashboard."""
    return {"rep window": "window", "long window": "window", "teams": "team", "teams shown": "teams"}.get(key, key)


def uid(board: str, language: Language) -> str:
    return f"salespulse-{board}-{language}"


def to_board(board: str, title: Text, parameters: str) -> Link:
    """A link in a panel, down to another dashboard of the same language, with the same source and time."""
    release = "${datasource:queryparam}&${namespace:queryparam}&${service:queryparam}"
    rest = f"?{parameters}&{release}&${{__url_time_range}}"
    return Link(title, Text(f"/d/{uid(board, 'en')}{rest}", f"/d/{uid(board, 'zh')}{rest}"))


TEAM_OF_CELL = to_board(
    "team", Text("Show this team", "查看该团队"), "var-team=${__value.raw}&${window:queryparam}&${period:queryparam}"
)
TEAM_OF_BAR = to_board(
    "team",
    Text("Show this team", "查看该团队"),
    "var-team=${__field.labels.team}&${window:queryparam}&${period:queryparam}",
)
# Reps have fewer windows than teams, so the window is not handed down.
REP_OF_ROW = to_board(
    "rep", Text("Show this rep", "查看该销售"), "var-team=${__data.fields.team}&var-rep=${__data.fields.rep}"
)
REP_OF_BAR = to_board(
    "rep",
    Text("Show this rep", "查看该销售"),
    "var-team=${__field.labels.team}&var-rep=${__field.labels.rep}",
)
CHANNEL_OF_CELL = to_board(
    "channels", Text("Show this channel", "查看该渠道"), "var-channel=${__value.raw}&${window:queryparam}"
)


RUNBOOK_OF_CELL = Link(
    Text("Runbook", "处置手册"), Text("${docs}/runbooks/${__value.raw}.md", "${docs}/runbooks/${__value.raw}.zh-CN.md")
)


# Which of the variables of a dashboard another one takes over: not a window that its reps may not expose, nor several
# teams where one is shown.
TAKEN_OVER = {
    "datasource": {"datasource"},
    "namespace": {"namespace"},
    "service": {"service"},
    "pipeline": {"pipeline"},
    "window": {"window", "long window"},
    "rep window": {"window", "rep window", "long window"},
    "long window": {"window", "long window"},
    "period": {"period"},
    "team": {"team", "teams"},
    "teams": {"teams"},
    # Follows from the one before.
    "teams shown": set(),
    "rep": {"rep"},
    "channel": {"channel"},
}


def board_links(board: Board, boards: tuple[Board, ...], language: Language) -> list[dashboard.DashboardLink]:
    """The links at the head of a dashboard: its siblings, itself in the other language, the pages on KPIs."""
    links = [
        sibling_link(board, sibling, sibling.title.in_language(language), language)
        for sibling in boards
        if sibling.name != board.name
    ]
    for other in LANGUAGES:
        if other != language:
            links.append(sibling_link(board, board, NAME_OF_LANGUAGE.in_language(other), other))
    page = Text("kpis.md", "kpis.zh-CN.md").in_language(language)
    title = Text("The KPIs explained", "指标说明").in_language(language)
    return [*links, link(title, f"${{docs}}/{page}").target_blank(True)]


def sibling_link(board: Board, sibling: Board, title: str, language: Language) -> dashboard.DashboardLink:
    taken = [name for name in board.variables if TAKEN_OVER.get(name, set()) & set(sibling.variables)]
    parameters = "&".join(f"${{{variable_name(name)}:queryparam}}" for name in taken)
    return link(title, f"/d/{uid(sibling.name, language)}?{parameters}").keep_time(True)


def runbook_links(alerts: tuple[str, ...], language: Language) -> list[dashboard.DashboardLink]:
    """Links in the head of a panel to the pages that say what to do."""
    titled = Text("Runbook: {}", "处置手册：{}").in_language(language)
    ending = Text(".md", ".zh-CN.md").in_language(language)
    return [link(titled.format(alert), f"${{docs}}/runbooks/{alert}{ending}").target_blank(True) for alert in alerts]


def link(title: str, url: str) -> dashboard.DashboardLink:
    return dashboard.DashboardLink(title).type(models.DashboardLinkType.LINK).icon("external link").url(url)
