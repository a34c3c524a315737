// A win moves its rep without a reload, the focus stays with the row, and what happens is celebrated once.

import assert from 'node:assert/strict';
import { assertClean, browser, control, fixture, inState, open, tab, ticks } from '../browser.mjs';

const rowAt = (page, place) => page.locator('tbody tr[data-row]').nth(place).getAttribute('data-row');

export default async function moving() {
  const served = await fixture();
  const chrome = await browser();
  const { address } = served;
  const page = await tab(chrome);
  await open(page, address, '?lang=en');
  await inState(page, 'live');
  const id = await rowAt(page, 4);
  const [rep, team] = id.split('/');
  const key = { rep, team, window: 'mtd' };
  const before = served.value('rep', 'revenue', key);
  await page.locator(`tr[data-row="${id}"] a.who`).focus();
  await ticks(page, address);

  await control(address, { set: [['rep', 'revenue', key, '9000000.50']] });
  await page.waitForFunction((row) => document.querySelector('tbody tr[data-row]').dataset.row === row, id, { timeout: 2_000 });
  assert.equal(await page.locator(`tr[data-row="${id}"] .value data`).getAttribute('value'), '9000000.50');
  assert.equal(await page.evaluate(() => document.activeElement.closest('tr')?.dataset.row), id, 'the focus went with its row');
  assert.equal(await page.locator(`tr[data-row="${id}"] [data-moved=up]`).count(), 1, 'the change is marked');
  const leader = { kind: 'leader', scope: 'rep', id: [rep, team], name: served.nameOf(rep), team, by: 'revenue', window: 'mtd', at_ms: served.now() };
  for (let times = 0; times < 2; times += 1) await control(address, { moment: leader });
  await page.waitForSelector('.moments li:has-text("now first by Revenue")');
  assert.equal(await page.locator('.moments li').count(), 1, 'the same is told once');

  await control(address, { set: [['rep', 'revenue', key, before]] });
  await page.waitForFunction((row) => [...document.querySelectorAll('tbody tr[data-row]')][4].dataset.row === row, id, { timeout: 2_000 });
  assertClean(page, address);

  const still = await tab(chrome, { reducedMotion: 'reduce' });
  await open(still, address, '?lang=en');
  await inState(still, 'live');
  await control(address, { set: [['rep', 'revenue', key, '9000000.50']] });
  await still.waitForFunction((row) => document.querySelector('tbody tr[data-row]').dataset.row === row, id);
  assert.equal(await still.evaluate(() => document.getAnimations().length), 0, 'who wants no motion sees none');
  await control(address, { set: [['rep', 'revenue', key, before]] });
  await still.context().close();

  const tv = await tab(chrome, { viewport: { width: 1280, height: 720 } });
  await open(tv, address, '?tv=1&lang=en');
  await inState(tv, 'live');
  await ticks(tv, address);
  assert.equal(await tv.locator('.celebration').count(), 0, 'what was there already is no reason to celebrate');
  await control(address, { moment: { kind: 'quota', scope: 'rep', id: [rep, team], team, threshold: 1, window: 'mtd' } });
  await tv.waitForSelector('.celebration.quota:has-text("100%")');
  await control(address, { moment: { more: 7 } });
  await tv.waitForSelector('.celebration:has-text("+7")');
  await tv.waitForSelector('.celebration', { state: 'detached' });
  assertClean(tv, address);
}
