"""Colours, texts for values, and links of fields, for panels and for the columns of tables."""

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from languages import Language, Text
from measures import Band
from panels import Link, Mapping

NOTHING = Text("–", "–")


def thresholds(bands: tuple[Band, ...]) -> dashboard.ThresholdsConfig:
    steps = [models.Threshold(value=band.start, color=band.colour) for band in bands]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def value_map(mappings: tuple[Mapping, ...], language: Language) -> models.ValueMap:
    options = {}
    for index, mapping in enumerate(mappings):
        text = mapping.text.in_language(language)
        options[mapping.value] = models.ValueMappingResult(text=text, color=mapping.colour, index=index)
    return models.ValueMap(options=options)


def data_link(link: Link, language: Language) -> dashboard.DashboardLink:
    return dashboard.DashboardLink(link.title.in_language(language)).url(link.url.in_language(language))


def nothing_map(language: Language, colour: str = "text") -> models.SpecialValueMap:
    """No value in a colour of its own: by its band it would look good or bad."""
    result = models.ValueMappingResult(text=NOTHING.in_language(language), color=colour, index=0)
    return models.SpecialValueMap(
        options=models.DashboardSpecialValueMapOptions(match=models.SpecialValueMatch.NULL_AND_NAN, result=result)
    )
