// The leaderboard: a table whose rows keep their place in the document while they change their place on the page.

import { html, nothing } from './lit/lit-html.js';
import { repeat } from './lit/directives/repeat.js';
import { attainmentBar, bandOf, kpiOf, num, shareBar } from './cards.js';
import { collator, dateTime, percent, short } from './format.js';
import { ordered } from './merge.js';
import { ATTAINMENT, change, to } from './route.js';
import { subjectName, t, title } from './words.js';

/** The KPI that a board is ranked by; attainment is the ratio of that name. */
export const boardKpi = (meta, by) => kpiOf(meta, by === ATTAINMENT ? 'quota_attainment_ratio' : by) ?? { name: by };

/** Whose row it is, for the address of its number. */
export function idOf(scope, row) {
  if (scope === 'rep') return { nrep: row.id[0], nteam: row.id[1] };
  return scope === 'team' ? { nteam: row.id[0] } : { nchannel: row.id[0] };
}

/** Where a row leads: to the page of its subject. */
export function pageOf(app, scope, row) {
  if (scope === 'rep') return to(app.route, 'rep', { rep: row.id[0], team: row.id[1] });
  return scope === 'team' ? to(app.route, 'team', { team: row.id[0] }) : to(app.route, 'channel', { channel: row.id[0] });
}

/** Since when a view shows movement, and by which of the two bases: never both on one board. */
export function movementBase(rows) {
  if (rows.some((row) => row.since)) return 'since';
  return rows.some((row) => row.previous && row.previous.rank !== undefined) ? 'previous' : null;
}

function movement(row, base) {
  const before = base ? row[base]?.rank : null;
  if (before === null || before === undefined || row.rank === null || row.rank === undefined) return nothing;
  const moved = before - row.rank;
  if (moved === 0) return html`<span class="move flat" title=${t('move.none')}>▬<span class="hidden">${t('move.none')}</span></span>`;
  const spoken = t(moved > 0 ? 'move.up' : 'move.down', { places: Math.abs(moved), before });
  return html`<span class="move ${moved > 0 ? 'up' : 'down'}" title=${spoken}><span aria-hidden="true">${moved > 0 ? '▲' : '▼'}${Math.abs(moved)}</span><span class="hidden">${spoken}</span></span>`;
}

/** The last days as a line. */
export function sparkline(days, label) {
  if (!days || days.length < 2) return nothing;
  const values = days.map(Number);
  const [least, most] = [Math.min(0, ...values), Math.max(...values)];
  const height = most - least || 1;
  const points = values.map((value, place) => `${((place / (values.length - 1)) * 96 + 2).toFixed(1)},${(22 - ((value - least) / height) * 20).toFixed(1)}`);
  return html`<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label=${label}><title>${label}</title>
    <polyline class="area" points="2,23 ${points.join(' ')} 98,23"></polyline><polyline points=${points.join(' ')}></polyline></svg>`;
}

export const isMine = (app, row) =>
  app.selection.scope === 'rep' && app.me && app.me[0] === row.id[0] && (app.me[1] === null || app.me[1] === row.id[1]);

/** A board with everything about it. */
export function board(app, answer, around, { limit = 25, hasPages = true } = {}) {
  const { scope, by, choices } = app.selection;
  if (choices.length === 0) return html`<section class="card"><p class="note">${t('no.board')}</p></section>`;
  if (!answer) return html`<section class="card board" aria-busy="true"><div class="skeleton rows" aria-hidden="true"></div></section>`;
  const rows = ordered(answer.rows ?? [], collator(), app.route.order === 'worst');
  const kpi = boardKpi(app.meta, by);
  const context = contextOf(app, answer, rows, kpi);
  const outside = mineOutside(app, rows, around);
  return html`<section class="card board">
    ${rows.length === 0 ? empty(app, answer) : html`
    ${answer.ranked === 0 ? html`<p class="note">${t(by === ATTAINMENT ? 'nobody.target' : 'nobody.ranked')}</p>` : nothing}
    <table>
      <caption class="hidden">${t('board.caption', { kpi: title(kpi), window: t(`window.${app.selection.window}`) })}</caption>
      <thead><tr>
        <th scope="col" class="rank">${t('rank')}</th>
        <th scope="col">${t(`scope.${scope}`)}</th>
        <th scope="col" class="barcol">${context.hasTarget ? t('vs.target') : t('vs.first')}</th>
        <th scope="col" class="n">${title(kpi)}</th>
        ${context.hasDays ? html`<th scope="col" class="days">${t('days')}</th>` : nothing}
        ${scope === 'rep' ? html`<th scope="col" class="star"><span class="hidden">${t('me')}</span></th>` : nothing}
      </tr></thead>
      <tbody>${repeat(rows, (row) => row.id.join('\u0000'), (row) => line(app, row, context))}</tbody>
      ${outside.length > 0 ? html`<tbody class="outside"><tr class="gap"><td colspan="6">${t('around.you')}</td></tr>
        ${repeat(outside, (row) => row.id.join('\u0000'), (row) => line(app, row, context))}</tbody>` : nothing}
    </table>`}
    ${footer(app, answer, rows, context, hasPages ? limit : Infinity)}
  </section>`;
}

/** Whether the bars are of the target: beside any other KPI than what the targets are of they would be of something else. */
export const showsTarget = (by, rows) =>
  by === ATTAINMENT || (by === 'revenue' && rows.some((row) => row.attainment !== undefined && row.attainment !== null));

/** What part of the first somebody's value is; where smaller is better, the other way round. */
export function shareOfFirst(kpi, values) {
  const best = kpi.better === 'less' ? Math.min(...values) : Math.max(0, ...values);
  return (value) => {
    if (value === null || value === undefined || !Number.isFinite(best)) return 0;
    const plain = Number(value);
    if (kpi.better === 'less') return plain > 0 ? best / plain : 1;
    return best > 0 ? plain / best : 0;
  };
}

function contextOf(app, answer, rows, kpi) {
  const values = rows.filter((row) => row.id[0] !== 'unassigned' && row.value !== null).map((row) => Number(row.value));
  return {
    kpi,
    base: movementBase(rows),
    shareOf: shareOfFirst(kpi, values),
    hasTarget: showsTarget(app.selection.by, rows),
    hasDays: rows.some((row) => row.days),
  };
}

/** Whether the page is this row's own. */
const isOfPage = (app, row) => app.route.view === 'rep' && row.id[0] === app.route.rep && (!app.route.team || row.id[1] === app.route.team);

function line(app, row, { kpi, base, shareOf, hasTarget, hasDays }) {
  const { scope, by } = app.selection;
  const id = idOf(scope, row);
  const mine = isMine(app, row);
  const isApart = row.id[0] === 'unassigned';
  const attainment = by === ATTAINMENT ? row.value : row.attainment;
  const rank = row.rank ?? null;
  return html`<tr data-row=${row.id.join('/')} class="${mine ? 'mine' : ''} ${isApart ? 'apart' : ''} ${isOfPage(app, row) ? 'of-page' : ''}">
    <td class="rank">${rank === null ? html`<span class="rank-none" title=${isApart ? t('apart') : t('unranked')}>—</span>`
      : html`<a class="num place place-${rank <= 3 ? rank : 'n'}" href=${change(app.route, { number: 'rank', help: undefined, ...id })}
          title=${t('rank.why')}>${rank}</a>`}${movement(row, base)}</td>
    <td class="name"><a class="who" href=${pageOf(app, scope, row)}>${subjectName(row.name, row.id[0])}</a>
      ${scope === 'rep' && app.route.view !== 'team' ? html`<a class="team" href=${to(app.route, 'team', { team: row.id[1] })}>${subjectName(null, row.id[1])}</a>` : nothing}
      ${mine ? html`<span class="you">${t('you')}</span>` : nothing}</td>
    <td class="barcol">${isApart ? nothing : hasTarget
      ? html`<span class="withbar">${attainmentBar(app.meta, attainment ?? null)}<span class="pct">${attainment === null || attainment === undefined ? '' : percent(Number(attainment))}</span></span>`
      : shareBar(shareOf(row.value), t('share.of.first'))}</td>
    <td class="n value" data-key=${`${by}/${row.id.join('/')}`}>${num(app, kpi.name, row.value, { id })}
      ${hasTarget && by !== ATTAINMENT && attainment !== null && attainment !== undefined ? html`<small class="on-phone band-text-${bandOf(app.meta, attainment)}">${percent(Number(attainment))}</small>` : nothing}</td>
    ${hasDays ? html`<td class="days">${sparkline(row.days, `${t('days')}: ${(row.days ?? []).map((day) => short(kpi, day)).join(' · ')}`)}</td>` : nothing}
    ${scope === 'rep' ? html`<td class="star">${isApart ? nothing : html`<button type="button" class="star" aria-pressed=${mine ? 'true' : 'false'}
      aria-label=${t('this.is.me', { name: subjectName(row.name, row.id[0]) })} title=${t('this.is.me', { name: subjectName(row.name, row.id[0]) })}
      @click=${() => app.toggleMe([...row.id])}>${mine ? '★' : '☆'}</button>`}</td>` : nothing}
  </tr>`;
}

/** The rows about the reader's own, where that is not on this page of the board. */
function mineOutside(app, rows, around) {
  if (!app.me || rows.some((row) => isMine(app, row))) return [];
  const about = around?.rows ?? [];
  return about.some((row) => isMine(app, row)) ? ordered(about, collator()) : [];
}

/** The reader's own row in a sentence: the place, the value, and what the next place takes. */
export function mineStrip(app, answer, around) {
  if (!app.me || app.selection.scope !== 'rep') return nothing;
  const rows = [...(answer?.rows ?? []), ...(around?.rows ?? [])];
  const mine = rows.find((row) => isMine(app, row));
  if (!mine) return nothing;
  const { by } = app.selection;
  const kpi = boardKpi(app.meta, by);
  const better = rows.filter((row) => row.rank && mine.rank && row.rank < mine.rank).sort((left, right) => right.rank - left.rank)[0];
  const missing = better ? Math.abs(Number(better.value) - Number(mine.value)) : null;
  const attainment = by === ATTAINMENT ? null : (mine.attainment ?? null);
  return html`<section class="card me" aria-label=${t('you')}><span class="star" aria-hidden="true">★</span>
    <a class="who" href=${pageOf(app, 'rep', mine)}>${subjectName(mine.name, mine.id[0])}</a>
    <strong>${mine.rank ? t('place', { rank: mine.rank }) : '—'}</strong>
    <span>${num(app, kpi.name, mine.value, { id: idOf('rep', mine) })}</span>
    ${attainment === null ? nothing : html`<span class="withbar">${attainmentBar(app.meta, attainment)}<span class="pct">${percent(attainment)}</span></span>`}
    ${missing === null ? nothing : html`<span class="missing">${t('to.place', { value: short(kpi, missing), place: better.rank })}</span>`}
  </section>`;
}

/** A command that brings a first lead, of now. */
function firstEvent(nowMs) {
  const lead = { type: 'lead', event_id: '1', occurred_at: `${new Date(nowMs).toISOString().slice(0, 19)}Z`, lead_id: 'D1', rep_id: 'wang', team_id: 'east' };
  return `echo 'D1:${JSON.stringify(lead)}' |\n  kcat -P -b localhost:9092 -t sales.leads -K :`;
}

function empty(app, answer) {
  if (app.route.q) return html`<p class="note">${t('no.match', { q: app.route.q })}</p>`;
  if ((answer.subjects ?? 0) > 0) return html`<p class="note">${t('nobody.here')}</p>`;
  return html`<div class="empty"><h2>${t('empty')}</h2><p>${t('empty.how')}</p>
    <pre><code>${firstEvent(app.now)}</code></pre><p>${t('empty.more')}</p></div>`;
}

function footer(app, answer, rows, { base, kpi }, limit) {
  const subjects = answer.subjects ?? rows.length;
  const pages = Math.max(1, Math.ceil(subjects / limit));
  const page = Math.min(app.route.page, pages);
  const link = (number, text, label) =>
    number < 1 || number > pages ? html`<span class="off" aria-hidden="true">${text}</span>`
      : html`<a href=${change(app.route, { page: number })} aria-label=${label}>${text}</a>`;
  return html`<footer class="under">
    <p>${base === 'since' ? t('base.since') : base === 'previous' ? t('base.previous') : nothing}
      ${answer.rest && answer.rest.rows > 0 ? html` ${t('rest', { rows: answer.rest.rows, value: short(kpi, answer.rest.value) })}` : nothing}</p>
    ${pages > 1 ? html`<nav class="pager" aria-label=${t('pages')}>${link(page - 1, '‹', t('page.before'))}
      <span>${t('page.of', { page, pages })}</span>${link(page + 1, '›', t('page.next'))}</nav>` : nothing}
    ${answer.span ? html`<p class="span" title="${dateTime(Date.parse(answer.span.from))} – ${dateTime(Date.parse(answer.span.to))}">${t('counted', { count: answer.ranked ?? 0, all: subjects })}</p>` : nothing}
  </footer>`;
}
