// A page of the real service, which is killed and started many times: the page is live within 5 seconds of each start that is
// ready, it is never loaded anew, and of the streams that broke none is left.

import assert from 'node:assert/strict';
import { PATIENCE, assertClean, browser, inState, marked, open, tab } from '../browser.mjs';
import { want } from './service.mjs';

const STARTS = Number(process.env.PAGE_STARTS ?? 50);
/** From the service's being ready. */
const LIVE_WITHIN_MS = 5_000;

export default async function starts(address) {
  const chrome = await browser();
  const page = await tab(chrome);
  await open(page, address, '?lang=en');
  await inState(page, 'live');
  const assertKept = await marked(page);
  const waited = [];
  for (let start = 1; start <= STARTS; start += 1) {
    await want('kill');
    await page.waitForSelector('.state:not(.live)');
    await want('start');
    const ready = performance.now();
    await inState(page, 'live', LIVE_WITHIN_MS);
    waited.push(performance.now() - ready);
    assert.equal(await page.locator('main.old').count(), 0, 'its numbers are those of now');
    await want('streams 1');
  }
  await assertKept();
  assertClean(page, address);
  waited.sort((one, other) => one - other);
  const [half, most] = [waited[STARTS >> 1], waited[STARTS - 1]].map(Math.round);
  assert.ok(most <= LIVE_WITHIN_MS * PATIENCE);
  console.log(`${STARTS} starts: live again ${half} ms after ready, ${most} ms at most`);
}
