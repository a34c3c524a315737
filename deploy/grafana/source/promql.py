"""PromQL for KPIs.

Every reading is a `max by (…)`: it keeps the labels that the panel shows and drops those of the scrape, so that a curve
goes on when another instance takes over, and tables join rows on what they are about.
"""

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
REPS_OF_TEAMS = Subject("rep", ('team=~"$team"', 'rep!="unassigned"'))

LABELS_OF_SCOPE = {"org": set(), "team": {"team"}, "rep": {"rep", "team"}, "channel": {"channel"}}

# What a label is set to where a panel does not show it: the dashboard's own variable.
CHOSEN = {"window": 'window="$window"', "period": 'period="$period"'}


def reading(name: str, subject: Subject, by: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> str:
    """The present values of a KPI, one for each combination of the labels `by`; `only` are further matchers."""
    kpi = KPIS[name]
    known = kpi.labels | LABELS_OF_SCOPE[subject.scope]
    assert set(by) <= known, f"{name} of {subject.scope} has no labels {set(by) - known}"
    matched = {matcher.split("=")[0].rstrip("!") for matcher in subject.matchers + only}
    chosen = tuple(
        matcher for label, matcher in CHOSEN.items() if label in kpi.labels and label not in matched and label not in by
    )
    matchers = ",".join(subject.matchers + only + chosen)
    selector = kpi.family(subject.scope) + (f"{{{matchers}}}" if matchers else "")
    return f"max by ({', '.join(by)}) ({selector})" if by else f"max({selector})"


def with_currency(kpi: Kpi, by: tuple[str, ...]) -> tuple[str, ...]:
    """Money is shown with its currency, which a label tells."""
    return (*by, "currency") if "currency" in kpi.labels else by


def named(expression: str) -> str:
    """Readings by rep and team with the label `name` of the roster; whoever is not in it is named by id."""
    names = 'max by (rep, name) (sales_rep_info{name!=""})'
    return (
        f"{expression} * on (rep) group_left (name) {names}"
        f' or on (rep, team) label_replace({expression}, "name", "$1", "rep", "(.*)")'
    )


def at_stage(stage: str, expression: str) -> str:
    """A reading without a stage as that of a stage."""
    return f'label_replace({expression}, "stage", "{stage}", "", "")'


def position(label: str, pipeline: str = "default") -> str:
    """The place of a stage in its pipeline, by a label that holds the stage's name: what tables are sorted by."""
    places = f'salespulse_stage_position{{pipeline="{pipeline}"}}'
    return f'max by ({label}) (label_replace({places}, "{label}", "$1", "stage", "(.+)"))'


def in_order(conversion: str) -> str:
    """What steps are sorted by: the first to the last, then the whole funnel, from the first stage to the last."""
    end, start = position("to"), position("from")
    return f"({conversion}) * 0 + on (to) group_left () 100 * {end} - on (from) group_left () {start}"


def steps(expression: str) -> str:
    """Readings by `from` and `to` with the label `step`, which names both."""
    return f'label_join({expression}, "step", " → ", "from", "to")'


def with_leads(entries: str, leads: str, subject: Subject, by: tuple[str, ...] = ()) -> str:
    """Something for each stage, the leads being that of the first."""
    return f"{at_stage('lead', reading(leads, subject, by))} or {reading(entries, subject, (*by, 'stage'))}"


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
