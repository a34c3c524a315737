// Each state of the service and of the connection has its own words, and no number stands where none may.

import assert from 'node:assert/strict';
import { assertClean, browser, control, fixture, inState, open, tab } from '../browser.mjs';

const numbers = (page) => page.locator('main a.num').count();

export default async function states() {
  const served = await fixture();
  const chrome = await browser();
  const page = await tab(chrome);
  const { address } = served;

  const waiting = await tab(chrome);
  await waiting.route('**/api/v1/stream*', () => {});
  await open(waiting, address, '?lang=en', '[aria-busy] .skeleton');
  assert.equal(await waiting.locator('main a.num data:not([value=""])').count(), 0, 'a dash stands where numbers will');
  const old = await tab(chrome);
  await old.route('**/app.js', (route) => route.abort());
  await open(old, address, '', '.too-old:visible');
  assert.match(await old.textContent('#app'), /needs a newer browser[\s\S]*请使用较新的浏览器/);

  await open(page, address, '?lang=en');
  await inState(page, 'live');
  assert.ok((await numbers(page)) > 50);

  await control(address, { state: 'standing_still' });
  await inState(page, 'standing_still');
  assert.match(await page.textContent('.banners'), /stand still.*\d\d:\d\d:\d\d.*Kafka broker/s);
  assert.ok(await page.locator('main.old').count(), 'what stands still is grey');

  for (const [state, words] of [
    ['catching_up', /never half a number[\s\S]*18,240/],
    ['standing_by', /Another instance shows the numbers/],
    ['not_yours', /Your role/],
    ['signed_out', /who you are/],
  ]) {
    await control(address, { state });
    await inState(page, state);
    await page.waitForFunction((source) => new RegExp(source).test(document.querySelector('main').textContent), words.source);
    assert.equal(await numbers(page), 0, `${state} shows numbers`);
    await control(address, { state: 'ready' });
    await inState(page, 'live');
    assert.ok((await numbers(page)) > 50, `after ${state} the numbers are back`);
  }

  await page.keyboard.press('p');
  await inState(page, 'paused');
  assert.match(await page.textContent('.banners'), /You paused/);
  await page.keyboard.press('p');
  await inState(page, 'live');

  await control(address, { build: '0.2.0' });
  await page.waitForSelector('.banner:has-text("newer version")');
  assertClean(page, address);

  const nobody = await tab(chrome);
  await open(nobody, address, '?lang=en&view=team&team=nobody', '.notice.unknown_subject');
  assert.match(await nobody.textContent('.notice'), /Nobody of this name/);

  const empty = await tab(chrome);
  await control(address, { state: 'empty' });
  await open(empty, address, '?lang=en', '.empty');
  assert.match(await empty.textContent('.empty'), /kcat -P .* -t sales\.leads/);

  await control(address, { state: 'nobody' });
  await open(empty, address, '?lang=en&by=quota_attainment');
  assert.match(await empty.textContent('.board .note'), /Nobody has a target/);
  assertClean(empty, address);
}
