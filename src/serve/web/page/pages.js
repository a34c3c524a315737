// What each page shows, and which views of the API it needs for that.

import { html, nothing } from './lit/lit-html.js';
import { path } from './api.js';
import { board, mineStrip } from './board.js';
import { allNumbers, funnel, kpiOf, namesOf, stages, tiles } from './cards.js';
import { money, percent } from './format.js';
import { ATTAINMENT, change, to } from './route.js';
import { subjectName, t, title, windowName } from './words.js';

/** Rows of a page of a board: beside other cards, and alone. */
const ROWS = 25;
const ROWS_ALONE = 100;
/** Rows about the reader's own, or about the rep of the page. */
const ROWS_AROUND = 5;

const limitOf = (app) => Math.min(app.route.view === 'board' ? ROWS_ALONE : ROWS, app.meta.limits?.rows ?? 200);

/** The parameters of the board of the present page. */
function boardParameters(app) {
  const { scope, by, window, team } = app.selection;
  return {
    scope, by, window,
    team: scope === 'rep' ? team : undefined,
    order: app.route.order === 'worst' ? 'worst' : undefined,
    q: app.route.q?.slice(0, 64),
  };
}

const named = (app, parameters) => path('kpis', { ...parameters, names: namesOf(app.meta, app.selection.subject.scope).join(',') });

/** The views that the present page needs, each with a name for the page. */
function plan(app) {
  if (app.route.tv !== undefined) return app.tv.plan(app);
  const { subject, subjectWindow } = app.selection;
  const parameters = boardParameters(app);
  const limit = limitOf(app);
  const views = {};
  if (app.route.view !== 'channel' && app.selection.choices.length > 0) {
    if (app.route.view === 'rep') {
      views.board = path('leaderboard', { ...parameters, q: undefined, team: undefined, around: app.route.rep, limit: ROWS_AROUND });
    } else {
      views.board = path('leaderboard', { ...parameters, limit, offset: (app.route.page - 1) * limit || undefined });
      if (app.me && parameters.scope === 'rep') {
        views.around = path('leaderboard', { ...parameters, q: undefined, around: app.me[0], limit: ROWS_AROUND });
      }
    }
  }
  if (app.route.view === 'board') return views;
  const { scope, rep, team, channel } = subject;
  views.kpis = named(app, { scope: scope === 'org' ? undefined : scope, rep, team, channel, window: subjectWindow });
  if (scope !== 'rep') views.funnel = path('funnel', { scope, team, channel, window: subjectWindow });
  return views;
}

/** The views of the present page, as the stream takes them. */
export const viewsOf = (app) => Object.values(plan(app));

/** The answers of the present page, by their names. */
export function answersOf(app) {
  const names = Object.keys(plan(app));
  return Object.fromEntries(names.map((name, place) => [name, app.live.answers[place] ?? null]));
}

/** The page that the address asks for. */
export function page(app) {
  const answers = answersOf(app);
  const body = { company, team: subjectPage, channel: subjectPage, rep: repPage, board: boardPage }[app.route.view];
  return html`${heading(app)}${body(app, answers)}`;
}

function company(app, { board: rows, around, kpis, funnel: steps }) {
  // An organisation without an event has no numbers either, and what to do about it stands alone.
  if (rows?.subjects === 0 && !app.route.q) return board(app, rows, around);
  return html`${tiles(app, kpis)}<div class="columns"><div class="main">${mineStrip(app, rows, around)}${board(app, rows, around, { limit: limitOf(app) })}</div>
    <div class="side">${funnel(app, steps)}${stages(app, kpis)}${justNow(app)}</div></div>${allNumbers(app, kpis)}`;
}

function subjectPage(app, { board: rows, around, kpis, funnel: steps }) {
  const hasBoard = app.route.view === 'team';
  return html`${tiles(app, kpis)}<div class="columns"><div class="main">${hasBoard ? html`${mineStrip(app, rows, around)}${board(app, rows, around, { limit: limitOf(app) })}` : allNumbers(app, kpis)}</div>
    <div class="side">${funnel(app, steps)}${hasBoard ? stages(app, kpis) : nothing}</div></div>${hasBoard ? allNumbers(app, kpis) : nothing}`;
}

function repPage(app, { board: rows, kpis }) {
  return html`${tiles(app, kpis)}<div class="columns"><div class="main"><h2 class="section">${t('around.rep')}</h2>${board(app, rows, null, { hasPages: false })}
    ${allNumbers(app, kpis)}</div><div class="side">${stages(app, kpis)}</div></div>`;
}

function boardPage(app, { board: rows, around }) {
  return html`${mineStrip(app, rows, around)}${board(app, rows, around, { limit: limitOf(app) })}`;
}

/** The newest of what people celebrate. */
function justNow(app) {
  if (app.moments.length === 0) return nothing;
  return html`<section class="card moments" aria-labelledby="moments"><h2 id="moments">${t('just.now')}</h2><ul>
    ${app.moments.slice(0, 5).map((moment) => html`<li>${momentText(app, moment)}</li>`)}</ul></section>`;
}

/** A moment in a sentence; without the name where that stands above it. */
export function momentText(app, moment, isHeadline = false) {
  const kpi = kpiOf(app.meta, moment.by === ATTAINMENT ? 'quota_attainment_ratio' : moment.by);
  const values = {
    name: subjectName(moment.name, moment.id?.[0]),
    kpi: kpi ? title(kpi) : (moment.by ?? ''),
    amount: moment.amount === undefined || moment.amount === null ? '' : money(moment.amount),
    threshold: percent(Number(moment.threshold ?? 1)),
  };
  if (isHeadline) return t(`headline.${moment.kind}`, values);
  return moment.kind === 'leader' ? t('moment.leader.by', values) : t(`moment.${moment.kind}`, values);
}

/** Where one is, and what may be chosen here. */
function heading(app) {
  const { route, selection } = app;
  const { scope, by, window, windows, choices } = selection;
  const hasBoard = route.view !== 'channel' && choices.length > 0;
  const isFree = route.view === 'company' || route.view === 'board';
  return html`<div class="heading">
    <div><nav class="crumbs" aria-label=${t('you.are.here')}>${crumbs(app)}</nav><h1 tabindex="-1">${titleOf(app)}</h1></div>
    <form class="choices ${app.isMenuOpen ? 'open' : ''}" @submit=${(event) => event.preventDefault()}>
      ${isFree ? html`<div class="switch" role="group" aria-label=${t('scope')}>${['rep', 'team', 'channel'].filter((name) => (app.meta.windows?.[name] ?? []).length > 0)
        .map((name) => html`<a href=${change(route, { scope: name === 'rep' ? undefined : name, by: undefined, page: 1, team: undefined, board: undefined })}
          aria-current=${name === scope ? 'true' : 'false'}>${t(`scopes.${name}`)}</a>`)}</div>` : nothing}
      ${hasBoard ? select(app, 'by', t('by'), by, choices.map((name) => [name, name === ATTAINMENT ? title(kpiOf(app.meta, 'quota_attainment_ratio') ?? { name }) : title(kpiOf(app.meta, name))])) : nothing}
      ${select(app, 'window', t('window'), route.view === 'channel' ? selection.subjectWindow : window,
        (route.view === 'channel' ? app.meta.windows.channel : windows).map((name) => [name, windowName(name)]))}
      ${isFree && scope === 'rep' && (app.teams ?? []).length > 1
        ? select(app, 'team', t('team'), route.team ?? '', [['', t('all.teams')], ...app.teams.map((team) => [team, subjectName(null, team)])], true) : nothing}
      ${route.view === 'company' || route.view === 'team' || route.view === 'board' ? html`<label class="search behind"><span class="hidden">${t('search')}</span>
        <input type="search" maxlength="64" placeholder=${t('search')} .value=${app.typed ?? route.q ?? ''} @input=${(event) => app.search(event.target.value)}></label>` : nothing}
      <button type="button" class="more" aria-expanded=${app.isMenuOpen ? 'true' : 'false'} aria-label=${t('more')} @click=${() => { app.isMenuOpen = !app.isMenuOpen; app.redraw(); }}>⋯</button>
    </form></div>`;
}

function select(app, key, label, present, choices, isBehind = false) {
  return html`<label class="choice ${isBehind ? 'behind' : ''}"><span>${label}</span><select name=${key} @change=${(event) => app.set({ [key]: event.target.value || undefined, page: 1 })}>
    ${choices.map(([value, text]) => html`<option value=${value} ?selected=${value === present}>${text}</option>`)}</select></label>`;
}

function titleOf(app) {
  const { view, team, rep, channel } = app.route;
  if (view === 'team') return subjectName(null, team);
  if (view === 'channel') return subjectName(null, channel);
  if (view === 'rep') return repName(app) ?? subjectName(null, rep);
  if (view === 'board') return app.selection.board ? boardTitle(app, app.selection.board) : t('view.board');
  return t('view.company');
}

export const boardTitle = (app, board) => board.title?.[document.documentElement.lang] ?? board.title?.[document.documentElement.lang.split('-')[0]] ?? board.title?.en ?? board.id;

function repName(app) {
  const { board: rows, kpis } = answersOf(app);
  return kpis?.subject?.name || rows?.rows?.find((row) => row.id[0] === app.route.rep)?.name || null;
}

function crumbs(app) {
  const { view, team } = app.route;
  const company = html`<a href=${to(app.route, 'company')}>${t('view.company')}</a>`;
  if (view === 'company') return html`<a href=${to(app.route, 'board')}>${t('view.board')}</a><a href=${to(app.route, 'company', { tv: '1' })}>${t('view.tv')}</a>`;
  if (view === 'rep' && team) return html`${company}<a href=${to(app.route, 'team', { team })}>${subjectName(null, team)}</a>`;
  return company;
}
