// A dashboard on its grid.

import { DataFrame } from '@grafana/data';
import { PanelChrome, useTheme2 } from '@grafana/ui';
import React, { useEffect, useState } from 'react';

import { prepare } from './fields';
import { Answer, frames } from './frames';
import { Visual } from './visuals';

export interface Sheet {
  dashboard: any;
  answers: Record<number, Answer[]>;
  values: Record<string, string>;
  texts: Record<string, string>;
  range: { from: number; to: number; step: number };
  width: number;
}

const CELL = 30;
const GAP = 8;
const HEAD = 44;

/** What Grafana sets where a panel says nothing. */
const COLOUR: Record<string, string> = { timeseries: 'palette-classic' };

export function height({ dashboard }: Sheet): number {
  const rows = Math.max(...dashboard.panels.map(({ gridPos }: any) => gridPos.y + gridPos.h));
  return HEAD + rows * (CELL + GAP) + GAP;
}

export function Page(sheet: Sheet) {
  const theme = useTheme2();
  const shown = sheet.dashboard.templating.list.filter(({ name, hide, type }: any) => !hide && type !== 'datasource' && sheet.values[name]);
  return (
    <div style={{ position: 'relative', width: sheet.width, height: height(sheet) }}>
      <div style={{ padding: '12px 16px', ...theme.typography.h4 }}>
        {sheet.dashboard.title}
        {shown.map((variable: any) => (
          <span key={variable.name} style={{ marginLeft: 24, ...theme.typography.body }}>
            {variable.label}: {sheet.texts[variable.name] ?? chosen(variable, sheet.values[variable.name])}
          </span>
        ))}
      </div>
      {sheet.dashboard.panels.map((panel: any) => (
        <Cell key={panel.id} panel={panel} sheet={sheet} />
      ))}
    </div>
  );
}

/** The text that Grafana shows for a variable's value. */
function chosen({ options, current }: any, value: string): string {
  if (current?.value === value) return current.text;
  return options?.find((option: any) => option.value === value)?.text ?? value;
}

/** The first threshold has no value in JSON; Grafana reads it as the least of all. */
function openBelow({ defaults, id, value }: any) {
  const thresholds = id === 'thresholds' ? value : defaults?.thresholds;
  const [first] = thresholds?.steps ?? [];
  if (first && first.value === null) first.value = -Infinity;
}

function Cell({ panel, sheet }: { panel: any; sheet: Sheet }) {
  const theme = useTheme2();
  const [data, setData] = useState<DataFrame[]>();
  const { x, y, w, h } = panel.gridPos;
  const column = (sheet.width - GAP) / 24;
  const [width, height] = [w * column - GAP, h * (CELL + GAP) - GAP];
  const style = { position: 'absolute' as const, left: GAP + x * column, top: HEAD + y * (CELL + GAP), width, height };
  useEffect(() => {
    if (!panel.targets) return;
    const { fieldConfig, transformations } = panel;
    const defaults = { color: { mode: COLOUR[panel.type] ?? 'thresholds' }, ...fieldConfig.defaults };
    const config = { overrides: [], ...fieldConfig, defaults };
    [config, ...config.overrides.flatMap(({ properties }: any) => properties)].forEach(openBelow);
    prepare(frames(sheet.answers[panel.id], sheet.range.step), transformations ?? [], config, theme).then(setData);
  }, []);
  if (panel.type === 'row') return <div style={{ ...style, ...theme.typography.h5, paddingTop: 4 }}>{panel.title}</div>;
  return (
    <div style={style}>
      <PanelChrome title={panel.title} width={width} height={height} padding={panel.type === 'table' ? 'none' : 'md'}>
        {(innerWidth, innerHeight) =>
          data ? (
            <Visual panel={panel} frames={data} width={innerWidth} height={innerHeight} range={sheet.range} />
          ) : null
        }
      </PanelChrome>
    </div>
  );
}
