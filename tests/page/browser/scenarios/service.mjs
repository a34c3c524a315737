// The page over the real service: the digits of the scrape, a win that moves its rep, a re-opened deal that moves it back, a
// kill and a start. What happens to the service is asked for on standard output, a line each, and answered on standard input.

import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { assertClean, browser, inState, open, shown, tab } from '../browser.mjs';
import { sampleOf } from '../compared.mjs';
import { Exposition } from '../fixture.mjs';

const PAGES = ['', '?scope=team', '?scope=channel', '?window=30d', '?by=won', '?view=board', '?view=team&team=east', '?view=rep&rep=ann&team=east'];
/** From a record that Kafka has taken to the row on the page. */
const MOVED_WITHIN_MS = 2_000;
/** What a machine that builds beside it needs more. */
const PATIENCE = Number(process.env.PAGE_PATIENCE ?? 1);

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks for something to happen, and waits until it has. */
async function want(what) {
  console.log(`WANT ${what}`);
  const { value } = await answers.next();
  assert.equal(value, 'done');
}

const first = (page) => page.evaluate(() => document.querySelector('tbody tr[data-row]')?.dataset.row);

/** Every number on a page against the scrape of the same instant: on a quiet service nothing changes between them. */
async function compare(page, metrics) {
  const route = Object.fromEntries(new URL(page.url()).searchParams);
  const window = await page.$eval('select[name=window]', (select) => select.value);
  const scrape = new Exposition(await (await fetch(metrics)).text());
  let compared = 0;
  for (const { kpi, query, value } of await shown(page)) {
    const { scope, labels } = sampleOf(kpi, query, route, window);
    const found = scrape.value(scope, kpi, labels);
    assert.equal(value === '' ? null : Number(value), found === null ? null : Number(found), `${page.url()}: ${kpi} ${JSON.stringify(labels)}`);
    const isMoney = /revenue|amount|deal_size|payments|refunds|spend|target|cac|velocity|ltv$/.test(kpi);
    if (found !== null && !isMoney && !/\.0$/.test(found)) assert.equal(value, found, 'the same digits');
    compared += 1;
  }
  return compared;
}

export default async function service(address, metrics) {
  const chrome = await browser();
  const page = await tab(chrome);
  let compared = 0;
  for (const query of PAGES) {
    await open(page, address, query, '.board tr[data-row]');
    await inState(page, 'live');
    compared += await compare(page, metrics);
  }
  assert.ok(compared > 200, `only ${compared} values were compared`);

  await open(page, address, '?lang=en&window=24h');
  await inState(page, 'live');
  assert.equal(await first(page), 'ann/east');
  await page.evaluate(() => (document.body.dataset.born = 'once'));
  await want('win');
  const acknowledged = performance.now();
  await page.waitForFunction(() => document.querySelector('tbody tr[data-row]').dataset.row === 'bo/west', null, { timeout: MOVED_WITHIN_MS * PATIENCE });
  const moved = performance.now() - acknowledged;
  assert.equal(await page.locator('tr[data-row="bo/west"] .value data').getAttribute('value'), '9000.00');
  await want('reopen');
  await page.waitForFunction(() => document.querySelector('tbody tr[data-row]').dataset.row === 'ann/east', null, { timeout: MOVED_WITHIN_MS * PATIENCE });

  await want('kill');
  await inState(page, 'lost', 15_000 * PATIENCE);
  assert.equal(await page.locator('main.old').count(), 1);
  await want('start');
  await inState(page, 'live', 30_000 * PATIENCE);
  assert.equal(await first(page), 'ann/east');
  assert.equal(await page.evaluate(() => document.body.dataset.born), 'once', 'nothing was loaded anew');
  assertClean(page, address);
  console.log(`${compared} values are the scrape's; a win moved its rep ${Math.round(moved)} ms after Kafka had it`);
}
