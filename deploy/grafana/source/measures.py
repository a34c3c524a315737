"""How values look: units, decimals, and the bands that colour them."""

from dataclasses import dataclass

from kpis import Kpi
from languages import Language, Text


@dataclass(frozen=True)
class Band:
    """From this value upwards the colour."""

    start: float | None
    colour: str


@dataclass(frozen=True)
class Measure:
    """A unit of Grafana's, how many decimals, and the colours, if good and bad are known."""

    unit: str | Text
    decimals: int | None = None
    bands: tuple[Band, ...] = ()
    divisor: float = 1
    """What a KPI's value is divided by to be in this unit."""

    def unit_in(self, language: Language) -> str:
        return self.unit if isinstance(self.unit, str) else self.unit.in_language(language)

    def scaled(self, expression: str) -> str:
        return expression if self.divisor == 1 else f"({expression}) / {self.divisor}"


COUNT = Measure("locale", 0)
SHARE = Measure("percentunit", 1)
# Grafana names its units of time and of large numbers in English only. So durations are scaled here and have a name in
# each language; where they may be seconds or weeks, a Chinese board shows them as hours:minutes:seconds.
AGE = Text("s", "dthms")
HOURS = Measure(Text("suffix: h", "suffix: 小时"), 1, divisor=3600)
SECONDS = Measure(Text("s", "suffix: 秒"), 1)
MILLISECONDS = Measure(Text("suffix: ms", "suffix: 毫秒"), 1, divisor=0.001)
DAYS = Measure(Text("suffix: days", "suffix: 天"), 1, divisor=86400)
AMOUNT = Measure("locale", 0)
ROUNDED = Measure(Text("short", "locale"))
POINTS = Measure("none", 1)
# A change of a conversion: red from where the alert looks, four fifths of what it was.
DROP = Measure("percentunit", 0, (Band(None, "red"), Band(-0.2, "text"), Band(0.2, "green")))
TIMES = Measure("suffix: ×", 1)
BYTES = Measure("bytes", 1)
PER_SECOND = Measure(Text("suffix: /s", "suffix: /秒"), 1)

BY_UNIT = {"count": COUNT, "measure": AMOUNT, "ratio": SHARE, "seconds": DAYS, "money": AMOUNT, "points": POINTS}

# The bands of attainment, here and on the leaderboard: below half, below four fifths, below the target, reached.
ATTAINMENT_STEPS = (0.5, 0.8, 1.0)
ATTAINMENT = (
    Band(None, "red"),
    Band(ATTAINMENT_STEPS[0], "orange"),
    Band(ATTAINMENT_STEPS[1], "yellow"),
    Band(ATTAINMENT_STEPS[2], "green"),
)
PACE = (Band(None, "red"), Band(0.8, "yellow"), Band(1, "green"))
GROWTH = (Band(None, "red"), Band(0, "green"))
CHANGE = Measure("percentunit", 1, GROWTH)
VALUE_PER_COST = (Band(None, "red"), Band(1, "yellow"), Band(3, "green"))
RECOMMENDATION = (Band(None, "red"), Band(0, "green"))

# Where a KPI is more than its unit: a multiple rather than a share, or a value that is known to be good or bad.
BY_KPI = {
    "quota_attainment_ratio": Measure("percentunit", 1, ATTAINMENT),
    "quota_pace_ratio": Measure("percentunit", 1, PACE),
    "revenue_growth_ratio": CHANGE,
    "revenue_yoy_ratio": CHANGE,
    "measure_attainment_ratio": Measure("percentunit", 1, ATTAINMENT),
    "measure_pace_ratio": Measure("percentunit", 1, PACE),
    "pipeline_coverage_ratio": TIMES,
    "ltv_per_cac": Measure("suffix: ×", 1, VALUE_PER_COST),
    "nps": Measure("none", 0, RECOMMENDATION),
}


def measure(kpi: Kpi) -> Measure:
    if kpi.name.startswith("lead_response_p"):
        return HOURS
    return BY_KPI.get(kpi.name, BY_UNIT[kpi.unit])
