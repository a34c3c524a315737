// The state of the page is its address: every state is a link.

/** What the address may hold, and nothing else. */
const KEYS = [
  'view', 'team', 'rep', 'channel', 'board', 'scope', 'by', 'window', 'q', 'page', 'order',
  'number', 'nrep', 'nteam', 'nchannel', 'help', 'lang', 'theme', 'tv',
];
const VIEWS = ['company', 'team', 'rep', 'channel', 'board'];

/** Reads the query of an address. */
export function read(search) {
  const query = new URLSearchParams(search);
  const route = {};
  for (const key of KEYS) {
    const value = query.get(key);
    if (value !== null && value !== '') route[key] = value.slice(0, 256);
  }
  if (!VIEWS.includes(route.view)) route.view = 'company';
  if (route.view === 'team' && !route.team) route.view = 'company';
  if (route.view === 'rep' && !route.rep) route.view = 'company';
  if (route.view === 'channel' && !route.channel) route.view = 'company';
  route.page = Math.max(1, Math.min(1000, Number.parseInt(route.page ?? '1', 10) || 1));
  return route;
}

/** Writes an address, relative to the page, so that it holds below any path of a proxy. */
export function write(route) {
  const query = new URLSearchParams();
  for (const key of KEYS) {
    const value = route[key];
    const isDefault = (key === 'view' && value === 'company') || (key === 'page' && Number(value) === 1);
    if (value !== undefined && value !== null && value !== '' && !isDefault) query.set(key, String(value));
  }
  const text = query.toString();
  return text ? `?${text}` : '?';
}

/** What stays when one goes from page to page. */
const KEPT = ['by', 'window', 'lang', 'theme'];

/** The address of another page. */
export function to(route, view, more = {}) {
  const next = { view, page: 1 };
  for (const key of KEPT) if (route[key] !== undefined) next[key] = route[key];
  return write({ ...next, ...more });
}

/** The address of the same page with something changed; `undefined` takes a key out. */
export const change = (route, changes) => write({ ...route, ...changes });

/** Windows that end with today, and the period of the targets that each of them is. */
const PERIOD_OF = { wtd: 'week', mtd: 'month', qtd: 'quarter', ytd: 'year' };
const DEFAULT_WINDOW = 'mtd';
export const ATTAINMENT = 'quota_attainment';

/** The period of the targets that a window shows: its own, else the month. */
export const periodOf = (window) => PERIOD_OF[window] ?? 'month';

/** By what the subjects of a scope can be ranked: the catalogue's KPIs, those of the configuration first. */
export function rankable(meta, scope) {
  const names = meta.kpis.filter((kpi) => kpi.rankable?.includes(scope)).map((kpi) => kpi.name);
  const first = (meta.leaderboard ?? []).filter((name) => name !== ATTAINMENT && names.includes(name));
  // Channels have no targets.
  const attainment = scope !== 'channel' && meta.leaderboard?.includes(ATTAINMENT) ? [ATTAINMENT] : [];
  const chosen = [...first, ...attainment];
  return [...chosen, ...names.filter((name) => !chosen.includes(name))];
}

/** The windows in which a scope can be ranked by a KPI. */
export function windowsOf(meta, scope, by) {
  const windows = meta.windows?.[scope] ?? [];
  return by === ATTAINMENT ? windows.filter((window) => window in PERIOD_OF) : windows;
}

const oneOf = (allowed, wanted, otherwise) =>
  allowed.includes(wanted) ? wanted : allowed.includes(otherwise) ? otherwise : allowed[0];

/** What the page shows under a route: whom, ranked by what, and in which window. */
export function selection(route, meta) {
  const subject = subjectOf(route);
  const board = boardOf(route, meta);
  const scope = board?.scope ?? (route.view === 'company' || route.view === 'board' ? scopeOf(route, meta) : 'rep');
  const choices = rankable(meta, scope);
  const by = oneOf(choices, board && !route.by ? board.by : route.by, choices[0]);
  const wanted = board && !route.window ? board.window : (route.window ?? DEFAULT_WINDOW);
  const windows = windowsOf(meta, scope, by);
  const window = oneOf(windows, wanted, DEFAULT_WINDOW);
  const subjectWindow = oneOf(meta.windows?.[subject.scope] ?? [], wanted, DEFAULT_WINDOW);
  return { subject, scope, by, window, windows, choices, subjectWindow, team: board?.team ?? route.team, board };
}

/** The board of the configuration that the address names. */
export const boardOf = (route, meta) => (meta.boards ?? []).find((board) => board.id === route.board);

function scopeOf(route, meta) {
  const scopes = ['rep', 'team', 'channel'].filter((scope) => (meta.windows?.[scope] ?? []).length > 0);
  return oneOf(scopes, route.scope, 'rep');
}

function subjectOf(route) {
  if (route.view === 'team') return { scope: 'team', team: route.team, id: [route.team] };
  if (route.view === 'channel') return { scope: 'channel', channel: route.channel, id: [route.channel] };
  if (route.view === 'rep') return { scope: 'rep', rep: route.rep, team: route.team, id: [route.rep, route.team ?? ''] };
  return { scope: 'org', id: [] };
}
