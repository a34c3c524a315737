// The card of a number: what it means, how it was made, how Prometheus names it, and the deals behind it. And the help.

import { html, nothing } from './lit/lit-html.js';
import { Problem, get, path } from './api.js';
import { boardKpi, idOf } from './board.js';
import { kpiOf, valueOf } from './cards.js';
import { clock, dateTime, exact, organisationCurrency, organisationZone, percent, short, span } from './format.js';
import { answersOf } from './pages.js';
import { ATTAINMENT, change, periodOf } from './route.js';
import { stageName, subjectName, t, title, windowName } from './words.js';

/** The parts that a quotient is made of: they stand beside it. */
const PARTS = {
  win_ratio: ['won', 'lost'],
  revenue_growth_ratio: ['revenue', 'revenue_previous'],
  quota_attainment_ratio: ['booked_revenue', 'target'],
  quota_pace_ratio: ['quota_attainment_ratio', 'booked_revenue', 'target'],
  forecast_revenue: ['booked_revenue', 'target'],
  pipeline_coverage_ratio: ['open_pipeline_amount', 'target', 'booked_revenue'],
  deal_size: ['revenue', 'won'],
  collection_ratio: ['payments', 'refunds', 'revenue'],
  cac: ['spend', 'new_customers'],
  csat_ratio: ['csat_satisfied', 'feedback_responses'],
  nps: ['nps_promoters', 'nps_detractors', 'feedback_responses'],
  ces_mean: ['ces_points', 'feedback_responses'],
  repeat_purchase_ratio: ['repeat_customers', 'customers'],
  retention_ratio: ['retained_customers', 'active_customers'],
  ltv_per_cac: ['ltv'],
  penetration_ratio: ['customers', 'market_size'],
  funnel_conversion_ratio: ['leads', 'stage_entries'],
};

/** Which deals lie behind a number. */
const DEALS = {
  won: ['won', 'revenue', 'deal_size', 'booked_revenue', 'quota_attainment_ratio', 'cycle_p50_seconds', 'cycle_p90_seconds', 'new_customers'],
  open: ['open_deals', 'pipeline_amount', 'open_pipeline_amount', 'weighted_pipeline_amount', 'pipeline_coverage_ratio'],
  stalled: ['stalled_deals'],
};
const DEALS_SHOWN = 50;

let asked = { key: null, parts: null, deals: null };

/** Which number the address asks for: its name, and the labels that it has beside its subject's. */
function chosen(app) {
  const [name, ...rest] = (app.route.number ?? '').split(' ');
  const kpi = kpiOf(app.meta, name) ?? (name === 'rank' ? { name: 'rank', unit: 'count' } : null);
  const labels = {};
  if (kpi?.labels?.includes('period')) labels.period = rest[0] ?? periodOf(app.selection.window);
  if (kpi?.labels?.includes('stage') && rest.length > 0) labels.stage = rest[0];
  if (kpi?.labels?.includes('from')) [labels.from, labels.to] = rest;
  return { name, kpi, labels, subject: subjectOf(app) };
}

/** Whose number it is: a row's, else the page's. */
function subjectOf(app) {
  const { nrep, nteam, nchannel } = app.route;
  if (nrep) return { scope: 'rep', rep: nrep, team: nteam, id: [nrep, nteam] };
  if (nteam) return { scope: 'team', team: nteam, id: [nteam] };
  if (nchannel) return { scope: 'channel', channel: nchannel, id: [nchannel] };
  return app.selection.subject;
}

/** The card, or nothing. */
export function card(app) {
  if (app.route.help) return dialog(app, t('help'), help());
  if (!app.route.number || !app.definitions) return '';
  const found = chosen(app);
  if (!found.kpi) return dialog(app, found.name, html`<p>${t('unknown.number', { name: found.name })}</p>`);
  return found.name === 'rank' ? dialog(app, t('rank.title'), rank(app, found)) : dialog(app, title(found.kpi), definition(app, found));
}

/** Shows the card above the page once it is in the document: a modal keeps the focus in itself. */
export function show(app) {
  const element = document.querySelector('dialog.card-of');
  if (element && !element.open) element.showModal();
  if (app.route.number && app.definitions) void ask(app);
}

function dialog(app, heading, body) {
  const close = () => app.set({ number: undefined, help: undefined, nrep: undefined, nteam: undefined, nchannel: undefined });
  const onClick = (event) => event.target === event.currentTarget && close();
  return html`<dialog class="card-of" aria-labelledby="card-title" @cancel=${(event) => { event.preventDefault(); close(); }} @click=${onClick}>
    <div class="inside"><header><h2 id="card-title">${heading}</h2>
      <button type="button" class="close" aria-label=${t('close')} @click=${close}>×</button></header>${body}</div></dialog>`;
}

const who = (subject) => (subject.scope === 'org' ? t('view.company') : subject.id.filter(Boolean).map((part) => subjectName(null, part)).join(' · '));

function definition(app, { name, kpi, labels, subject }) {
  const told = app.definitions[name] ?? { meaning: kpi.help };
  const window = kpi.labels?.includes('window') ? windowFor(app, subject) : null;
  const value = valueShown(app, { name, labels, subject });
  const parts = (asked.parts?.values ?? []).filter((part) => PARTS[name]?.includes(part.name) && matches(part, labels, name));
  return html`
    <p class="of">${who(subject)}${window ? html` · ${windowName(window)}` : nothing}${labels.period ? html` · ${t(`period.${labels.period}`)}` : nothing}
      ${labels.stage ? html` · ${stageName(labels.stage)}` : nothing}${labels.from ? html` · ${stageName(labels.from)} → ${stageName(labels.to)}` : nothing}</p>
    <p class="big"><data value=${value ?? ''}>${exact(kpi, value)}</data> ${kpi.unit === 'ratio' && value !== null ? html`<small>${short(kpi, value)}</small>` : nothing}</p>
    ${value === null ? html`<p class="note">${t('undefined')}</p>` : nothing}
    <dl class="told">
      ${told.formula ? html`<dt>${t('formula')}</dt><dd>${told.formula}</dd>` : nothing}
      ${told.meaning ? html`<dt>${t('meaning')}</dt><dd>${told.meaning}</dd>` : nothing}
      ${told.edges ? html`<dt>${t('edges')}</dt><dd>${told.edges}</dd>` : nothing}
      ${parts.length > 0 ? html`<dt>${t('parts')}</dt><dd><ul class="parts">${parts.map((part) => html`<li>${[title(kpiOf(app.meta, part.name) ?? { name: part.name }), part.labels?.stage && stageName(part.labels.stage), part.labels?.survey].filter(Boolean).join(' ')}: <strong>${exact(kpiOf(app.meta, part.name), part.value)}</strong></li>`)}</ul></dd>` : nothing}
      ${spanOf(app, window) ? html`<dt>${t('counted.span')}</dt><dd>${spanOf(app, window)}</dd>` : nothing}
      <dt>Prometheus</dt><dd><code class="series">${series(name, kpi, subject, labels, window)} ${value ?? t('absent')}</code>
        <p class="hint">${t('as.prometheus', { time: app.live.asOfMs ? clock(app.live.asOfMs) : '—', zone: organisationZone() })}</p></dd>
    </dl>${deals(app, name, subject)}`;
}

/** A part belongs to the number if it is of its period, and of the right ends of a step of the funnel. */
function matches(part, labels, name) {
  if (name === 'funnel_conversion_ratio') {
    const stage = part.name === 'leads' ? 'lead' : part.labels?.stage;
    return stage === labels.from || stage === labels.to;
  }
  if (part.labels?.period && labels.period) return part.labels.period === labels.period;
  const survey = { csat_ratio: 'csat', nps: 'nps', ces_mean: 'ces' }[name];
  return !(part.labels?.survey && survey) || part.labels.survey === survey;
}

/** The window that a subject's number on this page is of. */
function windowFor(app, subject) {
  return app.route.nrep || app.route.nteam || app.route.nchannel ? app.selection.window : subject === app.selection.subject ? app.selection.subjectWindow : app.selection.window;
}

/** The value as it stands on the page behind the card; else the one that was asked for. */
function valueShown(app, { name, labels, subject }) {
  const { board, around, kpis, funnel } = answersOf(app);
  const { by } = app.selection;
  if (subject !== app.selection.subject) {
    const row = [...(board?.rows ?? []), ...(around?.rows ?? [])].find((one) => one.id.join('\u0000') === subject.id.join('\u0000'));
    if (row && boardKpi(app.meta, by).name === name) return row.value ?? null;
    return asked.parts ? valueOf(asked.parts, name, labels) : null;
  }
  const step = funnel?.steps?.find((one) => one.stage === (labels.to ?? labels.stage));
  if (name === 'funnel_conversion_ratio') return step?.ratio ?? null;
  if (name === 'stage_entries') return step?.entries ?? null;
  return valueOf(kpis, name, labels);
}

const quoted = (text) => String(text).replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');

/** The series of a number as Prometheus names it. */
function series(name, kpi, subject, labels, window) {
  const all = [];
  if (subject.scope === 'rep') all.push(['rep', subject.id[0]], ['team', subject.id[1]]);
  if (subject.scope === 'team') all.push(['team', subject.id[0]]);
  if (subject.scope === 'channel') all.push(['channel', subject.id[0]]);
  if (kpi.unit === 'money') all.push(['currency', organisationCurrency()]);
  all.push(...Object.entries(labels));
  if (window) all.push(['window', window]);
  const text = all.map(([label, value]) => `${label}="${quoted(value)}"`).join(',');
  return `sales_${subject.scope}_${name}${text ? `{${text}}` : ''}`;
}

function spanOf(app, window) {
  if (!window) return null;
  const answers = Object.values(answersOf(app));
  const found = answers.find((answer) => answer?.span && answer.view?.window === window);
  return found ? span(found.span.from, found.span.to) : null;
}

/** How a rank is made: the rule, the two values that were compared, and the window. */
function rank(app, { subject }) {
  const { board, around } = answersOf(app);
  const rows = [...(board?.rows ?? []), ...(around?.rows ?? [])];
  const row = rows.find((one) => one.id.join('\u0000') === subject.id.join('\u0000'));
  if (!row) return html`<p>${t('unknown.number', { name: t('rank') })}</p>`;
  const kpi = boardKpi(app.meta, app.selection.by);
  const better = rows.filter((one) => one.rank && row.rank && one.rank < row.rank).sort((left, right) => right.rank - left.rank)[0];
  const equals = new Set(rows.filter((one) => one.rank === row.rank).map((one) => one.id.join('\u0000'))).size;
  return html`<p class="of">${subjectName(row.name, row.id[0])}${row.id[1] ? ` · ${subjectName(null, row.id[1])}` : ''} · ${title(kpi)} · ${windowName(app.selection.window)}</p>
    <p class="big">${row.rank ?? '—'} <small>${t('rank.of', { ranked: board?.ranked ?? '—' })}</small></p>
    <p>${t(kpi.better === 'less' ? 'rank.rule.less' : 'rank.rule.more', { kpi: title(kpi) })}</p>
    <table class="compare"><tbody>
      ${better ? html`<tr><th scope="row">${better.rank}. ${subjectName(better.name, better.id[0])}</th><td class="n">${exact(kpi, better.value)}</td></tr>` : nothing}
      <tr class="mine"><th scope="row">${row.rank ?? '—'}. ${subjectName(row.name, row.id[0])}</th><td class="n">${exact(kpi, row.value)}</td></tr></tbody></table>
    ${equals > 1 ? html`<p>${t('rank.ties')}</p>` : nothing}
    <p>${app.selection.scope === 'rep' ? t('rank.teams') : nothing} ${t('rank.unassigned')}</p>
    <dl class="told">${board?.span ? html`<dt>${t('counted.span')}</dt><dd>${span(board.span.from, board.span.to)}</dd>` : nothing}
    ${app.selection.scope === 'rep' && (app.meta.leaderboard ?? []).includes(app.selection.by) ? html`<dt>Prometheus</dt><dd><code class="series">sales_rep_rank{rep="${quoted(row.id[0])}",team="${quoted(row.id[1])}",by="${app.selection.by}",window="${app.selection.window}"} ${row.rank ?? t('absent')}</code></dd>` : nothing}</dl>
    <p><a class="button primary" href=${change(app.route, { number: kpi.name, ...idOf(app.selection.scope, row) })}>${t('this.number', { kpi: title(kpi) })}</a></p>`;
}

/** Asks once for each card for the parts and the deals; what cannot be had is said. */
async function ask(app) {
  const { name, kpi, subject, labels } = chosen(app);
  if (!kpi) return;
  const window = windowFor(app, subject);
  const key = JSON.stringify([name, subject, labels, window]);
  if (asked.key === key) return;
  asked = { key, parts: null, deals: null };
  const mine = asked;
  const { scope, rep, team, channel } = subject;
  const whose = { scope: scope === 'org' ? undefined : scope, rep, team: scope === 'channel' ? undefined : team, channel };
  const names = [name, ...(PARTS[name] ?? [])].filter((one) => kpiOf(app.meta, one)?.scopes?.includes(scope));
  if (names.length > 0) mine.parts = await get(path('kpis', { ...whose, window, names: names.join(',') })).catch(() => null);
  const state = Object.keys(DEALS).find((one) => DEALS[one].includes(name));
  if (state && app.meta.features?.includes('deals') && scope !== 'channel') {
    const query = { state, rep, team, window: state === 'won' ? window : undefined, stage: state === 'won' ? undefined : labels.stage, limit: DEALS_SHOWN };
    mine.deals = await get(path('deals', query)).catch((problem) => (problem instanceof Problem ? { problem } : { problem: { code: 'bug' } }));
  }
  if (asked === mine) app.redraw();
}

/** The deals behind a number, each with its way into the CRM. */
function deals(app, name, subject) {
  const state = Object.keys(DEALS).find((one) => DEALS[one].includes(name));
  if (!state || !app.meta.features?.includes('deals') || subject.scope === 'channel') return nothing;
  const answer = asked.deals;
  if (!answer) return html`<h3>${t('deals.behind')}</h3><div class="skeleton block" aria-hidden="true"></div>`;
  if (answer.problem) return html`<h3>${t('deals.behind')}</h3><p class="note">${answer.problem.code === 'forbidden' ? t('deals.forbidden') : t('deals.unavailable')}</p>`;
  const rows = answer.deals ?? [];
  const money = { unit: 'money' };
  return html`<h3>${t('deals.behind')} <small>${t(`deals.${state}`)}</small></h3>
    ${rows.length === 0 ? html`<p class="note">${t('deals.none')}</p>` : html`<div class="scroll"><table class="deals">
      <thead><tr><th scope="col">${t('deal')}</th><th scope="col">${t('stage')}</th><th scope="col">${t('since')}</th><th scope="col" class="n">${t('amount')}</th></tr></thead>
      <tbody>${rows.map((deal) => html`<tr><th scope="row">${dealLink(app, deal)}</th><td>${stageName(deal.stage)}</td>
        <td>${dateTime(Date.parse(deal.since))}</td><td class="n">${exact(money, deal.amount)}${deal.credit && deal.credit !== deal.amount && Number(deal.credit) < 1 ? html` <small>${percent(Number(deal.credit))}</small>` : nothing}</td></tr>`)}</tbody></table></div>
    ${answer.more ? html`<p class="hint">${t('deals.more', { count: rows.length })}</p>` : nothing}`}`;
}

function dealLink(app, deal) {
  const template = app.meta.deal_url;
  if (!template?.startsWith('https://')) return deal.lead_id;
  return html`<a rel="noopener noreferrer" target="_blank" href=${template.replace('{lead_id}', encodeURIComponent(deal.lead_id))}>${deal.lead_id}</a>`;
}

function help() {
  const keys = [['/', 'help.search'], ['j k', 'help.rows'], ['Enter', 'help.open'], ['p', 'help.pause'], ['?', 'help.help'], ['Esc', 'help.close']];
  return html`<dl class="keys">${keys.map(([key, sentence]) => html`<dt>${key.split(' ').map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${t(sentence)}</dd>`)}</dl>
    <h3>${t('help.numbers')}</h3><p>${t('help.numbers.how')}</p>
    <h3>${t('help.bands')}</h3><ul class="bands">${[0, 1, 2, 3].map((band) => html`<li><svg class="bar"><rect class="fill band-${band}" width="100%" height="100%" rx="4"></rect><rect fill="url(#pattern-${band})" width="100%" height="100%" rx="4"></rect></svg>${t(`band.${band}`)}</li>`)}</ul>
    <h3>${t('help.tv')}</h3><p>${t('help.tv.how')} <a href="?tv=1">?tv=1</a></p>`;
}
