"""The variables of the dashboards."""

from collections.abc import Callable

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models

from choices import PERIODS, REP_WINDOWS, WINDOWS, Choices
from draw import DATASOURCE
from languages import Language, Text
from links import DOCS
from promql import REPS_OF_TEAM, named, reading

# As provisioning/datasources names it.
PROMETHEUS = models.VariableOption(selected=True, text="Prometheus", value="salespulse-prometheus")

WINDOW = Text("Window", "时间窗口")
PERIOD = Text("Period of the target", "目标周期")
TEAM = Text("Team", "团队")
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


def team(language: Language) -> Builder[models.VariableModel]:
    return asked("team", TEAM, "label_values(sales_team_leads, team)", language)


def teams(language: Language) -> Builder[models.VariableModel]:
    every = models.VariableOption(selected=True, text=["All"], value=["$__all"])
    variable = asked("team", TEAM, "label_values(sales_team_leads, team)", language)
    return variable.multi(True).include_all(True).all_value(".*").current(every)


def rep(language: Language) -> Builder[models.VariableModel]:
    """Shown by name, where the roster has one."""
    reps = named(reading("leads", REPS_OF_TEAM, ("rep", "team"), ('window=~".+"',)))
    variable = asked("rep", REP, f"query_result({reps})", language)
    return variable.regex('/name="(?<text>.*)",rep="(?<value>.*)",team=/')


def channel(language: Language) -> Builder[models.VariableModel]:
    return asked("channel", CHANNEL, "label_values(sales_channel_leads, channel)", language)


def docs(language: Language) -> Builder[models.VariableModel]:
    label = Text("Where the documentation is", "文档地址").in_language(language)
    return dashboard.ConstantVariable("docs").label(label).value(DOCS)


VARIABLES: dict[str, Callable[[Language], Builder[models.VariableModel]]] = {
    "datasource": datasource,
    "docs": docs,
    "window": choice("window", WINDOW, WINDOWS, "mtd"),
    # What channels cost and bring meets over months only.
    "long window": choice("window", WINDOW, WINDOWS, "90d"),
    "rep window": choice("window", WINDOW, REP_WINDOWS, "mtd"),
    "period": choice("period", PERIOD, PERIODS, "month"),
    "team": team,
    "teams": teams,
    "rep": rep,
    "channel": channel,
}
