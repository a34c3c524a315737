// Grafana's own transformations and field options, as its application registers them.

import {
  DataFrame,
  DataTransformerConfig,
  FieldConfigPropertyItem,
  FieldConfigSource,
  GrafanaTheme2,
  Registry,
  applyFieldOverrides,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from '@grafana/data';
import { firstValueFrom } from 'rxjs';

const STANDARD = ['unit', 'decimals', 'min', 'max', 'noValue', 'thresholds', 'mappings', 'links', 'color', 'displayName'];

// Some transformations are exported under two names.
const TRANSFORMERS = new Map(Object.values(standardTransformers).map((transformer) => [transformer.id, transformer]));

standardTransformersRegistry.setInit(() =>
  [...TRANSFORMERS.values()].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    editor: () => null,
    transformation,
  })),
);

/** An option that is taken over as it stands. */
function option(id: string): FieldConfigPropertyItem {
  const isCustom = id.startsWith('custom.');
  return {
    id,
    path: isCustom ? id.slice('custom.'.length) : id,
    name: id,
    isCustom,
    editor: () => null,
    override: () => null,
    process: (value: unknown) => value,
    shouldApply: () => true,
  } as unknown as FieldConfigPropertyItem;
}

/** All options that the panel's field configuration names. */
function options(config: FieldConfigSource): Registry<FieldConfigPropertyItem> {
  const custom = Object.keys((config.defaults.custom as object) ?? {}).map((name) => `custom.${name}`);
  const overridden = config.overrides.flatMap(({ properties }) => properties.map(({ id }) => id));
  return new Registry(() => [...new Set([...STANDARD, ...custom, ...overridden])].map(option));
}

export async function prepare(
  data: DataFrame[],
  transformations: DataTransformerConfig[],
  config: FieldConfigSource,
  theme: GrafanaTheme2,
): Promise<DataFrame[]> {
  const transformed = await firstValueFrom(transformDataFrame(transformations, data));
  return applyFieldOverrides({
    data: transformed,
    fieldConfig: config,
    fieldConfigRegistry: options(config),
    replaceVariables: (text: string) => text,
    theme,
    timeZone: 'browser',
  });
}
