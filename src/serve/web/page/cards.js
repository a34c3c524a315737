// The cards beside the board: tiles, the funnel, the pipeline by stage, and the rest of the numbers.

import { html, nothing } from './lit/lit-html.js';
import { exact, growth, percent, short } from './format.js';
import { change, periodOf } from './route.js';
import { stageName, t, title } from './words.js';

/** What a page of a subject asks for, as far as its scope has it. At most 60 names. */
export const NAMES = [
  'revenue', 'revenue_previous', 'revenue_growth_ratio', 'target', 'booked_revenue', 'quota_attainment_ratio',
  'quota_pace_ratio', 'forecast_revenue', 'won', 'lost', 'win_ratio', 'leads', 'leads_previous', 'deal_size',
  'open_pipeline_amount', 'weighted_pipeline_amount', 'pipeline_coverage_ratio', 'velocity', 'open_deals',
  'pipeline_amount', 'stalled_deals', 'cycle_p50_seconds', 'cycle_p90_seconds', 'lead_response_p50_seconds',
  'lead_response_p90_seconds', 'payments', 'refunds', 'collection_ratio', 'spend', 'new_customers', 'cac',
  'csat_ratio', 'nps', 'ces_mean', 'customers', 'repeat_purchase_ratio', 'retention_ratio', 'ltv', 'ltv_per_cac',
  'penetration_ratio', 'overdue_deals', 'overdue_amount', 'revenue_yoy_ratio',
];

/** What stands in "all numbers", by kind. */
const GROUPS = {
  activity: ['leads', 'won', 'lost', 'win_ratio', 'lead_response_p50_seconds', 'lead_response_p90_seconds',
    'cycle_p50_seconds', 'cycle_p90_seconds'],
  money: ['revenue', 'revenue_previous', 'revenue_yoy_ratio', 'deal_size', 'payments', 'refunds', 'collection_ratio',
    'spend', 'new_customers', 'cac'],
  targets: ['target', 'booked_revenue', 'quota_attainment_ratio', 'quota_pace_ratio', 'forecast_revenue',
    'open_pipeline_amount', 'weighted_pipeline_amount', 'pipeline_coverage_ratio', 'velocity', 'overdue_deals',
    'overdue_amount'],
  customers: ['customers', 'repeat_purchase_ratio', 'retention_ratio', 'ltv', 'ltv_per_cac', 'penetration_ratio',
    'csat_ratio', 'nps', 'ces_mean'],
};

/** Open deals take longer than a week to close, so that of a week they are always many times what is missing. */
const hasCoverage = (period) => period !== 'week';

/** More is enough: at the end of a period, when little is missing, it may be hundreds. */
const MOST_COVERAGE = 10;

export const kpiOf = (meta, name) => meta.kpis.find((kpi) => kpi.name === name);

/** The names of `NAMES` that a scope has. */
export const namesOf = (meta, scope) =>
  NAMES.filter((name) => kpiOf(meta, name)?.scopes?.includes(scope)).slice(0, meta.limits?.names ?? 60);

/** A value of an answer of `/kpis`; the labels that are asked for must be the value's. */
export function valueOf(answer, name, labels = {}) {
  const wanted = Object.entries(labels);
  const found = answer?.values?.find(
    (value) => value.name === name && wanted.every(([label, text]) => value.labels?.[label] === text),
  );
  return found?.value ?? null;
}

/** A number that leads to what it means. */
export function num(app, name, value, { id = null, isCompact = false, text = null, labels = {} } = {}) {
  const kpi = kpiOf(app.meta, name) ?? { name };
  const changes = { number: [name, ...Object.values(labels)].join(' '), help: undefined, nrep: undefined, nteam: undefined, nchannel: undefined };
  if (id) Object.assign(changes, id);
  return html`<a class="num" data-kpi=${name} href=${change(app.route, changes)} title="${title(kpi)}: ${exact(kpi, value)}"
    ><data value=${value ?? ''}>${text ?? short(kpi, value, isCompact)}</data></a>`;
}

/** Which band of attainment a value lies in: 0 is the lowest. */
export const bandOf = (meta, value) => (meta.bands ?? [0.5, 0.8, 1]).filter((start) => value >= start).length;

/** A bar of attainment: its end is half more than the target, which is marked. */
export function attainmentBar(meta, attainment) {
  if (attainment === null || attainment === undefined) return html`<span class="bar-none">—</span>`;
  const band = bandOf(meta, attainment);
  const width = Math.max(1, Math.min(100, (attainment / 1.5) * 100));
  return html`<svg class="bar" role="img" aria-label="${percent(attainment)} · ${t(`band.${band}`)}">
    <rect class="track" width="100%" height="100%" rx="4"></rect>
    <rect class="fill band-${band}" width="${width.toFixed(2)}%" height="100%" rx="4"></rect>
    <rect class="pattern" fill="url(#pattern-${band})" width="${width.toFixed(2)}%" height="100%" rx="4"></rect>
    <line class="goal" x1="66.67%" x2="66.67%" y1="0" y2="100%"></line></svg>`;
}

/** A bar of a share of the greatest. */
export function shareBar(share, label) {
  const width = Math.max(0, Math.min(100, share * 100));
  return html`<svg class="bar" role="img" aria-label=${label}>
    <rect class="track" width="100%" height="100%" rx="4"></rect>
    <rect class="fill share" width="${width.toFixed(2)}%" height="100%" rx="4"></rect></svg>`;
}

/** A change against before: better is green, worse is red, and both have an arrow. */
export function delta(ratio, better, spoken) {
  if (ratio === null || ratio === undefined || !Number.isFinite(Number(ratio))) return nothing;
  const value = Number(ratio);
  if (Math.abs(value) < 0.005) return html`<span class="delta flat" title=${spoken}>${growth(0)}</span>`;
  const isGood = better === 'neither' ? null : value > 0 === (better !== 'less');
  const kind = isGood === null ? 'flat' : isGood ? 'good' : 'bad';
  return html`<span class="delta ${kind}" title=${spoken}>${value > 0 ? '▲' : '▼'} ${growth(value)}</span>`;
}

const skeletons = (count) => Array.from({ length: count }, () => html`<div class="tile skeleton" aria-hidden="true"></div>`);

/** The six numbers that a page of a subject begins with. */
export function tiles(app, answer) {
  if (!answer) return html`<section class="tiles" aria-busy="true">${skeletons(6)}</section>`;
  const window = answer.view?.window ?? app.selection.subjectWindow;
  const period = { period: periodOf(window) };
  const has = (name) => kpiOf(app.meta, name)?.scopes?.includes(app.selection.subject.scope);
  const value = (name, labels) => valueOf(answer, name, labels);
  const attainment = value('quota_attainment_ratio', period);
  const pace = value('quota_pace_ratio', period);
  const [won, lost] = [value('won'), value('lost')];
  const coverage = hasCoverage(period.period) ? value('pipeline_coverage_ratio', period) : null;
  const all = [
    has('revenue') && tile('revenue', num(app, 'revenue', value('revenue'), { isCompact: true }),
      delta(value('revenue_growth_ratio'), 'more', t('against.previous', { value: exact(kpiOf(app.meta, 'revenue'), value('revenue_previous')) }))),
    has('quota_attainment_ratio') && tile('quota_attainment_ratio', num(app, 'quota_attainment_ratio', attainment, { labels: period }),
      attainment === null ? t('no.target') : html`${attainmentBar(app.meta, attainment)}`, t(`period.${period.period}`)),
    has('quota_pace_ratio') && tile('quota_pace_ratio', num(app, 'quota_pace_ratio', pace, { labels: period }),
      pace === null ? t('no.target') : html`<span class="verdict ${pace >= 1 ? 'good' : 'bad'}">${pace >= 1 ? t('pace.on') : t('pace.off')}</span>`,
      t(`period.${period.period}`)),
    has('won') && tile('won', num(app, 'won', won), html`${t('lost.count', { count: short(null, lost) })}`),
    has('win_ratio') && tile('win_ratio', num(app, 'win_ratio', value('win_ratio')),
      won === null ? nothing : t('of.decided', { won, decided: Number(won) + Number(lost ?? 0) })),
    has('leads') && !has('open_pipeline_amount') && tile('leads', num(app, 'leads', value('leads')),
      t('before', { value: short(null, value('leads_previous')) })),
    has('cac') && !has('open_pipeline_amount') && tile('cac', num(app, 'cac', value('cac'), { isCompact: true }),
      t('new.customers', { count: short(null, value('new_customers')) })),
    has('spend') && !has('open_pipeline_amount') && tile('spend', num(app, 'spend', value('spend'), { isCompact: true }), nothing),
    has('open_pipeline_amount') && tile('open_pipeline_amount', num(app, 'open_pipeline_amount', value('open_pipeline_amount'), { isCompact: true }),
      coverage === null ? t('pipeline.none')
        : t('pipeline.covers', { times: `${coverage > MOST_COVERAGE ? '> ' : ''}${short(kpiOf(app.meta, 'pipeline_coverage_ratio'), Math.min(coverage, MOST_COVERAGE))}` })),
  ];
  function tile(name, main, below, hint) {
    return html`<div class="tile"><h3>${title(kpiOf(app.meta, name))}${hint ? html` <small>${hint}</small>` : nothing}</h3>
      <p class="value">${main}</p><p class="below">${below}</p></div>`;
  }
  return html`<section class="tiles" aria-label=${t('tiles')}>${all.filter(Boolean)}</section>`;
}

/** The funnel: entries of each stage in their order, those of the previous window beside them, and what dropped. */
export function funnel(app, answer) {
  const steps = answer?.steps ?? [];
  const most = Math.max(1, ...steps.flatMap((step) => [step.entries ?? 0, step.previous ?? 0]));
  const width = (count) => `${(((count ?? 0) / most) * 100).toFixed(2)}%`;
  const ids = { nteam: undefined };
  return html`<section class="card funnel" aria-labelledby="funnel">
    <h2 id="funnel">${t('funnel')}<small>${windowLabel(answer)}</small></h2>
    ${answer ? nothing : html`<div class="skeleton block" aria-hidden="true"></div>`}
    <ol>${steps.map((step, place) => html`<li class=${step.drop ? 'dropped' : ''}>
      ${place === 0 ? nothing : html`<p class="step"><span class="arrow" aria-hidden="true">↓</span>
        ${num(app, 'funnel_conversion_ratio', step.ratio ?? null, { labels: { from: steps[place - 1].stage, to: step.stage } })}
        ${step.previous_ratio === null || step.previous_ratio === undefined ? nothing
          : html`<span class="was">${t('was', { value: percent(step.previous_ratio) })}</span>`}
        ${step.drop ? html`<strong class="drop" title=${t('drop.why')}>⚠ ${t('drop')}</strong>` : nothing}</p>`}
      <p class="stage"><span class="name">${stageName(step.stage)}</span>
        <svg class="steps" aria-hidden="true"><rect class="now" width=${width(step.entries)} y="0" height="14" rx="3"></rect>
          <rect class="then" width=${width(step.previous)} y="17" height="5" rx="2"></rect></svg>
        <span class="count">${num(app, place === 0 ? 'leads' : 'stage_entries', step.entries, { id: ids, labels: place === 0 ? {} : { stage: step.stage } })}
          <span class="was" title=${t('previous.window')}>${step.previous ?? '—'}</span></span></p></li>`)}</ol>
    ${answer?.lead_to_won ? html`<p class="total">${stageName(steps[0]?.stage)} → ${stageName(steps.at?.(-1)?.stage ?? 'won')}:
      <strong>${answer.lead_to_won.ratio === null ? '—' : percent(answer.lead_to_won.ratio)}</strong>
      ${answer.lead_to_won.previous_ratio === null || answer.lead_to_won.previous_ratio === undefined ? nothing
        : html`<span class="was">${t('was', { value: percent(answer.lead_to_won.previous_ratio) })}</span>`}</p>` : nothing}
    <p class="legend"><span class="key now"></span>${t('this.window')}<span class="key then"></span>${t('previous.window')}</p>
  </section>`;
}

const windowLabel = (answer) => (answer?.view?.window ? t(`window.${answer.view.window}`) : '');

/** The open deals by stage, as they are now. */
export function stages(app, answer) {
  const open = app.meta.stages.slice(0, -1);
  const scope = app.selection.subject.scope;
  if (!kpiOf(app.meta, 'open_deals')?.scopes?.includes(scope)) return nothing;
  const cell = (name, stage, options) => num(app, name, valueOf(answer, name, { stage }), { labels: { stage }, ...options });
  return html`<section class="card stages" aria-labelledby="stages">
    <h2 id="stages">${t('pipeline.now')}</h2>
    <table><thead><tr><th scope="col">${t('stage')}</th><th scope="col" class="n">${t('deals')}</th>
      <th scope="col" class="n">${t('amount')}</th><th scope="col" class="n">${t('stalled')}</th></tr></thead>
    <tbody>${open.map((stage) => {
      const stalled = valueOf(answer, 'stalled_deals', { stage });
      return html`<tr><th scope="row">${stageName(stage)}</th><td class="n">${cell('open_deals', stage)}</td>
        <td class="n">${cell('pipeline_amount', stage, { isCompact: true })}</td>
        <td class="n ${Number(stalled) > 0 ? 'warn' : ''}">${stalled === null ? '—' : cell('stalled_deals', stage)}</td></tr>`;
    })}</tbody></table></section>`;
}

/** Every other number of the subject, by kind. */
export function allNumbers(app, answer) {
  if (!answer) return nothing;
  const window = answer.view?.window ?? app.selection.subjectWindow;
  const period = periodOf(window);
  const scope = app.selection.subject.scope;
  const groups = Object.entries(GROUPS).map(([group, names]) => {
    const isShown = (kpi) => kpi?.scopes?.includes(scope) && (kpi.name !== 'pipeline_coverage_ratio' || hasCoverage(period));
    const shown = names.map((name) => kpiOf(app.meta, name)).filter(isShown);
    if (shown.length === 0) return nothing;
    return html`<div class="group"><h3>${t(`group.${group}`)}</h3><dl>${shown.map((kpi) => {
      const labels = kpi.labels?.includes('period') ? { period } : {};
      return html`<div><dt>${title(kpi)}</dt><dd>${num(app, kpi.name, valueOf(answer, kpi.name, labels), { labels, isCompact: true })}</dd></div>`;
    })}</dl></div>`;
  });
  return html`<section class="card numbers" aria-labelledby="numbers"><h2 id="numbers">${t('all.numbers')}<small>${t(`window.${window}`)}</small></h2>
    <div class="groups">${groups}</div></section>`;
}
