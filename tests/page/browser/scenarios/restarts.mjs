// Fifty starts of the service while a page is open: it is not loaded anew, it holds one stream, and it is live at the end.

import assert from 'node:assert/strict';
import { assertClean, browser, control, fixture, inState, marked, open, tab } from '../browser.mjs';

const STARTS = 50;

export default async function restarts() {
  const served = await fixture();
  const chrome = await browser();
  const { address } = served;
  const page = await tab(chrome);
  await open(page, address, '?lang=en');
  const assertKept = await marked(page);
  await control(address, { push: '1' });
  for (let start = 1; start <= STARTS; start += 1) {
    await inState(page, 'live');
    await control(address, { boot: `boot-${start}` });
    // Another process counts its readings from the beginning: no change of before may be taken for one of its own.
    await page.waitForFunction(() => document.querySelector('.state.live') && document.querySelector('#app').dataset.tick === '1');
    const { streams } = await control(address, {});
    assert.equal(streams, 1, `after ${start} starts`);
    await control(address, { push: '1' });
    await page.waitForFunction(() => document.querySelector('#app').dataset.tick === '2');
  }
  await inState(page, 'live');
  await assertKept();
  assertClean(page, address);
}
