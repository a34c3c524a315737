// A win moves its rep without a reload, the focus stays with the row, and only a crossing is celebrated.

import assert from 'node:assert/strict';
import { assertClean, browser, control, fixture, inState, open, tab } from '../browser.mjs';

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
  await page.waitForTimeout(500);

  await control(address, { set: [['rep', 'revenue', key, '9000000.50']] });
  await page.waitForFunction((row) => document.querySelector('tbody tr[data-row]').dataset.row === row, id, { timeout: 2_000 });
  assert.equal(await page.locator(`tr[data-row="${id}"] .value data`).getAttribute('value'), '9000000.50');
  assert.equal(await page.evaluate(() => document.activeElement.closest('tr')?.dataset.row), id, 'the focus went with its row');
  assert.equal(await page.locator(`tr[data-row="${id}"] [data-moved=up]`).count(), 1, 'the change is marked');
  await page.waitForSelector('.moments li:has-text("now first by Revenue")');

  await control(address, { set: [['rep', 'revenue', key, before]] });
  await page.waitForFunction((row) => [...document.querySelectorAll('tbody tr[data-row]')][4].dataset.row === row, id, { timeout: 2_000 });
  assertClean(page, address);

  const tv = await tab(chrome, { viewport: { width: 1280, height: 720 } });
  await open(tv, address, '?tv=1&lang=en');
  await inState(tv, 'live');
  await tv.waitForTimeout(500);
  assert.equal(await tv.locator('.celebration').count(), 0, 'what was there already is no reason to celebrate');
  const target = served.value('rep', 'target', { rep, team, period: 'month' });
  const lower = { rep, team, period: 'month' };
  await control(address, { set: [['rep', 'quota_attainment_ratio', lower, '0.99']] });
  await tv.waitForTimeout(300);
  await control(address, { set: [['rep', 'quota_attainment_ratio', lower, '1.01']] });
  await tv.waitForSelector('.celebration.quota:has-text("100%")');
  assert.ok(target, 'the rep has a target');
  await tv.waitForSelector('.celebration', { state: 'detached' });
  assertClean(tv, address);
}
