"""The variables of the dashboards."""

from collections.abc import Callable

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models

from choices import PERIODS, WINDOWS, Choices
from draw import DATASOURCE
from languages import Language, Text
from links import DOCS
from promql import REPS_OF_TEAM, named, reading, series

# As provisioning/datasources names it.
PROMETHEUS = models.VariableOption(selected=True, text="Prometheus", value="salespulse-prometheus")

WINDOW = Text("Window", "时间窗口")
PERIOD = Text("Period of the target", "目标周期")
TEAM = Text("Team", "团队")
# In brackets, so that it stands before every name.
ALL = Text("(All)", "(全部)")
# What stands for all teams: no team's name, nor part of one where it is taken as a pattern.
EVERY = "*"
REP = Text("Rep", "销售")
CHANNEL = Text("Channel", "渠道")


def datasource(language: Language) -> Builder[models.VariableModel]:
    variable = dashboard.DatasourceVariable("datasource").type("prometheus")
    return variable.label(Text("Data source", "数据源").in_language(language)).current(PROMETHEUS)


def choice(name: str, label: Text, options: Choices, default: str) -> Callable[[Language], Builder[models.VariableModel]]:
    """A fixed list with readable names."""

    def build(language: Language) -> Builder[models.VariableModel]:
        listed = [
            models.VariableOption(selected=value == default, text=text.in_language(language), value=value)
            for value, text in options
        ]
        variable = dashboard.CustomVariable(name).label(label.in_language(language))
        variable.values(", ".join(f"{text.in_language(language)} : {value}" for value, text in options))
        return variable.options(listed).current(next(option for option in listed if option.selected))

    return build


def asked(name: str, label: Text, expression: str, language: Language) -> dashboard.QueryVariable:
    """A list that Prometheus is asked for."""
    # 5 is Grafana's number for a query that is written as a text.
    variable = dashboard.QueryVariable(name).query({"query": expression, "qryType": 5, "refId": name})
    variable.datasource(DATASOURCE).label(label.in_language(language))
    return variable.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(models.VariableSort.NATURAL_ASC)


def window(scope: str, default: str) -> Callable[[Language], Builder[models.VariableModel]]:
    """The windows that a scope exposes, with readable names and in the order of `WINDOWS`."""

    def build(language: Language) -> Builder[models.VariableModel]:
        exposed = []
        for place, (value, text) in enumerate(WINDOWS):
            leads = series(f"sales_{scope}_leads", f'window="{value}"')
            group = f"group by (window) ({leads})"
            exposed.append(f'label_replace({group} * {place}, "name", "{text.in_language(language)}", "", "")')
        variable = asked("window", WINDOW, f"query_result(sort({' or '.join(exposed)}))", language)
        variable.regex('/name="(?<text>[^"]*)",window="(?<value>[^"]*)"/').sort(models.VariableSort.DISABLED)
        text = dict(WINDOWS)[default].in_language(language)
        return variable.current(models.VariableOption(selected=True, text=text, value=default))

    return build


def labels_of(metric: str, label: str) -> str:
    return f"label_values({metric}, {label})"


def namespace(language: Language) -> Builder[models.VariableModel]:
    return asked("namespace", Text("Namespace", "命名空间"), labels_of("salespulse_build_info", "namespace"), language)


def service(language: Language) -> Builder[models.VariableModel]:
    built = 'salespulse_build_info{namespace="$namespace"}'
    return asked("service", Text("Release", "发布"), labels_of(built, "service"), language)


def pipeline(language: Language) -> Builder[models.VariableModel]:
    default = models.VariableOption(selected=True, text="default", value="default")
    query = labels_of(series("salespulse_stage_position"), "pipeline")
    return asked("pipeline", Text("Pipeline", "销售管道"), query, language).current(default)


def team(language: Language) -> Builder[models.VariableModel]:
    return asked("team", TEAM, labels_of(series("sales_team_leads"), "team"), language)


def teams(language: Language) -> Builder[models.VariableModel]:
    """The teams to choose from. Grafana's own entry for all of a list is called *All* in every language; this is ours."""
    every = f'label_replace(label_replace(vector(0), "name", "{ALL.in_language(language)}", "", ""), "team", "{EVERY}", "", "")'
    named_by_id = f'label_replace({group_of_teams()}, "name", "$1", "team", "(.*)")'
    variable = asked("team", TEAM, f"query_result({every} or {named_by_id})", language)
    chosen = models.VariableOption(selected=True, text=[ALL.in_language(language)], value=[EVERY])
    return variable.regex('/name="(?<text>.*)",team="(?<value>.*)"/').multi(True).current(chosen)


def teams_shown(language: Language) -> Builder[models.VariableModel]:
    """The teams that the chosen entries stand for: of no such name are all. Hidden, and always the whole of its list."""
    # In backquotes, since the pattern's backslashes would have to be doubled in others.
    chosen = group_of_teams("team=~`${team:regex}`")
    query = f"query_result({chosen} or ({group_of_teams()} unless on () {chosen}))"
    variable = asked("teams", Text("Teams shown", "所示团队"), query, language).regex('/team="(?<value>.*)"/')
    whole = models.VariableOption(selected=True, text=["All"], value=["$__all"])
    return variable.multi(True).include_all(True).current(whole).hide(models.VariableHide.HIDE_VARIABLE)


def group_of_teams(*matchers: str) -> str:
    return f"group by (team) ({series('sales_team_leads', *matchers)})"


def rep(language: Language) -> Builder[models.VariableModel]:
    """Shown by name, where the roster has one."""
    reps = named(reading("leads", REPS_OF_TEAM, ("rep", "team"), ('window=~".+"',)))
    variable = asked("rep", REP, f"query_result({reps})", language)
    return variable.regex('/name="(?<text>.*)",rep="(?<value>.*)",team=/')


def channel(language: Language) -> Builder[models.VariableModel]:
    return asked("channel", CHANNEL, labels_of(series("sales_channel_leads"), "channel"), language)


def docs(language: Language) -> Builder[models.VariableModel]:
    label = Text("Where the documentation is", "文档地址").in_language(language)
    return dashboard.ConstantVariable("docs").label(label).value(DOCS)


VARIABLES: dict[str, Callable[[Language], Builder[models.VariableModel]]] = {
    "datasource": datasource,
    "namespace": namespace,
    "service": service,
    "docs": docs,
    "window": window("team", "mtd"),
    # What channels cost and bring meets over months only.
    "long window": window("channel", "90d"),
    "rep window": window("rep", "mtd"),
    "pipeline": pipeline,
    "period": choice("period", PERIOD, PERIODS, "month"),
    "team": team,
    "teams": teams,
    "teams shown": teams_shown,
    "rep": rep,
    "channel": channel,
}
