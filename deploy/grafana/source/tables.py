"""How the answers of a table's queries become its columns: merged on their labels, sorted, named and coloured."""

from collections.abc import Iterator

from grafana_foundation_sdk.models import dashboard as models

from languages import Language
from looks import data_link, nothing_map, thresholds, value_map
from panels import Column, Panel


def fields(columns: tuple[Column, ...]) -> list[tuple[str, Column]]:
    """The columns with the names that Grafana gives their fields: the label, or `Value #A` for the first query."""
    count = sum(column.query is not None for column in columns)
    letters = iter("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    value_names = (f"Value #{letter}" if count > 1 else "Value" for letter in letters)
    return [(column.label or next(value_names), column) for column in columns]


def transformations(panel: Panel, language: Language) -> list[models.DataTransformerConfig]:
    named = fields(panel.columns)
    steps = [models.DataTransformerConfig(id_val="merge", options={})]
    first_value = next(name for name, column in named if column.query)
    field, direction = next(((name, column.sort) for name, column in named if column.sort), (first_value, "descending"))
    sort = {"field": field, "desc": direction == "descending"}
    steps.append(models.DataTransformerConfig(id_val="sortBy", options={"sort": [sort]}))
    organised = {
        "excludeByName": {"Time": True},
        "includeByName": {},
        "indexByName": {name: index for index, (name, _) in enumerate(named)},
        # A hidden column keeps the name of its label, by which links ask for it.
        "renameByName": {name: column.title.in_language(language) for name, column in named if not column.is_hidden},
    }
    return [*steps, models.DataTransformerConfig(id_val="organize", options=organised)]


def overrides(
    columns: tuple[Column, ...], language: Language
) -> Iterator[tuple[str, list[models.DynamicConfigValue]]]:
    """Each column's title with what sets it apart from the panel's defaults."""
    titles = [column.title.en for column in columns]
    assert len(titles) == len(set(titles)), f"two columns have the same title: {titles}"
    for name, column in fields(columns):
        if properties := list(properties_of(column, language)):
            title = name if column.is_hidden else column.title.in_language(language)
            yield title, [models.DynamicConfigValue(id_val=key, value=value) for key, value in properties]


def properties_of(column: Column, language: Language) -> Iterator[tuple[str, object]]:
    maps: list[models.ValueMap | models.SpecialValueMap] = []
    if column.measure:
        yield "unit", column.measure.unit_in(language)
        if column.measure.decimals is not None:
            yield "decimals", column.measure.decimals
        if column.measure.bands:
            yield "thresholds", thresholds(column.measure.bands).build()
            yield "custom.cellOptions", {"type": "color-text"}
            maps.append(nothing_map(language))
    if column.mappings:
        maps.append(value_map(column.mappings, language))
    if maps:
        yield "mappings", maps
    if column.links:
        yield "links", [data_link(link, language).build() for link in column.links]
    if column.width is not None:
        yield "custom.width", column.width
    if column.is_hidden:
        yield "custom.hidden", True
