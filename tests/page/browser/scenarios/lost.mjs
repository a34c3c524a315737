// A socket that freezes and a service that is gone are a lost connection within 12 seconds, and no number of before passes
// as live; when the service is back, so is the page, without being loaded anew.

import assert from 'node:assert/strict';
import { assertClean, browser, control, fixture, inState, marked, open, tab } from '../browser.mjs';

/** 12 seconds without an event, one to look, and what a busy machine needs. */
const WITHIN_MS = 15_000;

export default async function lost() {
  const served = await fixture();
  const chrome = await browser();
  const { address } = served;
  const page = await tab(chrome);
  await open(page, address, '?lang=en');
  const assertKept = await marked(page);
  for (const state of ['frozen', 'down']) {
    await inState(page, 'live');
    await control(address, { state });
    await inState(page, 'lost', WITHIN_MS);
    assert.match(await page.textContent('.banners'), /Connection lost since \d\d:\d\d\. These are the numbers of \d\d:\d\d:\d\d/);
    assert.equal(await page.locator('main.old.lost').count(), 1, 'the numbers are grey');
    await control(address, { state: 'ready' });
  }
  await inState(page, 'live', 25_000);
  await assertKept();
  assertClean(page, address);

  const tv = await tab(chrome, { viewport: { width: 1280, height: 720 } });
  await open(tv, address, '?tv=1&lang=en');
  await inState(tv, 'live');
  await control(address, { state: 'frozen' });
  await inState(tv, 'lost', WITHIN_MS);
  assert.ok(await tv.locator('.wall.is-old').count());
  await tv.waitForFunction(() => /Connection lost since/.test(document.querySelector('.wall footer').textContent));
}
