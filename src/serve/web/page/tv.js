// The page on the wall: boards in a loop, large, for months. It celebrates crossings, and never shows an old number as if
// it were new.

import { html, nothing } from './lit/lit-html.js';
import { repeat } from './lit/directives/repeat.js';
import { path } from './api.js';
import { attainmentBar, kpiOf, shareBar, valueOf } from './cards.js';
import { boardKpi, movementBase, shareOfFirst, showsTarget } from './board.js';
import { instead, stateOf } from './chrome.js';
import { reloadAt } from './daily.js';
import { ago, clock, collator, hours, localDay, percent, short, wallDate } from './format.js';
import { ordered } from './merge.js';
import { boardTitle, momentText } from './pages.js';
import { ATTAINMENT, periodOf, windowsOf } from './route.js';
import { subjectName, t, title } from './words.js';

const SECONDS = 20;
const ROWS = 10;
/** So few rows are drawn larger. */
const FEW = 6;
const CARD_MS = 6_000;
/** More than these are a number at the end. */
const QUEUE = 5;
/** Numbers older than this are never shown without the word for it. */
const OLD_MS = 60_000;
const NEWS_MS = 10 * 60_000;
/** Against burn-in the picture moves by two pixels a minute. */
const SHIFTS = [[0, 0], [2, 0], [2, 2], [0, 2], [-2, 2], [-2, 0], [-2, -2], [0, -2], [2, -2]];
/** A new build is loaded at the next slide, at most so often. */
const RELOAD_EVERY_MS = 60_000;
/** One view is the company's: of a stream's eight the others are boards. */
const MOST_BOARDS = 7;

/** Boards for a configuration that names none. */
function defaultBoards(meta) {
  const windows = meta.windows?.rep ?? [];
  const window = ['mtd', 'wtd', '7d', '30d'].find((name) => windows.includes(name)) ?? windows[0];
  const boards = [
    { id: 'month', title: { en: 'Reps', 'zh-CN': '销售龙虎榜' }, scope: 'rep', by: 'revenue', window },
    { id: 'quota', title: { en: 'Against target', 'zh-CN': '目标达成' }, scope: 'rep', by: ATTAINMENT, window: 'mtd' },
    { id: 'teams', title: { en: 'Teams', 'zh-CN': '团队榜' }, scope: 'team', by: 'revenue', window },
    { id: 'week', title: { en: 'Deals won', 'zh-CN': '赢单榜' }, scope: 'rep', by: 'won', window: windows.includes('7d') ? '7d' : window },
  ];
  const hasTargets = meta.leaderboard?.includes(ATTAINMENT) && windowsOf(meta, 'rep', ATTAINMENT).includes('mtd');
  return boards.filter((board) => board.by !== ATTAINMENT || hasTargets).filter((board) => (meta.windows?.[board.scope] ?? []).includes(board.window));
}

/** The boards that the address asks for: all of them, or some by their ids. */
function boardsOf(app) {
  const all = app.meta.boards?.length > 0 ? app.meta.boards : defaultBoards(app.meta);
  const wanted = app.route.tv === '1' ? null : app.route.tv.split(',');
  const some = wanted ? wanted.map((id) => all.find((board) => board.id === id)).filter(Boolean) : all;
  return (some.length > 0 ? some : all).slice(0, MOST_BOARDS);
}

/** The style sheet of the wall is loaded only where there is one. */
async function loadStyle() {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = new URL('tv.css', import.meta.url).href;
  const loaded = new Promise((resolve) => {
    link.onload = resolve;
    link.onerror = resolve;
  });
  document.head.append(link);
  await loaded;
}

/** A television: everything that happens by itself. */
export async function television(app) {
  await loadStyle();
  let slide = 0;
  let slideSince = performance.now();
  let isHeld = false;
  const queue = [];
  let card = null;
  let more = 0;
  let lock = null;
  const bornAt = Date.now();
  let reloadSeen = null;

  async function keepAwake() {
    try {
      if (!lock || lock.released) lock = await navigator.wakeLock?.request('screen');
    } catch {
      // Off HTTPS and localhost there is none; the screen's own settings must do.
    }
  }
  document.addEventListener('visibilitychange', () => !document.hidden && void keepAwake());
  void keepAwake();

  function turn(by) {
    slide = slide + by;
    slideSince = performance.now();
    if (app.isNewBuild && Date.now() - bornAt > RELOAD_EVERY_MS) location.reload();
    app.redraw();
  }

  /** Once a second: the next slide, the next card, the day's new start. */
  function tick() {
    const boards = boardsOf(app);
    const seconds = boards[mod(slide, boards.length)]?.seconds ?? SECONDS;
    if (!isHeld && performance.now() - slideSince > seconds * 1_000) turn(1);
    const { isDue, seen } = reloadAt(reloadSeen, localDay(app.live?.now() ?? Date.now()));
    reloadSeen = seen;
    if (isDue && Date.now() - bornAt > RELOAD_EVERY_MS) location.reload();
    app.redraw();
  }
  setInterval(tick, 1_000);

  function next() {
    card = queue.shift() ?? (more > 0 ? { kind: 'more', more } : null);
    if (card?.kind === 'more') more = 0;
    if (card) setTimeout(next, CARD_MS);
    app.redraw();
  }

  return {
    plan(state) {
      const views = {};
      for (const board of boardsOf(state)) {
        views[`board-${board.id}`] = path('leaderboard', {
          scope: board.scope ?? 'rep', by: board.by, window: board.window, team: board.team, limit: Math.min(ROWS, board.rows ?? ROWS),
        });
      }
      // A screen that logs in by a key sees its boards and nothing else.
      if (state.meta.me?.role === 'display') return views;
      const window = (state.meta.windows?.org ?? []).includes('mtd') ? 'mtd' : state.meta.windows?.org?.[0];
      const names = ['quota_attainment_ratio', 'revenue', 'booked_revenue', 'target'].filter((name) => kpiOf(state.meta, name)?.scopes?.includes('org'));
      views.kpis = path('kpis', { window, names: names.join(',') });
      return views;
    },

    /** A card in front of everything, if it concerns one of the boards. */
    celebrate(moment) {
      const boards = boardsOf(app);
      const concerns = boards.some((board) => !board.team || board.team === moment.team);
      if (!app.live.isLive() || !(concerns || moment.more)) return;
      if (moment.more) more += moment.more;
      else if (queue.length >= QUEUE) more += 1;
      else queue.push(moment);
      if (!card) next();
    },

    onKey(event) {
      const keys = { ArrowRight: () => turn(1), ArrowLeft: () => turn(-1), Enter: () => { isHeld = !isHeld; app.redraw(); } };
      const act = keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    },

    /** After a drawing: a new card throws its sparks. */
    after() {
      const sparks = document.querySelector('.sparks:not([data-lit])');
      if (!sparks || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
      sparks.dataset.lit = '';
      [...sparks.children].forEach(scatter);
    },

    draw(state) {
      const boards = boardsOf(state);
      const place = mod(slide, Math.max(1, boards.length));
      const board = boards[place];
      const { live } = state;
      const answer = live.answers[place] ?? null;
      const shift = SHIFTS[Math.floor(Date.now() / 60_000) % SHIFTS.length];
      moveBy(shift);
      return html`<div class="wall ${isOld(state) ? 'is-old' : ''}">
        ${patterns}
        ${wallHead(state, board, live.answers[boards.length])}
        <main>${live.hasNumbers() ? wallBoard(state, board, answer) : instead(state)}</main>
        ${wallFoot(state, boards, place, isHeld)}
        ${card ? celebration(state, card) : nothing}</div>`;
    },
  };
}

const ICONS = {
  won: html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 13l5 5L20 6"></path></svg>`,
  quota: html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9"></circle><circle cx="12" cy="12" r="5"></circle><circle cx="12" cy="12" r="1"></circle></svg>`,
  leader: html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M3 18h18M4 15L3 6l5 4 4-6 4 6 5-4-1 9z"></path></svg>`,
};

/** Throws one spark away from the middle, and lets it fall. */
function scatter(spark, number, all) {
  const angle = (number / all.length) * 2 * Math.PI;
  const reach = 38 + 24 * Math.random();
  const [x, y] = [Math.cos(angle) * reach * 1.5, Math.sin(angle) * reach];
  spark.animate(
    [
      { transform: `translate(0, 0) rotate(${angle}rad)`, opacity: 1 },
      { transform: `translate(${x}vh, ${y}vh) rotate(${angle + 3}rad)`, opacity: 1, offset: 0.5 },
      { transform: `translate(${x * 1.1}vh, ${y + 30}vh) rotate(${angle + 7}rad)`, opacity: 0 },
    ],
    { duration: 2_600 + 900 * Math.random(), easing: 'cubic-bezier(0.1, 0.7, 0.3, 1)' },
  );
}

const mod = (value, length) => ((value % length) + length) % length;

const patterns = html`<svg class="patterns" aria-hidden="true"><defs>
  <pattern id="pattern-0" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 6L6 0" class="stroke"></path></pattern>
  <pattern id="pattern-1" width="5" height="5" patternUnits="userSpaceOnUse"><path d="M0 0V5" class="stroke"></path></pattern>
  <pattern id="pattern-2" width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="3" cy="3" r="1" class="dot"></circle></pattern></defs></svg>`;

/** The picture's place, by a property of the style sheet's own object: attributes of style are forbidden by our own policy. */
function moveBy([x, y]) {
  document.documentElement.style.setProperty('--shift-x', `${x}px`);
  document.documentElement.style.setProperty('--shift-y', `${y}px`);
}

function isOld({ live }) {
  return !live.isLive() || (live.asOfMs !== null && live.now() - live.asOfMs > OLD_MS);
}

function wallHead(app, board, kpis) {
  const period = periodOf(board?.window);
  const attainment = valueOf(kpis, 'quota_attainment_ratio', { period }) ?? valueOf(kpis, 'quota_attainment_ratio', { period: 'month' });
  const kpi = board ? boardKpi(app.meta, board.by) : null;
  const shown = app.live.hasNumbers();
  return html`<header><h1>${board ? boardTitle(app, board) : t('view.board')}<small>${board ? `${title(kpi)} · ${t(`window.${board.window}`)}` : ''}</small></h1>
    ${attainment === null || !shown ? nothing : html`<p class="org">${t('view.company')} ${attainmentBar(app.meta, attainment)} <strong>${percent(attainment)}</strong></p>`}
    ${shown && board?.window === 'mtd' ? html`<p class="left">${daysLeft(app.live.now())}</p>` : nothing}
    <p class="time"><span>${wallDate(app.live.now())}</span><strong>${hours(app.live.now())}</strong></p></header>`;
}

/** How many days of the month come after today, as the organisation dates them. */
function daysLeft(nowMs) {
  const { year, month, day } = localDay(nowMs);
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate() - day;
  return days === 0 ? t('tv.last.day') : t('tv.days.left', { days });
}

function wallBoard(app, board, answer) {
  if (!board) return html`<p class="note">${t('no.board')}</p>`;
  if (!answer) return html`<div class="skeleton rows" aria-hidden="true"></div>`;
  const most = board.rows ?? ROWS;
  const rows = ordered(answer.rows ?? [], collator()).filter((row) => row.id[0] !== 'unassigned').slice(0, Math.min(ROWS, most));
  if (rows.length === 0) return html`<p class="note">${t('empty')}</p>`;
  const kpi = boardKpi(app.meta, board.by);
  const base = movementBase(rows);
  const shareOf = shareOfFirst(kpi, rows.filter((row) => row.value !== null).map((row) => Number(row.value)));
  const hasTarget = showsTarget(board.by, rows);
  return html`<table class=${rows.length <= FEW ? 'few' : ''}><caption class="hidden">${boardTitle(app, board)}</caption>
    <thead class="hidden"><tr><th scope="col">${t('rank')}</th><th scope="col">${t('move')}</th><th scope="col">${t(`scope.${board.scope ?? 'rep'}`)}</th>
      <th scope="col">${t('team')}</th><th scope="col">${title(kpi)}</th><th scope="col">${hasTarget ? t('vs.target') : t('vs.first')}</th></tr></thead>
    <tbody>${repeat(rows, (row) => `${board.id}\u0000${row.id.join('\u0000')}`, (row) => wallRow(row, { board, kpi, base, shareOf, hasTarget, meta: app.meta }))}</tbody></table>`;
}

function wallRow(row, { board, kpi, base, shareOf, hasTarget, meta }) {
  const before = base ? row[base]?.rank : null;
  const moved = before && row.rank ? before - row.rank : 0;
  const attainment = board.by === ATTAINMENT ? row.value : row.attainment;
  return html`<tr data-row=${`${board.id}/${row.id.join('/')}`}>
    <td class="rank"><span class="place place-${row.rank && row.rank <= 3 ? row.rank : 'n'}">${row.rank ?? '—'}</span></td>
    <td class="moved">${moved === 0 ? nothing : html`<span class="move ${moved > 0 ? 'up' : 'down'}">${moved > 0 ? '▲' : '▼'}${Math.abs(moved)}</span>`}</td>
    <td class="name">${subjectName(row.name, row.id[0])}</td>
    <td class="team">${row.id.length > 1 ? subjectName(null, row.id[1]) : ''}</td>
    <td class="n value" data-key=${`${board.id}/${row.id.join('/')}`}><data value=${row.value ?? ''}>${short(kpi, row.value, true)}</data></td>
    <td class="barcol">${hasTarget ? attainmentBar(meta, attainment ?? null) : shareBar(shareOf(row.value), t('share.of.first'))}</td>
    <td class="pct">${hasTarget && board.by !== ATTAINMENT && attainment !== null && attainment !== undefined ? percent(attainment) : ''}</td></tr>`;
}

function wallFoot(app, boards, place, isHeld) {
  const { live } = app;
  const news = app.moments.find((moment) => live.now() - (moment.at_ms ?? 0) < NEWS_MS);
  return html`<footer>${stateOf(app)}
    ${live.state === 'lost' ? html`<p class="lost-since">${t('banner.lost', { since: hours(live.lostSince ?? app.now), time: live.asOfMs ? clock(live.asOfMs) : '—' })}</p>`
      : live.conditions[0] ? html`<p class="lost-since">${t(`condition.${live.conditions[0].condition}`)}</p>` : nothing}
    <p class="dots" aria-hidden="true">${boards.map((_, number) => html`<span class=${number === place ? 'on' : ''}></span>`)}${isHeld ? html`<span class="held">⏸</span>` : nothing}</p>
    <p class="news">${news ? html`${momentText(app, news)} · ${ago(news.at_ms, live.now())}` : nothing}</p></footer>`;
}

function celebration(app, moment) {
  if (moment.kind === 'more') return html`<div class="celebration"><div class="sheet"><p class="what">+${moment.more}</p></div></div>`;
  const sparks = Array.from({ length: 24 }, (_, number) => html`<i class="spark-${number % 4}"></i>`);
  return html`<div class="celebration ${moment.kind}" role="status"><div class="sparks" aria-hidden="true">${sparks}</div>
    <div class="sheet">${ICONS[moment.kind] ?? nothing}
      <p class="name">${subjectName(moment.name, moment.id?.[0])}</p><p class="what">${momentText(app, moment, true)}</p></div></div>`;
}
