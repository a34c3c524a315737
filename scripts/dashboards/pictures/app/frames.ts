// Prometheus's answers as Grafana's data frames, in the shapes that its Prometheus data source makes.

import { DataFrame, FieldType, createDataFrame } from '@grafana/data';

type Labels = Record<string, string>;
type Point = [number, string];

export interface Series {
  metric: Labels;
  value?: Point;
  values?: Point[];
}

export interface Answer {
  refId: string;
  legend: string;
  isTable: boolean;
  series: Series[];
}

export function frames(answers: Answer[], step: number): DataFrame[] {
  return answers.flatMap((answer) =>
    answer.isTable ? [tableFrame(answer, answers.length)] : seriesFrames(answer, step),
  );
}

function seriesFrames({ refId, legend, series }: Answer, step: number): DataFrame[] {
  return series.map(({ metric, value, values }) => {
    const points = values ?? (value ? [value] : []);
    const name = legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => metric[label] ?? '');
    return createDataFrame({
      refId,
      fields: [
        // With the interval known, curves break where values are missing.
        { name: 'Time', type: FieldType.time, config: { interval: step * 1000 }, values: points.map(([time]) => time * 1000) },
        {
          name: 'Value',
          type: FieldType.number,
          labels: metric,
          config: name ? { displayNameFromDS: name } : {},
          values: points.map(([, text]) => Number(text)),
        },
      ],
    });
  });
}

function tableFrame({ refId, series }: Answer, count: number): DataFrame {
  const labels = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return createDataFrame({
    refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: series.map(({ value }) => (value?.[0] ?? 0) * 1000) },
      ...labels.map((label) => ({
        name: label,
        type: FieldType.string,
        values: series.map(({ metric }) => metric[label] ?? ''),
      })),
      {
        name: count > 1 ? `Value #${refId}` : 'Value',
        type: FieldType.number,
        values: series.map(({ value }) => Number(value?.[1])),
      },
    ],
  });
}
