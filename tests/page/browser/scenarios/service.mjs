// The page over the real service: the digits of the scrape and of a replay, a win that moves its rep, a re-opened deal that
// moves it back, a service that stands still, a kill and a start. What happens to the service is asked for on standard output,
// a line each, and answered on standard input.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { PATIENCE, assertClean, browser, inState, marked, open, shown, tab } from '../browser.mjs';
import { sampleOf } from '../compared.mjs';
import { Exposition } from '../fixture.mjs';

export const PAGES = [
  '', '?scope=team', '?scope=channel', '?window=30d', '?by=won', '?view=board', '?view=team&team=east',
  '?view=rep&rep=ann&team=east',
];
/** What moves with the clock alone can be compared at one instant only: with a replay, not with a later scrape. */
const MOVING = /^forecast_revenue$|pace_ratio$/;
/** No name. */
export const NONE = /^$/;
/** From a record that Kafka has taken to the row on the page. */
const MOVED_WITHIN_MS = 2_000;
/** 12 seconds without an event, and one to look. */
const LOST_WITHIN_MS = 15_000;

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks for something to happen, and waits until it has. */
export async function want(what) {
  console.log(`WANT ${what}`);
  const { value } = await answers.next();
  assert.equal(value, 'done');
}

/** Waits until a row is the first. */
const leads = (page, row) =>
  page.waitForFunction((row) => document.querySelector('tbody tr[data-row]')?.dataset.row === row, row, {
    timeout: MOVED_WITHIN_MS * PATIENCE,
  });

/** The digits of a value without zeros at the end of its fraction, of which an amount has two and a gauge has none. */
const digits = (value) => (value === null || value === '' ? null : String(value).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, ''));

/** Every number on a page against gauges of the same numbers: on a quiet service nothing changes between two readings. */
export async function compare(page, gauges, left = MOVING) {
  const route = Object.fromEntries(new URL(page.url()).searchParams);
  const window = await page.$eval('select[name=window]', (select) => select.value);
  let compared = 0;
  for (const { kpi, query, value } of await shown(page)) {
    if (left.test(kpi)) continue;
    const { scope, labels } = sampleOf(kpi, query, route, window);
    const found = gauges.value(scope, kpi, labels);
    const where = `${page.url()}: ${kpi} ${JSON.stringify(labels)}`;
    assert.equal(digits(value), digits(found), where);
    compared += 1;
  }
  return compared;
}

/** Every number of an answer of the API against gauges. */
export function compareAnswer({ values }, gauges, left = NONE) {
  let compared = 0;
  for (const { name, labels, value } of values.filter(({ name }) => !left.test(name))) {
    const found = gauges.value('org', name, labels);
    assert.equal(digits(value), digits(found), `${name} ${JSON.stringify(labels)}`);
    compared += found === null ? 0 : 1;
  }
  return compared;
}

/** The page says that the connection is lost, and shows no number as one of now. */
async function assertLost(page) {
  await inState(page, 'lost', LOST_WITHIN_MS);
  assert.equal(await page.locator('main.old').count(), 1);
  assert.match(await page.textContent('.banners'), /Connection lost since \d\d:\d\d\. These are the numbers of \d\d:\d\d:\d\d/);
}

export default async function service(address, metrics, replayed) {
  const chrome = await browser();
  const page = await tab(chrome);
  const answer = await (await fetch(`${address}/api/v1/kpis?window=24h`)).json();
  await want(`replay ${answer.as_of}`);
  const [scraped, again] = [await (await fetch(metrics)).text(), readFileSync(replayed, 'utf8')].map((text) => new Exposition(text));
  const answered = [compareAnswer(answer, scraped, MOVING), compareAnswer(answer, again)];
  assert.ok(Math.min(...answered) > 30, `only ${answered} values of the API were compared`);
  let compared = 0;
  for (const query of PAGES) {
    await open(page, address, query, '.board tr[data-row]');
    await inState(page, 'live');
    compared += await compare(page, scraped);
    await compare(page, again);
  }
  assert.ok(compared > 200, `only ${compared} values were compared`);

  await open(page, address, '?lang=en&window=24h');
  await inState(page, 'live');
  await leads(page, 'ann/east');
  const assertKept = await marked(page);
  await want('win');
  const acknowledged = performance.now();
  await leads(page, 'bo/west');
  const moved = performance.now() - acknowledged;
  assert.equal(await page.locator('tr[data-row="bo/west"] .value data').getAttribute('value'), '9000.00');
  await want('reopen');
  await leads(page, 'ann/east');

  await want('stop');
  await assertLost(page);
  await want('continue');
  await inState(page, 'live', 30_000);
  await want('kill');
  await assertLost(page);
  await want('start');
  await inState(page, 'live', 30_000);
  await leads(page, 'ann/east');
  await assertKept();
  await want('streams 1');
  assertClean(page, address);
  console.log(`${compared} values are the scrape's and a replay's; a win moved its rep ${Math.round(moved)} ms after Kafka had it`);
}
