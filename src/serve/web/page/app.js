// Holds what the page knows, and draws it anew when that changes.

import { html, render } from './lit/lit-html.js';
import { Problem, get, path } from './api.js';
import { Live } from './live.js';
import { chrome, failure, skeleton } from './chrome.js';
import { page, viewsOf } from './pages.js';
import { change, rankable, read, selection, write } from './route.js';
import { clock, collator, setOrganisation } from './format.js';
import { choose, load, loadDefinitions, otherLang, subjectName, t } from './words.js';

/** The newest moments that are remembered. */
const MOMENTS = 20;
/** At most one sentence for screen readers in so long a time. */
const SPEAK_EVERY_MS = 30_000;
const META_RETRY_MS = 3_000;
const SEARCH_MS = 300;
const TEAMS_EVERY_MS = 300_000;

const root = document.getElementById('app');

/** What the page knows. */
const app = {
  route: read(location.search),
  meta: null,
  selection: null,
  live: null,
  moments: [],
  /** The row that is the reader's own, as [rep, team]. */
  me: null,
  isMenuOpen: false,
  isNewBuild: false,
  now: Date.now(),
  definitions: null,
  number: null,
  go,
  set,
  remember,
  redraw,
  toggleMe,
  pauseOrResume,
  switchLanguage,
  search,
  /** What stands in the field of the search: its address follows when the typing pauses. */
  typed: null,
  teams: [],
};

/** What this browser remembers; one that forbids storage remembers nothing. */
function remembered(key) {
  try {
    return localStorage.getItem(`salespulse.${key}`);
  } catch {
    return null;
  }
}

function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(`salespulse.${key}`);
    else localStorage.setItem(`salespulse.${key}`, value);
  } catch {
    // Then it holds for this page only.
  }
}

function setTheme() {
  const chosen = app.route.theme ?? remembered('theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
}

/** A display's key lies in the fragment, which reaches no log; the answer sets a cookie, and the key leaves the address. */
async function signInDisplay() {
  const key = /^#key=(.+)$/.exec(location.hash)?.[1];
  if (!key) return;
  history.replaceState(null, '', location.pathname + location.search);
  await get('/meta', { authorization: `Display ${decodeURIComponent(key)}` }).catch(() => null);
}

/** Asks for what is known once: the catalogue and the organisation. Until it is there, the reason is shown. */
async function learn() {
  for (;;) {
    try {
      app.meta = await get('/meta');
      setOrganisation(app.meta);
      app.me = readMe();
      return;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      render(html`<main class="alone">${failure(problem)}</main>`, root);
      await new Promise((resolve) => setTimeout(resolve, META_RETRY_MS));
    }
  }
}

function readMe() {
  try {
    const stored = JSON.parse(remembered('me') ?? 'null');
    if (Array.isArray(stored) && stored.length === 2) return stored;
  } catch {
    // What cannot be read is no choice.
  }
  return app.meta.me?.rep ? [app.meta.me.rep, null] : null;
}

/** Whether a row is the reader's own. */
function toggleMe(id) {
  const isMine = app.me && app.me[0] === id[0] && (app.me[1] === null || app.me[1] === id[1]);
  app.me = isMine ? null : id;
  remember('me', app.me && JSON.stringify(app.me));
  follow();
}

/** Shows another state of the page, and makes it the address. */
function go(address, isReplacement = false) {
  if (address === (location.search || '?')) return;
  history[isReplacement ? 'replaceState' : 'pushState'](null, '', address);
  const before = app.route.view;
  arrive();
  app.isMenuOpen = false;
  follow();
  if (app.route.view !== before) {
    scrollTo(0, 0);
    document.querySelector('h1')?.focus({ preventScroll: true });
  }
}

/** Takes the address in; a search that was typed for another one is no longer meant. */
function arrive() {
  const { view } = app.route;
  app.route = read(location.search);
  if (app.route.view !== view) clearTimeout(searching);
  if ((app.typed ?? '').trim() !== (app.route.q ?? '')) app.typed = null;
}

/** Changes a part of the address. */
function set(changes, isReplacement = false) {
  go(change(app.route, changes), isReplacement);
}

/** Brings the stream to what the address asks for. */
function follow() {
  if (app.route.tv !== undefined && !app.tv) {
    void import('./tv.js').then(async (module) => {
      app.tv = await module.television(app);
      follow();
    });
    return;
  }
  app.selection = selection(app.route, app.meta);
  const views = viewsOf(app);
  if (app.live) app.live.show(views);
  else app.live = new Live(views, { tell, moment, before: beforeChange });
  void number();
  redraw();
}

/** Opens or closes the card of a number, whose module is loaded when it is first asked for. */
async function number() {
  if (!app.route.number && !app.route.help) {
    app.number = null;
    return;
  }
  const [module, definitions] = await Promise.all([import('./number.js'), loadDefinitions()]);
  app.number = module;
  app.definitions = definitions;
  redraw();
}

function tell() {
  const { hello } = app.live ?? {};
  if (hello?.build && app.meta.build && hello.build !== app.meta.build) app.isNewBuild = true;
  redraw();
}

/** Before an answer is shown: something may move. */
function beforeChange() {
  if (app.motion) app.motion.due.changed = true;
}

const seen = new Set();

/** Something happened that people celebrate; the same is never told twice. Of very much at once only the number is known. */
function moment(found) {
  if (found.more) {
    app.tv?.celebrate(found);
    return;
  }
  const key = JSON.stringify(found);
  if (seen.has(key)) return;
  seen.add(key);
  if (seen.size > 1_000) seen.clear();
  app.moments = [found, ...app.moments].slice(0, MOMENTS);
  if (found.kind === 'leader') speak(t('moment.leader', { name: subjectName(found.name, found.id?.[0]) }));
  app.tv?.celebrate(found);
  redraw();
}

let spokenAt = -Infinity;

/** A sentence for screen readers. */
function speak(sentence) {
  if (remembered('quiet') === 'yes' || performance.now() - spokenAt < SPEAK_EVERY_MS) return;
  spokenAt = performance.now();
  document.getElementById('announcer').textContent = sentence;
}

let isDrawing = false;

/** Draws soon: once for everything that changes within a frame. */
function redraw() {
  if (isDrawing) return;
  isDrawing = true;
  // A hidden page gets no frames, and its title should be right all the same.
  const later = document.hidden ? (act) => setTimeout(act, 0) : requestAnimationFrame;
  later(() => {
    isDrawing = false;
    draw();
  });
}

function draw() {
  if (!app.live) return;
  app.now = app.live.now();
  app.motion?.note();
  const isTv = app.route.tv !== undefined;
  document.documentElement.classList.toggle('tv', isTv);
  if (isTv && !app.tv) {
    render(skeleton(), root);
    return;
  }
  const focused = document.activeElement;
  render(isTv ? app.tv.draw(app) : chrome(app, page(app), app.number?.card(app) ?? ''), root);
  // An element that is moved in the document loses the focus, and the row took it along.
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  app.motion?.play();
  if (isTv) app.tv.after();
  app.number?.show(app);
  document.title = titleOf();
  // For those who compare the page with a scrape: the reading that is shown.
  root.dataset.tick = String(Math.max(0, ...app.live.answers.map((answer) => answer?.tick ?? 0)));
}

function titleOf() {
  const { view, team, channel } = app.route;
  const place = { team, channel, rep: app.route.rep, board: t('view.board') }[view] ?? t('view.company');
  const at = app.live.asOfMs ? ` · ${clock(app.live.asOfMs)}` : '';
  const mark = app.live.isLive() ? '' : `${t(`state.${app.live.state}`)} · `;
  return `${mark}${subjectName(null, place)}${view === 'company' ? '' : at} · salespulse`;
}

function pauseOrResume() {
  if (app.live.state === 'paused') app.live.resume();
  else app.live.pause();
}

async function switchLanguage() {
  const name = otherLang();
  remember('lang', name);
  await load(name);
  app.definitions = null;
  if (app.route.lang) go(write({ ...app.route, lang: undefined }), true);
  await number();
  redraw();
}

let searching = null;

/** Searches a name once the typing pauses; the address changes, but is no page of its own in the history. */
function search(text) {
  app.typed = text;
  clearTimeout(searching);
  searching = setTimeout(() => set({ q: text.trim() || undefined, page: 1 }, true), SEARCH_MS);
  redraw();
}

/** The teams that can be chosen: those of a board of teams. */
async function learnTeams() {
  const window = app.meta.windows?.team?.[0];
  const [by] = rankable(app.meta, 'team');
  if (!window || !by) return;
  const answer = await get(path('leaderboard', { scope: 'team', by, window, limit: 200 })).catch(() => null);
  if (answer?.rows) app.teams = answer.rows.map((row) => row.id[0]).sort(collator().compare);
  redraw();
}

/** A link of ours is followed without loading the page anew, unless another tab is asked for. */
function followLink(event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.('a[href^="?"]');
  if (!link) return;
  event.preventDefault();
  go(link.getAttribute('href'));
}

/** Moves the focus to the next or the previous row. */
function step(direction) {
  const links = [...document.querySelectorAll('tbody a.who')];
  if (links.length === 0) return;
  const present = links.indexOf(document.activeElement?.closest('tr')?.querySelector('a.who'));
  const next = present === -1 ? (direction > 0 ? 0 : links.length - 1) : present + direction;
  links[Math.max(0, Math.min(links.length - 1, next))].focus();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (app.route.tv !== undefined) {
    app.tv?.onKey(event);
    return;
  }
  if (event.target.closest?.('input, select, textarea')) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  const keys = {
    '/': () => document.querySelector('input[type=search]')?.focus(),
    p: pauseOrResume,
    j: () => step(1),
    k: () => step(-1),
    '?': () => set({ help: app.route.help ? undefined : '1', number: undefined }),
  };
  const act = keys[event.key];
  if (!act || document.querySelector('dialog[open]')) return;
  event.preventDefault();
  act();
}

async function start() {
  setTheme();
  await load(choose(app.route.lang, remembered('lang'), navigator.languages));
  root.replaceChildren();
  render(skeleton(), root);
  await signInDisplay();
  await learn();
  document.addEventListener('click', followLink);
  document.addEventListener('keydown', onKey);
  addEventListener('popstate', () => {
    arrive();
    setTheme();
    follow();
  });
  follow();
  // What only a second answer needs is loaded after the first.
  app.motion = await import('./motion.js');
  void learnTeams();
  setInterval(() => void learnTeams(), TEAMS_EVERY_MS);
  setInterval(redraw, 1_000);
}

await start();
