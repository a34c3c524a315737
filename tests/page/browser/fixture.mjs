// A small server that answers as the service's API does, from the numbers of a real `replay`, for states of the page that
// are hard to bring about with the service itself: catching up, standing by, a stream that freezes, a new build.
//
//   node fixture.mjs PAGE DOCS METRICS [PORT]        prints its address; POST /control?… changes what it does

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html";
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.html': 'text/html', '.svg': 'image/svg+xml' };
const STAGES = ['lead', 'contacted', 'qualified', 'proposal', 'negotiation', 'won'];
const Z = 3.09;

/** The samples of an exposition: name, labels, and the digits of the value. */
export function parse(text) {
  const samples = [];
  for (const line of text.split('\n')) {
    const match = /^(sales_(rep|team|org|channel)_(\w+?))(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!match) continue;
    const labels = {};
    for (const [, key, value] of (match[4] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels[key] = value.replace(/\\n/g, '\n').replace(/\\(.)/g, '$1');
    }
    samples.push({ scope: match[2], name: match[3], labels, value: match[5] });
  }
  return samples;
}

/** The definitions of a KPI page of the documents, by KPI. */
export function definitions(markdown) {
  const plain = (text) => text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[*`]/g, '').replace(/\s+/g, ' ').trim();
  const kpis = {};
  for (const section of markdown.split(/^### /m).slice(1)) {
    const name = section.slice(0, section.indexOf('\n')).trim();
    const part = (words) => {
      const found = new RegExp(`^- \\*\\*(?:${words})[.。]\\*\\*([\\s\\S]*?)(?=^- \\*\\*|^\`\`\`|\\n\\n)`, 'm').exec(section);
      return found ? plain(found[1]) : undefined;
    };
    const title = /^\*\*(.+?)\*\*/m.exec(section)?.[1];
    if (title) kpis[name] = { title, formula: part('Formula|公式'), meaning: part('Meaning|含义'), edges: part('Edge cases|边界情况') };
  }
  return kpis;
}

const LESS = /^(cac|lost|refunds|spend|cycle_.*|lead_response_p.*|stalled_deals|overdue_.*|lost_amount)$/;
const UNITS = [
  ['seconds', /_seconds$/],
  ['ratio', /_ratio$|ltv_per_cac/],
  ['money', /revenue$|revenue_previous|deal_size|^payments|^refunds|^spend|^cac$|^target|amount$|^velocity|customer_value|^ltv$/],
  ['points', /^nps$|ces_/],
];
const unitOf = (name) => UNITS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'count';

/** The catalogue as it can be seen in an exposition. */
function catalogue(samples, titles) {
  const kpis = new Map();
  for (const { scope, name, labels } of samples) {
    if (name === 'rank' || name === 'info') continue;
    if (!kpis.has(name)) {
      const beside = Object.keys(labels).filter((label) => !['rep', 'team', 'channel', 'currency'].includes(label));
      kpis.set(name, {
        name, titles: { en: titles.en[name]?.title ?? name, 'zh-CN': titles.zh[name]?.title ?? name }, unit: unitOf(name),
        better: LESS.test(name) ? 'less' : 'more', additive: !/_ratio$|_seconds$|deal_size|cac|nps|mean/.test(name),
        scopes: [], labels: beside, rankable: [],
      });
    }
    const kpi = kpis.get(name);
    if (!kpi.scopes.includes(scope)) kpi.scopes.push(scope);
    const isRankable = kpi.labels.join() === 'window' && !/_p\d\d_/.test(name) && scope !== 'org';
    if (isRankable && !kpi.rankable.includes(scope)) kpi.rankable.push(scope);
  }
  return [...kpis.values()];
}

/** Whether a step's conversion dropped: the alert's own test. */
export function dropped(from, to, fromBefore, toBefore) {
  if (from + to < 20 || fromBefore + toBefore < 20 || fromBefore === 0) return false;
  const upper = (to + Z ** 2 / 2 + Z * Math.sqrt((to * from) / (from + to) + Z ** 2 / 4)) / (from + to + Z ** 2);
  return upper < (0.8 * toBefore) / (fromBefore + 0.8 * toBefore);
}

/** Another number of the same form, another one at each tick. */
const other = (value, tick) => (typeof value === 'string' ? (Number(value) + tick).toFixed(2) : value === null ? null : value + tick);

/** The samples of an exposition, by what they are. */
export class Exposition {
  constructor(text) {
    this.samples = parse(text);
    this.index = new Map();
    for (const sample of this.samples) this.index.set(this.key(sample.scope, sample.name, sample.labels), sample.value);
  }

  key(scope, name, labels) {
    const sorted = Object.entries(labels).filter(([label]) => label !== 'currency').sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify([scope, name, sorted]);
  }

  value(scope, name, labels) {
    return this.index.get(this.key(scope, name, labels)) ?? null;
  }

  set(scope, name, labels, value) {
    this.index.set(this.key(scope, name, labels), value);
  }
}

export class Fixture extends Exposition {
  constructor(page, docs, metrics) {
    super(metrics);
    this.page = page;
    this.titles = {
      en: definitions(readFileSync(join(docs, 'kpis.md'), 'utf8')),
      zh: definitions(readFileSync(join(docs, 'kpis.zh-CN.md'), 'utf8')),
    };
    this.kpis = catalogue(this.samples, this.titles);
    this.tick = 1;
    this.state = 'ready';
    this.build = '0.1.0';
    this.boot = 'fixture';
    this.meta = {};
    this.streams = new Set();
    this.asOf = Number(process.env.PAGE_AS_OF ?? Date.parse('2026-11-28T14:26:27.123Z'));
    this.born = Date.now();
    this.asked = [];
  }

  now() {
    return this.asOf + (Date.now() - this.born);
  }

  /** A value as the API writes it: money is a text, everything else a number. */
  json(name, value) {
    if (value === null) return null;
    return unitOf(name) === 'money' ? this.money(value) : Number(value);
  }

  money(value) {
    const [whole, part = ''] = String(value).split('.');
    return part.length > 2 ? String(value) : `${whole}.${part.padEnd(2, '0')}`;
  }

  envelope(view) {
    const now = this.now();
    const local = (ms) => `${new Date(ms + 8 * 3_600_000).toISOString().slice(0, 23)}+08:00`;
    const ends = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 };
    const day = Math.floor((now + 8 * 3_600_000) / 86_400_000) * 86_400_000 - 8 * 3_600_000;
    const from = ends[view.window] ? now - ends[view.window] * 86_400_000 : Date.parse('2026-11-01T00:00:00+08:00');
    return {
      as_of: local(now), as_of_ms: now, tick: this.tick, status: this.status(), view, conditions: this.conditions(),
      span: view.window ? { from: local(from), to: local(day + 86_400_000) } : undefined,
    };
  }

  status() {
    return this.state === 'standing_still' ? 'standing_still' : 'ready';
  }

  conditions() {
    return this.state === 'standing_still' ? [{ condition: 'broker_unreachable', reason: 'No Kafka broker answers.' }] : [];
  }

  subjects(scope) {
    if (this.state === 'empty') return [];
    const seen = new Map();
    for (const { scope: of, name, labels } of this.samples) {
      if (of !== scope || name === 'info') continue;
      const id = scope === 'rep' ? [labels.rep, labels.team] : [labels[scope]];
      seen.set(id.join('\u0000'), id);
    }
    return [...seen.values()];
  }

  nameOf(rep) {
    this.names ??= new Map(this.samples.filter(({ name }) => name === 'info').map(({ labels }) => [labels.rep, labels.name]));
    return this.names.get(rep) ?? '';
  }

  labelsOf(scope, id) {
    return scope === 'rep' ? { rep: id[0], team: id[1] } : { [scope]: id[0] };
  }

  leaderboard(query) {
    const scope = query.get('scope') ?? 'rep';
    const by = query.get('by') ?? 'revenue';
    const window = query.get('window') ?? 'mtd';
    const period = { wtd: 'week', mtd: 'month', qtd: 'quarter', ytd: 'year' }[window];
    const limit = Number(query.get('limit') ?? 25);
    const offset = Number(query.get('offset') ?? 0);
    const isLess = this.kpis.find((kpi) => kpi.name === by)?.better === 'less';
    const of = (id, name) => this.value(scope, name, { ...this.labelsOf(scope, id), window });
    const attainment = (id) => (period ? this.value(scope, 'quota_attainment_ratio', { ...this.labelsOf(scope, id), period }) : null);
    const valueOf = (id) => (by === 'quota_attainment' ? (this.state === 'nobody' ? null : attainment(id)) : of(id, by));
    let rows = this.subjects(scope).map((id) => ({ id, name: scope === 'rep' ? this.nameOf(id[0]) : '', raw: valueOf(id) }));
    const isBetter = (left, right) => (isLess ? Number(left) < Number(right) : Number(left) > Number(right));
    const taking = rows.filter((row) => row.raw !== null && row.id[0] !== 'unassigned');
    const rankBy = (list, pick) => (value) => (value === null ? null : 1 + list.filter((row) => pick(row) !== null && isBetter(pick(row), value)).length);
    const rank = rankBy(taking, (row) => row.raw);
    const before = (row) => (by === 'revenue' ? of(row.id, 'revenue_previous') : null);
    const rankBefore = rankBy(rows.filter((row) => row.id[0] !== 'unassigned'), before);
    rows = rows.map((row) => this.row(row, { by, rank, before, rankBefore, period, attainment, scope }));
    const team = query.get('team');
    if (team) rows = rows.filter((row) => row.id[1] === team);
    const q = query.get('q')?.toLowerCase();
    if (q) rows = rows.filter((row) => `${row.name} ${row.id[0]}`.toLowerCase().includes(q));
    const order = (row) => (row.id[0] === 'unassigned' ? Infinity : (row.rank ?? 1e9));
    rows.sort((left, right) => order(left) - order(right) || (left.name < right.name ? -1 : 1));
    const subjects = rows.length;
    const ranked = rows.filter((row) => row.rank !== null).length;
    const around = query.get('around');
    let first = offset;
    if (around) first = Math.max(0, rows.findIndex((row) => row.id[0] === around) - Math.floor(limit / 2));
    const view = { scope, by, window, team: team ?? undefined, order: 'best', limit, offset };
    return {
      ...this.envelope(view), unit: by === 'quota_attainment' ? 'ratio' : unitOf(by), currency: 'CNY', better: isLess ? 'less' : 'more',
      subjects, ranked, rows: rows.slice(first, first + limit), me: null,
    };
  }

  row({ id, name, raw }, { by, rank, before, rankBefore, period, attainment, scope }) {
    const place = id[0] === 'unassigned' ? null : rank(raw);
    const row = { id, name, rank: place, place, value: by === 'quota_attainment' ? (raw === null ? null : Number(raw)) : this.json(by, raw) };
    const previous = before({ id });
    if (previous !== null && place !== null) row.previous = { rank: rankBefore(previous), value: this.money(previous) };
    if (period && scope !== 'channel' && this.state !== 'nobody') {
      const target = this.value(scope, 'target', { ...this.labelsOf(scope, id), period });
      const share = attainment(id);
      row.target = target === null ? null : this.money(target);
      row.attainment = share === null ? null : Number(share);
    }
    if (['revenue', 'won', 'leads'].includes(by)) row.days = this.days(scope, id, by);
    return row;
  }

  /** An exposition has no single dates: here the sum of the week lies on seven days as a week of somebody's may look. */
  days(scope, id, by) {
    let left = Math.round(Number(this.value(scope, by, { ...this.labelsOf(scope, id), window: '7d' }) ?? 0));
    let dice = [...id.join()].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7);
    const days = Array.from({ length: 7 }, (_, day) => {
      dice = (dice * 137 + 71) % 9973;
      const part = day === 6 ? left : Math.round((left * (dice % 5 < 2 ? 0 : dice % 100)) / 160);
      left -= part;
      return part;
    });
    return days.map((part) => (by === 'revenue' ? `${part}.00` : part));
  }

  kpisOf(query) {
    const scope = query.get('scope') ?? 'org';
    const window = query.get('window') ?? 'mtd';
    const names = (query.get('names') ?? '').split(',').filter(Boolean);
    const id = { org: [], team: [query.get('team')], channel: [query.get('channel')], rep: [query.get('rep'), query.get('team')] }[scope];
    const mine = scope === 'org' ? {} : this.labelsOf(scope, id);
    const known = this.state !== 'empty' && (scope === 'org' || this.subjects(scope).some((one) => one.join() === id.join()));
    if (!known && scope !== 'org') return null;
    const values = [];
    for (const sample of this.samples) {
      if (sample.scope !== scope || !names.includes(sample.name)) continue;
      if (!Object.entries(mine).every(([label, value]) => sample.labels[label] === value)) continue;
      if (sample.labels.window && sample.labels.window !== window) continue;
      const labels = Object.fromEntries(Object.entries(sample.labels).filter(([label]) => !(label in mine) && label !== 'currency'));
      values.push({ name: sample.name, labels, value: this.json(sample.name, this.state === 'empty' ? null : this.value(scope, sample.name, sample.labels)) });
    }
    return { ...this.envelope({ scope, window }), subject: { id, name: scope === 'rep' ? this.nameOf(id[0]) : '' }, currency: 'CNY', values };
  }

  funnel(query) {
    const scope = query.get('scope') ?? 'org';
    const window = query.get('window') ?? '7d';
    const mine = scope === 'org' ? {} : { [scope]: query.get(scope) };
    const count = (stage, when) => {
      const name = stage === 'lead' ? `leads${when}` : `stage_entries${when}`;
      return Number(this.value(scope, name, { ...mine, window, ...(stage === 'lead' ? {} : { stage }) }) ?? 0);
    };
    const steps = STAGES.map((stage, place) => {
      const [entries, previous] = [count(stage, ''), count(stage, '_previous')];
      if (place === 0) return { stage, entries, previous };
      const [from, fromBefore] = [count(STAGES[place - 1], ''), count(STAGES[place - 1], '_previous')];
      return {
        stage, entries, previous, ratio: from > 0 ? entries / from : null,
        previous_ratio: fromBefore > 0 ? previous / fromBefore : null, drop: dropped(from, entries, fromBefore, previous),
      };
    });
    const [lead, won] = [steps[0], steps.at(-1)];
    const ratio = (to, from) => (from > 0 ? to / from : null);
    return { ...this.envelope({ scope, window }), steps, lead_to_won: { ratio: ratio(won.entries, lead.entries), previous_ratio: ratio(won.previous, lead.previous) } };
  }

  answer(path) {
    const url = new URL(path, 'http://fixture');
    if (url.pathname === '/leaderboard') return this.leaderboard(url.searchParams);
    if (url.pathname === '/kpis') return this.kpisOf(url.searchParams);
    if (url.pathname === '/funnel') return this.funnel(url.searchParams);
    if (url.pathname === '/deals') {
      const deals = Array.from({ length: 6 }, (_, place) => ({
        lead_id: `L-${4711 + place}`, stage: 'won', since: '2026-11-20T09:30:00+08:00', amount: `${(9 - place) * 5200}.00`, rep: 'rep-1', team: 'north',
      }));
      return { ...this.envelope({}), deals, more: false };
    }
    return null;
  }

  metaAnswer() {
    const windows = (scope) => [...new Set(this.samples.filter((one) => one.scope === scope && one.labels.window).map((one) => one.labels.window))]
      .sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
    return {
      build: this.build, boot: this.boot, zone: 'Asia/Shanghai', currency: 'CNY', currency_digits: 2, stages: STAGES,
      windows: Object.fromEntries(['rep', 'team', 'org', 'channel'].map((scope) => [scope, windows(scope)])), kpis: this.kpis,
      leaderboard: ['revenue', 'won', 'quota_attainment'], bands: [0.5, 0.8, 1], boards: [], celebrate: { deal_over: '50000', quota: [0.8, 1, 1.2], leader: true },
      deal_url: 'https://crm.example/deal/{lead_id}', features: ['deals', 'moments'], me: null, limits: { rows: 200, views: 8, names: 60 }, ...this.meta,
    };
  }

  problem() {
    const problems = {
      catching_up: [503, { code: 'not_ready', readiness: 'catching_up' }],
      standing_by: [503, { code: 'not_owner' }],
      signed_out: [401, { code: 'unauthorized' }],
      not_yours: [403, { code: 'forbidden' }],
      busy: [503, { code: 'too_many_streams' }],
    };
    return problems[this.state];
  }

  handle(request, response) {
    const url = new URL(request.url, 'http://fixture');
    this.asked.push(request.url);
    const json = (status, body, type = 'application/json') =>
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(JSON.stringify(body));
    if (url.pathname === '/control') return this.control(url.searchParams, json);
    if (this.state === 'down') return request.socket.destroy();
    if (url.pathname === '/readyz') {
      return json(this.state === 'catching_up' ? 503 : 200, { ready: this.state !== 'catching_up', status: this.state === 'catching_up' ? 'catching_up' : 'ready', reason: '', records_behind: this.state === 'catching_up' ? 18240 : undefined, conditions: [] });
    }
    if (url.pathname === '/api/v1/meta') return json(200, this.metaAnswer());
    const problem = this.problem();
    if (problem && url.pathname.startsWith('/api/')) return json(problem[0], { type: 'about:blank', status: problem[0], ...problem[1] }, 'application/problem+json');
    if (url.pathname === '/api/v1/stream') return this.stream(url.searchParams.getAll('view'), request, response);
    if (url.pathname.startsWith('/api/v1')) {
      const answer = this.answer(request.url.slice('/api/v1'.length));
      return answer ? json(200, answer) : json(404, { code: 'not_found', title: 'Not found' }, 'application/problem+json');
    }
    return this.asset(url.pathname, response);
  }

  asset(pathname, response) {
    const headers = (type) => ({ 'content-type': `${type}; charset=utf-8`, 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff' });
    const file = pathname === '/' ? 'index.html' : normalize(pathname).replace(/^\/assets\/[^/]+\//, '');
    try {
      let body = readFileSync(join(this.page, file));
      if (file === 'index.html') body = body.toString().replaceAll('{{assets}}', 'assets/fixture').replaceAll('{{build}}', this.build);
      return response.writeHead(200, headers(TYPES[extname(file)] ?? 'text/plain')).end(body);
    } catch {
      return response.writeHead(404).end();
    }
  }

  stream(views, request, response) {
    if (views.some((view) => this.answer(view) === null)) {
      return response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ code: 'not_found' }));
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform' });
    const stream = { views, response, answers: [] };
    stream.send = (event, data, id) => {
      if (this.state !== 'frozen') response.write(`${id ? `id: ${id}\n` : ''}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    response.write('retry: 2000\n\n');
    stream.send('hello', { boot: this.boot, build: this.build, tick: this.tick, views: 8, beat_s: 5 });
    views.forEach((view, place) => stream.send('picture', { ...this.answer(view), view: place }, `${this.boot}.${this.tick}`));
    this.streams.add(stream);
    const beat = () => stream.send('beat', { as_of_ms: this.now(), sent_ms: this.now(), status: this.status(), conditions: this.conditions(), behind_s: 0 });
    beat();
    const timer = setInterval(beat, 5_000);
    return request.on('close', () => {
      clearInterval(timer);
      this.streams.delete(stream);
    });
  }

  /** Sends what changed so many times, each on the tick before: all parts of the answers, or as few as usually change. */
  push(count = 1, most = Infinity, changed = (part) => part) {
    for (const stream of this.streams) {
      const answers = stream.views.map((view) => {
        const answer = this.answer(view);
        for (const list of ['rows', 'values']) if (answer[list]) answer[list] = answer[list].slice(0, most).map(changed);
        return answer;
      });
      for (let base = this.tick; base < this.tick + count; base += 1) {
        answers.forEach((answer, place) => {
          stream.send('change', { ...answer, tick: base + 1, view: place, base, gone: [] }, `${this.boot}.${base + 1}`);
        });
      }
    }
    this.tick += count;
  }

  control(query, json) {
    if (query.has('state')) {
      this.state = query.get('state');
      if (this.problem() || this.state === 'down') for (const { response } of this.streams) response.destroy();
      else if (this.state === 'standing_still') for (const stream of this.streams) stream.send('beat', { as_of_ms: this.now(), sent_ms: this.now(), status: 'standing_still', conditions: this.conditions(), behind_s: 0 });
    }
    if (query.has('build')) {
      this.build = query.get('build');
      for (const { response } of this.streams) response.destroy();
    }
    if (query.has('boot')) {
      this.boot = query.get('boot');
      this.tick = 1;
      for (const { response } of this.streams) response.destroy();
    }
    if (query.has('meta')) Object.assign(this.meta, JSON.parse(query.get('meta')));
    if (query.has('set')) {
      for (const [scope, name, labels, value] of JSON.parse(query.get('set'))) this.set(scope, name, labels, value);
      this.push();
    }
    if (query.has('moment')) for (const stream of this.streams) stream.send('moment', { at_ms: this.now(), ...JSON.parse(query.get('moment')) });
    if (query.has('push')) this.push(Number(query.get('push')), 3);
    // So many rows and values, each with another number.
    if (query.has('stir')) this.push(1, Number(query.get('stir')), (part) => ({ ...part, value: other(part.value, this.tick) }));
    return json(200, { streams: this.streams.size, tick: this.tick, asked: this.asked.splice(0) });
  }

  /** Serves on a free port of this machine; the address ends without a slash. */
  listen(port = 0) {
    this.server = createServer((request, response) => this.handle(request, response));
    return new Promise((resolve) => {
      this.server.listen(port, '127.0.0.1', () => resolve(`http://127.0.0.1:${this.server.address().port}`));
    });
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const ORDER = ['1h', '24h', '7d', '30d', '90d', 'today', 'yesterday', 'wtd', 'mtd', 'qtd', 'ytd', 'last_week', 'last_month'];

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [page, docs, metrics, port] = process.argv.slice(2);
  const fixture = new Fixture(page, docs, readFileSync(metrics, 'utf8'));
  console.log(await fixture.listen(Number(port ?? 0)));
}
