// The four kinds of panels that the dashboards use, drawn by Grafana's components with the panel's own options.

import {
  DataFrame,
  FieldDisplay,
  GrafanaTheme2,
  VizOrientation,
  dateTime,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
} from '@grafana/data';
import { BarGauge, BigValue, Table, TimeSeries, VizRepeater, useTheme2 } from '@grafana/ui';
import React from 'react';

export interface Visual {
  panel: any;
  frames: DataFrame[];
  width: number;
  height: number;
  range: { from: number; to: number };
}

export function Visual(props: Visual) {
  const Kind = KINDS[props.panel.type];
  // Numbers and bars tell by themselves that there is none.
  const tellsNothing = ['timeseries', 'table'].includes(props.panel.type);
  if (tellsNothing && !props.frames.some((frame) => frame.length > 0)) {
    return <span>{props.panel.fieldConfig.defaults.noValue ?? 'No data'}</span>;
  }
  return <Kind {...props} />;
}

function values({ panel, frames }: Visual, theme: GrafanaTheme2): FieldDisplay[] {
  return getFieldDisplayValues({
    fieldConfig: panel.fieldConfig,
    reduceOptions: { values: false, ...panel.options.reduceOptions },
    replaceVariables: (text) => text,
    theme,
    data: frames,
    sparkline: panel.options.graphMode === 'area',
    timeZone: 'browser',
  });
}

function Numbers(props: Visual) {
  const theme = useTheme2();
  const { options } = props.panel;
  return (
    <VizRepeater
      source={props.frames}
      getValues={() => values(props, theme)}
      width={props.width}
      height={props.height}
      itemSpacing={3}
      orientation={options.orientation ?? VizOrientation.Auto}
      renderValue={({ value, width, height, count, alignmentFactors }) => (
        <BigValue
          value={value.display}
          sparkline={value.sparkline}
          count={count}
          width={width}
          height={height}
          theme={theme}
          colorMode={options.colorMode}
          graphMode={options.graphMode}
          justifyMode={options.justifyMode}
          textMode={options.textMode}
          disableWideLayout={!options.wideLayout}
          alignmentFactors={alignmentFactors}
        />
      )}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderCounter={0}
      autoGrid={true}
    />
  );
}

function BarsPanel(props: Visual) {
  const theme = useTheme2();
  const { options } = props.panel;
  return (
    <VizRepeater
      source={props.frames}
      getValues={() => values(props, theme)}
      width={props.width}
      height={props.height}
      itemSpacing={8}
      minVizHeight={options.minVizHeight ?? 16}
      minVizWidth={options.minVizWidth ?? 8}
      orientation={options.orientation}
      renderValue={({ value, width, height, alignmentFactors }) => (
        <BarGauge
          value={value.display}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0) as any}
          width={width}
          height={height}
          theme={theme}
          orientation={options.orientation}
          displayMode={options.displayMode}
          valueDisplayMode={options.valueMode}
          text={options.text}
          namePlacement={options.namePlacement}
          showUnfilled={options.showUnfilled ?? true}
          alignmentFactors={alignmentFactors}
        />
      )}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderCounter={0}
    />
  );
}

function LinesPanel({ panel, frames, width, height, range }: Visual) {
  const [from, to] = [dateTime(range.from * 1000), dateTime(range.to * 1000)];
  return (
    <TimeSeries
      frames={frames}
      structureRev={1}
      timeRange={{ from, to, raw: { from, to } }}
      timeZone="browser"
      width={width}
      height={height}
      legend={panel.options.legend}
      options={panel.options}
    />
  );
}

function TablePanel({ panel, frames, width, height }: Visual) {
  return <Table data={frames[0]} width={width} height={height} cellHeight={panel.options.cellHeight} />;
}

const KINDS: Record<string, (props: Visual) => React.JSX.Element> = {
  stat: Numbers,
  bargauge: BarsPanel,
  timeseries: LinesPanel,
  table: TablePanel,
};
