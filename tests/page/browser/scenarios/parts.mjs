// The parts of the page that need no browser: how changes are taken in, what an address means, when a screen reloads.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOCS, PAGE } from '../browser.mjs';
import { definitions, dropped, parse } from '../fixture.mjs';

const module = (name) => import(join(PAGE, name));
const row = (rep, value, more = {}) => ({ id: [rep, 'east'], name: rep, rank: 1, value, ...more });

async function merging() {
  const { merge, ordered } = await module('merge.js');
  const before = { tick: 4, subjects: 3, rows: [row('a', '3.00', { rank: 1 }), row('b', '2.00', { rank: 2 }), row('c', '1.00', { rank: 3 })] };
  const after = merge(before, { view: 0, base: 4, tick: 5, subjects: 2, rows: [row('b', '9.00', { rank: 1 }), row('a', '3.00', { rank: 2 })], gone: [['c', 'east']] });
  assert.deepEqual(ordered(after.rows, new Intl.Collator('en')).map(({ id }) => id[0]), ['b', 'a']);
  assert.deepEqual([after.tick, after.subjects, 'view' in after], [5, 2, false]);
  assert.equal(before.rows.length, 3, 'what was shown before is not touched');
  const values = { tick: 1, values: [{ name: 'won', labels: { window: '7d' }, value: 1 }, { name: 'lost', labels: { window: '7d' }, value: 2 }] };
  assert.deepEqual(merge(values, { tick: 2, values: [{ name: 'won', labels: { window: '7d' }, value: 5 }] }).values.map(({ value }) => value), [5, 2]);

  const rows = [row('unassigned', '99.00', { rank: null }), row('none', null, { rank: null }), row('b', '1.00', { rank: 1, name: '李' }), row('a', '1.00', { rank: 1, name: '安' })];
  assert.deepEqual(ordered(rows, new Intl.Collator('zh-CN')).map(({ id }) => id[0]), ['a', 'b', 'none', 'unassigned']);
  assert.deepEqual(ordered([row('a', '2', { rank: 1 }), row('b', '1', { rank: 2 })], new Intl.Collator('en'), true).map(({ id }) => id[0]), ['b', 'a']);
}

async function addressing() {
  const { change, read, selection, to, write } = await module('route.js');
  const address = '?view=team&team=%E5%8D%8E%E4%B8%9C%2F1&window=7d&by=won&page=3&q=a%26b';
  assert.equal(write(read(address)), '?view=team&team=%E5%8D%8E%E4%B8%9C%2F1&by=won&window=7d&q=a%26b&page=3');
  assert.equal(write(read('')), '?');
  assert.equal(read('?view=team').view, 'company', 'a team without a name is no page');
  assert.equal(read('?view=nothing&page=-4').page, 1);
  assert.equal(change(read(address), { page: 1, q: undefined }), '?view=team&team=%E5%8D%8E%E4%B8%9C%2F1&by=won&window=7d');
  assert.equal(to(read(address), 'rep', { rep: 'a&b' }), '?view=rep&rep=a%26b&by=won&window=7d', 'a search is left behind');
  const meta = { windows: { rep: ['7d', 'mtd'], org: ['1h', 'mtd'] }, leaderboard: ['revenue', 'quota_attainment'], kpis: [
    { name: 'won', rankable: ['rep'] }, { name: 'revenue', rankable: ['rep'] }] };
  assert.deepEqual(selection(read(''), meta).choices, ['revenue', 'quota_attainment', 'won']);
  const quota = selection(read('?by=quota_attainment&window=7d'), meta);
  assert.deepEqual([quota.window, quota.windows], ['mtd', ['mtd']], 'attainment has windows to date only');
  const week = selection(read('?window=7d'), meta);
  assert.deepEqual([week.window, week.subjectWindow], ['7d', 'mtd'], 'the company does not show 7d');
}

async function reloading() {
  const { reloadAt } = await module('daily.js');
  const hours = (...list) => {
    let before = null;
    return list.map(([day, hour]) => {
      const { isDue, seen } = reloadAt(before, { year: 2026, month: 11, day, hour });
      before = seen;
      return isDue;
    });
  };
  assert.deepEqual(hours([28, 3], [28, 4], [28, 4], [28, 5], [29, 3], [29, 4]), [false, true, false, false, false, true]);
  assert.deepEqual(hours([28, 4], [28, 4], [28, 5], [29, 4]), [false, false, false, true], 'what was loaded in the hour waits a day');
}

function judging() {
  assert.ok(dropped(90, 8, 104, 41));
  assert.ok(!dropped(120, 90, 130, 104) && !dropped(10, 0, 104, 41) && !dropped(104, 0, 10, 2) && !dropped(40, 12, 40, 20));
  const [sample] = parse('sales_rep_revenue{rep="a\\"b",team="x\\\\y",currency="CNY",window="mtd"} 12.5\n');
  assert.deepEqual([sample.labels.rep, sample.labels.team, sample.value], ['a"b', 'x\\y', '12.5']);
  const told = definitions('### won\n\n**Won deals**: `x`\n\n- **Formula.** A [b](#c)\n  d.\n- **Meaning.** E.\n- **Edge cases.** F\n  `g`.\n- **Example.** H.\n\n```x\n');
  assert.deepEqual(told.won, { title: 'Won deals', formula: 'A b d.', meaning: 'E.', edges: 'F g.' });
}

/** The page's definitions are the documents': `node scripts/page/definitions.mjs` writes them. */
function defining() {
  for (const [language, document] of [['en', 'kpis.md'], ['zh-CN', 'kpis.zh-CN.md']]) {
    const written = JSON.parse(readFileSync(join(PAGE, `i18n/definitions.${language}.json`), 'utf8'));
    const wanted = JSON.parse(JSON.stringify(definitions(readFileSync(join(DOCS, document), 'utf8'))));
    assert.deepEqual(written, wanted, 'run: node scripts/page/definitions.mjs');
  }
}

export default async function parts() {
  defining();
  await merging();
  await addressing();
  await reloading();
  judging();
}
