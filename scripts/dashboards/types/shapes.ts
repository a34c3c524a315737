// The shapes of our dashboards in Grafana's own types. The compiler is told which Grafana `grafana` is.

import type { Dashboard, DataQuery, Panel, RowPanel } from 'grafana';
import type { Options as BarOptions } from 'grafana/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as NumberOptions } from 'grafana/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from 'grafana/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeseries from 'grafana/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** A type as JSON has it: where the type has an enum of texts, JSON has one of the texts. */
type Json<T> = 0 extends 1 & T
  ? T
  : T extends string
    ? `${T}`
    : T extends readonly (infer E)[]
      ? Json<E>[]
      : T extends object
        ? { [K in keyof T]: Json<T[K]> }
        : T;

/** A query of the Prometheus data source, whose own types are no part of the schema. */
interface Target extends DataQuery {
  expr: string;
  format: 'table' | 'time_series';
  instant: boolean;
  range: boolean;
  legendFormat?: string;
}

/** A panel of one type. Grafana's `Panel` leaves its options open; here they are those of the type. */
type Drawn<Type extends string, Options, Custom = {}> = Omit<Panel<{}, Custom>, 'type' | 'targets' | 'options'> &
  Required<Pick<Panel<{}, Custom>, 'id' | 'title' | 'description' | 'gridPos' | 'fieldConfig'>> & {
    type: Type;
    targets: Target[];
    options: Options;
  };

type AnyPanel =
  | Drawn<'stat', NumberOptions>
  | Drawn<'bargauge', BarOptions>
  | Drawn<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | Drawn<'table', table.Options, table.FieldConfig>;

/** One of our files. */
export type File = Json<Omit<Dashboard, 'panels'>> & { panels: (Json<AnyPanel> | Json<RowPanel>)[] };
