"""Grafana's panels, made of ours by the typed builders of its foundation SDK."""

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from languages import Language
from links import runbook_links
from looks import NOTHING, data_link, nothing_map, thresholds, value_map
from measures import Band
from panels import Panel, Query
from tables import overrides, transformations

DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")


def draw(panel: Panel, number: int, language: Language) -> Builder[models.Panel]:
    builder = {"stat": number_panel, "bars": bars_panel, "lines": lines_panel, "table": table_panel, "matrix": matrix_panel}[
        panel.kind
    ](panel, language)
    builder.id(number).title(panel.title.in_language(language)).description(panel.description.in_language(language))
    builder.datasource(DATASOURCE).span(panel.width).height(panel.height)
    builder.unit(panel.measure.unit_in(language)).no_value(NOTHING.in_language(language))
    if panel.measure.decimals is not None:
        builder.decimals(panel.measure.decimals)
    builder.links(runbook_links(panel.runbooks, language))
    if panel.measure.bands or panel.has_trend:
        nothing = nothing_map(language, panel.colour_of_nothing)
        builder.mappings([nothing, *([value_map(panel.mappings, language)] if panel.mappings else [])])
    if panel.links:
        builder.data_links([data_link(link, language) for link in panel.links])
    return builder


def number_panel(panel: Panel, language: Language) -> stat.Panel:
    # Queried at one instant: over a range, a KPI that is absent now would show its last value as if it held.
    # But for those with a curve, whose queries say themselves where there is nothing.
    builder = stat.Panel().targets(targets(panel.queries, language, is_instant=not panel.has_trend))
    builder.reduce_options(common.ReduceDataOptions().calcs(["last" if panel.has_trend else "lastNotNull"]))
    graphs = common_models.BigValueGraphMode
    builder.graph_mode(graphs.AREA if panel.has_trend else graphs.NONE)
    builder.justify_mode(common_models.BigValueJustifyMode.CENTER)
    mode = common_models.BigValueColorMode
    builder.color_mode(mode.VALUE if panel.measure.bands else mode.NONE)
    texts = common_models.BigValueTextMode
    has_names = any(query.legend.en for query in panel.queries)
    builder.text_mode(texts.VALUE_AND_NAME if has_names else texts.VALUE).wide_layout(False)
    return builder.thresholds(thresholds(panel.measure.bands or (Band(None, "text"),)))


def bars_panel(panel: Panel, language: Language) -> bargauge.Panel:
    builder = bargauge.Panel().targets(targets(panel.queries, language, is_instant=True))
    builder.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    builder.orientation(common_models.VizOrientation.HORIZONTAL)
    builder.display_mode(common_models.BarGaugeDisplayMode.BASIC)
    builder.name_placement(common_models.BarGaugeNamePlacement.LEFT)
    builder.value_mode(common_models.BarGaugeValueMode.TEXT)
    builder.min(0)
    if panel.most is not None:
        builder.max(panel.most)
    if panel.has_small_text:
        # Grafana makes room for names in the size that fits the bars, of which 12 is the least: a greater one is cut.
        builder.text(common.VizTextDisplayOptions().title_size(12).value_size(18))
    for name, word in panel.words:
        called = models.DynamicConfigValue(id_val="displayName", value=word.in_language(language))
        builder.override_by_name(name, [called])
    return builder.thresholds(thresholds(panel.measure.bands or (Band(None, "blue"),)))


def lines_panel(panel: Panel, language: Language) -> timeseries.Panel:
    builder = timeseries.Panel().targets(targets(panel.queries, language, is_instant=False))
    builder.line_width(2).fill_opacity(8).show_points(common_models.VisibilityMode.NEVER)
    builder.legend(
        common.VizLegendOptions()
        .display_mode(common_models.LegendDisplayMode.LIST)
        .placement(common_models.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    return builder.tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))


def table_panel(panel: Panel, language: Language) -> table.Panel:
    queries = tuple(Query(column.query) for column in panel.columns if column.query)
    builder = table.Panel().targets(targets(queries, language, is_instant=True, is_table=True))
    builder.cell_height(common_models.TableCellHeight.SM).show_header(True).min_width(60)
    builder.cell_options(common_models.TableAutoCellOptions())
    builder.transformations(transformations(panel, language))
    for title, properties in overrides(panel.columns, language):
        builder.override_by_name(title, properties)
    return builder


def matrix_panel(panel: Panel, language: Language) -> table.Panel:
    """One cell for each row and column, coloured by the bands; the columns in the order of the second query."""
    assert panel.matrix and len(panel.queries) == 2, f"{panel.title.en} is no matrix"
    row, column = panel.matrix
    builder = table.Panel().targets(targets(panel.queries, language, is_instant=True, is_table=True))
    builder.cell_height(common_models.TableCellHeight.SM).show_header(True).min_width(60)
    builder.cell_options(common_models.TableColoredBackgroundCellOptions())
    steps = (
        ("merge", {}),
        ("sortBy", {"sort": [{"field": "Value #B", "desc": False}]}),
        ("groupingToMatrix", {"rowField": row, "columnField": column, "valueField": "Value #A", "emptyValue": "null"}),
    )
    builder.transformations([models.DataTransformerConfig(id_val=name, options=options) for name, options in steps])
    # The names of the rows are no values to be coloured.
    plain = models.DynamicConfigValue(id_val="custom.cellOptions", value={"type": "auto"})
    for name, word in panel.words:
        called = models.DynamicConfigValue(id_val="displayName", value=word.in_language(language))
        builder.override_by_name(name, [plain, called])
    return builder.thresholds(thresholds(panel.measure.bands))


def targets(
    queries: tuple[Query, ...], language: Language, *, is_instant: bool, is_table: bool = False
) -> list[prometheus.Dataquery]:
    drawn = []
    for number, query in enumerate(queries):
        target = prometheus.Dataquery().ref_id(chr(ord("A") + number)).datasource(DATASOURCE).expr(query.expression)
        target.format(PromQueryFormat.TABLE if is_table else PromQueryFormat.TIME_SERIES)
        if legend := query.legend.in_language(language):
            target.legend_format(legend)
        drawn.append(target.instant() if is_instant else target.range())
    return drawn
