"""PromQL for KPIs.

Every reading is a `max by (…)`: it keeps the labels that the panel shows and drops those of the scrape, so that a curve
goes on when another instance takes over, and tables join rows on what they are about.
"""

import re
from dataclasses import dataclass

from kpis import KPIS, Kpi


@dataclass(frozen=True)
class Subject:
    """Whom a dashboard is about: a scope, and the matchers that pick one of it."""

    scope: str
    matchers: tuple[str, ...] = ()


ORG = Subject("org")
TEAM = Subject("team", ('team="$team"',))
REP = Subject("rep", ('rep="$rep"', 'team="$team"'))
CHANNEL = Subject("channel", ('channel="$channel"',))
ALL_TEAMS = Subject("team")
ALL_CHANNELS = Subject("channel")
REPS_OF_TEAM = Subject("rep", ('team="$team"',))
REPS_OF_TEAMS = Subject("rep", ('team=~"$teams"', 'rep!="unassigned"'))

# Which of several releases in one Prometheus a dashboard shows. Where nothing labels them, the variables have no choices and
# are empty, and so are the labels.
RELEASE = ('namespace="$namespace"', 'service="$service"')
# With `[pipelines]` the families by stage have a pipeline too; without, the label is empty.
PIPELINE = 'pipeline=~"|${pipeline:regex}"'

LABELS_OF_SCOPE = {"org": set(), "team": {"team"}, "rep": {"rep", "team"}, "channel": {"channel"}}

# What a label is set to where a panel does not show it: the dashboard's own variable.
CHOSEN = {"window": 'window="$window"', "period": 'period="$period"', "stage": PIPELINE, "from": PIPELINE}


def series(name: str, *matchers: str) -> str:
    """The series of a metric of the release that is shown."""
    return f"{name}{{{','.join((*matchers, *RELEASE))}}}"


def of_release(expression: str) -> str:
    """An expression on the service's own metrics, for the release that is shown."""
    return re.sub(r"\bsalespulse_\w+", lambda metric: series(metric[0]), expression)


def of_namespace(expression: str) -> str:
    """An expression on the connectors' metrics. They are another program, so `service` is not that of the release."""
    return re.sub(r"\bsalespulse_connect_\w+", lambda metric: f'{metric[0]}{{namespace="$namespace"}}', expression)


def selector(kpi: Kpi, subject: Subject, by: tuple[str, ...], only: tuple[str, ...]) -> str:
    known = kpi.labels | LABELS_OF_SCOPE[subject.scope]
    assert set(by) <= known, f"{kpi.name} of {subject.scope} has no labels {set(by) - known}"
    matched = {matcher.split("=")[0].rstrip("!") for matcher in subject.matchers + only}
    chosen = {
        matcher: None
        for label, matcher in CHOSEN.items()
        # A stage is of a pipeline also where the stage itself is named or shown.
        if label in kpi.labels and (matcher is PIPELINE or (label not in matched and label not in by))
    }
    return series(kpi.family(subject.scope), *subject.matchers, *only, *chosen)


def reading(name: str, subject: Subject, by: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> str:
    """The present values of a KPI, one for each combination of the labels `by`; `only` are further matchers."""
    selected = selector(KPIS[name], subject, by, only)
    return f"max by ({', '.join(by)}) ({selected})" if by else f"max({selected})"


def curve(name: str, subject: Subject, by: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> str:
    """A reading over a range of time, with gaps where it is absent: its last value is that of now, or none."""
    selected = selector(KPIS[name], subject, by, only)
    known = f"max by ({', '.join(by)}) (last_over_time({selected}[$__range]))"
    return f"{reading(name, subject, by, only)} or {known} * NaN"


def with_currency(kpi: Kpi, by: tuple[str, ...]) -> tuple[str, ...]:
    """Money is shown with its currency, which a label tells."""
    return (*by, "currency") if "currency" in kpi.labels else by


def named(expression: str) -> str:
    """Readings by rep and team with the label `name` of the roster; whoever is not in it is named by id."""
    info = series("sales_rep_info", 'name!=""')
    names = f"max by (rep, name) ({info})"
    return (
        f"{expression} * on (rep) group_left (name) {names}"
        f' or on (rep, team) label_replace({expression}, "name", "$1", "rep", "(.*)")'
    )


def at_stage(stage: str, expression: str) -> str:
    """A reading without a stage as that of a stage."""
    return f'label_replace({expression}, "stage", "{stage}", "", "")'


def position(label: str) -> str:
    """The place of a stage in its pipeline, by a label that holds the stage's name: what tables are sorted by."""
    places = series("salespulse_stage_position", 'pipeline="$pipeline"')
    return f'max by ({label}) (label_replace({places}, "{label}", "$1", "stage", "(.+)"))'


def in_order(conversion: str) -> str:
    """What steps are sorted by: the first to the last, then the whole funnel, from the first stage to the last."""
    end, start = position("to"), position("from")
    return f"({conversion}) * 0 + on (to) group_left () 100 * {end} - on (from) group_left () {start}"


def steps(expression: str) -> str:
    """Readings by `from` and `to` with the label `step`, which names both."""
    return f'label_join({expression}, "step", " → ", "from", "to")'


def in_rows(expression: str, label: str, values: tuple[str, ...]) -> str:
    """The place of each row in a fixed order of a label's values, for the rows that a reading has."""
    chosen = re.compile(f'{label}=~"[^"]*"')
    assert chosen.search(expression), f"{expression} does not choose by {label}"
    rows = (chosen.sub(f'{label}="{value}"', expression) for value in values)
    return " or ".join(f"({row}) * 0 + {place}" for place, row in enumerate(rows))


# Whether there are more pipelines than the one: only then have families by stage a pipeline, and leads are counted by it.
HAS_PIPELINES = "group(" + series("salespulse_stage_position", 'pipeline!="default"') + ")"
# The KPI of the leads of one pipeline, by that of all leads; of the window before there is none.
LEADS_OF_PIPELINE = {"leads": "pipeline_leads"}


def with_leads(entries: str, leads: str, subject: Subject, by: tuple[str, ...] = ()) -> str:
    """Something for each stage, the leads being that of the first."""
    all_leads = at_stage("lead", f"{reading(leads, subject, by)} unless on () {HAS_PIPELINES}")
    parts = [all_leads, reading(entries, subject, (*by, "stage"))]
    if of_pipeline := LEADS_OF_PIPELINE.get(leads):
        parts.insert(0, at_stage("lead", reading(of_pipeline, subject, by, ('pipeline="$pipeline"',))))
    return " or ".join(parts)


def conversion_before(subject: Subject, by: tuple[str, ...] = ()) -> str:
    """The conversion from stage to stage in the previous window, for each step that the present one has."""
    now = reading("funnel_conversion_ratio", subject, (*by, "from", "to"))
    entries = with_leads("stage_entries_previous", "leads_previous", subject, by)

    def by_end(end: str) -> str:
        return f'sum by ({", ".join((*by, end))}) (label_replace({entries}, "{end}", "$1", "stage", "(.+)"))'

    joined_to, joined_from = (", ".join((*by, end)) for end in ("to", "from"))
    to_entries = f"({now}) * 0 + on ({joined_to}) group_left () {by_end('to')}"
    return f"({to_entries}) / on ({joined_from}) group_left () ({by_end('from')} > 0)"


def enough(expression: str, count: str, by: tuple[str, ...], least: int = 5) -> str:
    """Readings of a share where it is a share of enough cases: of fewer, chance alone makes it high or low."""
    return f"{expression} and on ({', '.join(by)}) ({count}) >= {least}"
