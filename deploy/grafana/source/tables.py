"""How the answers of a table's queries become its columns: merged on their labels, ordered, named and coloured."""

from collections.abc import Callable, Iterator

from grafana_foundation_sdk.models import dashboard as models

from languages import Language
from panels import Column


def fields(columns: tuple[Column, ...]) -> list[tuple[str, Column]]:
    """The columns with the names that Grafana gives their fields: the label, or `Value #A` for the first query."""
    count = sum(column.query is not None for column in columns)
    letters = iter("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    value_names = (f"Value #{letter}" if count > 1 else "Value" for letter in letters)
    return [(column.label or next(value_names), column) for column in columns]


def organised(columns: tuple[Column, ...], language: Language) -> list[models.DataTransformerConfig]:
    named = fields(columns)
    return [
        models.DataTransformerConfig(id_val="merge", options={}),
        models.DataTransformerConfig(
            id_val="organize",
            options={
                "excludeByName": {"Time": True},
                "includeByName": {},
                "indexByName": {name: index for index, (name, _) in enumerate(named)},
                # A hidden column keeps the name of its label, by which links ask for it.
                "renameByName": {
                    name: column.title.in_language(language) for name, column in named if not column.is_hidden
                },
            },
        ),
    ]


def overrides(
    columns: tuple[Column, ...], language: Language, thresholds: Callable, value_map: Callable, data_link: Callable
) -> Iterator[tuple[str, list[models.DynamicConfigValue]]]:
    """Each column's title with what sets it apart from the panel's defaults."""
    titles = [column.title.en for column in columns]
    assert len(titles) == len(set(titles)), f"two columns have the same title: {titles}"
    for name, column in fields(columns):
        properties: list[models.DynamicConfigValue] = []

        def put(key: str, value: object) -> None:
            properties.append(models.DynamicConfigValue(id_val=key, value=value))

        if column.measure:
            put("unit", column.measure.unit)
            if column.measure.decimals is not None:
                put("decimals", column.measure.decimals)
            if column.measure.bands:
                put("thresholds", thresholds(column.measure.bands).build())
                put("custom.cellOptions", {"type": "color-text"})
        if column.mappings:
            put("mappings", [value_map(column.mappings, language)])
        if column.links:
            put("links", [data_link(link, language).build() for link in column.links])
        if column.is_hidden:
            put("custom.hidden", True)
        if properties:
            yield (name if column.is_hidden else column.title.in_language(language)), properties
