// Puts a dashboard's queries to Prometheus as Grafana would, with its variables at their defaults.

/** The values of the variables: what `chosen` says, else the default, else the first that Prometheus knows. */
export async function variables(dashboard, prometheus, chosen) {
  const values = {};
  for (const variable of dashboard.templating.list) {
    if (variable.name in chosen) values[variable.name] = chosen[variable.name];
    else if (variable.current?.value?.[0] === '$__all') values[variable.name] = (await options(variable, prometheus, values)).join('|');
    else if (variable.current?.value) values[variable.name] = String(variable.current.value);
    else if (variable.type === 'query') values[variable.name] = await first(variable, prometheus, values);
  }
  return values;
}

/** What Grafana shows for the values of variables that name them, such as a rep's name for an id. */
export async function texts(dashboard, prometheus, values) {
  const found = {};
  for (const { name, regex, query } of dashboard.templating.list.filter(({ regex }) => regex?.includes('?<text>'))) {
    const [, expression] = /^query_result\((.*)\)$/.exec(substitute(query.query, values, 60)) ?? [];
    const named = (await prometheus.instant(expression)).find(({ metric }) => metric[name] === values[name]);
    if (named) found[name] = named.metric.name;
  }
  return found;
}

/** The first value of a query variable, in Grafana's natural order. */
async function first(variable, prometheus, values) {
  const found = (await options(variable, prometheus, values)).filter((value) => value !== 'unassigned');
  return found[0] ?? '';
}

/** The values of a query variable, in Grafana's natural order. Where nothing labels releases there are none. */
async function options(variable, prometheus, values) {
  const query = substitute(variable.query.query, values, 60);
  const [, metric, label] = /^label_values\((.*), *(\w+)\)$/.exec(query) ?? [];
  const [, expression] = /^query_result\((.*)\)$/.exec(query) ?? [];
  const result = await prometheus.instant(expression ?? `group by (${label}) (${metric})`);
  // The label that holds the value has its name in the variable's pattern.
  const [, named] = /(\w+)="\(\?<value>/.exec(variable.regex ?? '') ?? [];
  const found = result.map(({ metric }) => metric[label ?? named ?? variable.name]).filter((value) => value !== undefined);
  return found.sort((left, right) => left.localeCompare(right, 'en', { numeric: true }));
}

/** The text with its variables replaced; `$1` of a `label_replace` is none. */
export function substitute(text, values, step, range = 3600) {
  const builtIn = { __rate_interval: `${Math.max(4 * step, 20)}s`, __range: `${range}s`, __interval: `${step}s` };
  return text.replace(/\$(?:\{(\w+)(?::(\w+))?\}|([a-z_]\w*))/g, (whole, braced, format, plain) => {
    const value = { ...builtIn, ...values }[braced ?? plain];
    if (value === undefined) throw new Error(`${whole} is no variable of this dashboard`);
    return format === 'regex' ? value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : value;
  });
}

/** The answers to all targets: panel id → list of { refId, legend, isTable, series }. */
export async function answers(dashboard, prometheus, values, range) {
  const asked = {};
  // All at one instant, as Grafana asks: tables are merged on their time too.
  const now = Math.floor(Date.now() / 1000);
  for (const panel of dashboard.panels.filter((panel) => panel.targets)) {
    asked[panel.id] = await Promise.all(
      panel.targets.map(async ({ refId, legendFormat, format, expr, instant }) => {
        const query = substitute(expr, values, range.step, range.to - range.from);
        const series = await (instant ? prometheus.instant(query, now) : prometheus.range(query, range));
        // A number with a curve is that of now, at which Grafana's own range ends.
        if (panel.type === 'stat' && !instant) addPresent(series, await prometheus.instant(query, now));
        return { refId, legend: legendFormat ?? '', isTable: format === 'table', series };
      }),
    );
  }
  return asked;
}

/** Lets curves end with their present values. */
function addPresent(series, present) {
  const key = ({ metric }) => JSON.stringify(Object.entries(metric).sort());
  const values = new Map(present.map((one) => [key(one), one.value]));
  for (const one of series) one.values.push(values.get(key(one)) ?? [Math.floor(Date.now() / 1000), 'NaN']);
}

/** A client of Prometheus. */
export function client(address) {
  const ask = async (path, parameters) => {
    const answer = await fetch(`${address}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(parameters) });
    const { status, data, error } = await answer.json();
    if (status !== 'success') throw new Error(`${parameters.query}: ${error}`);
    return data.result;
  };
  return {
    instant: (query, time = Math.floor(Date.now() / 1000)) => ask('query', { query, time }),
    range: (query, { from, to, step }) => ask('query_range', { query, start: from, end: to, step }),
  };
}
