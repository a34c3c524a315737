// A win moves its rep without a reload, the focus stays with the row, and what happens is celebrated once.

import assert from 'node:assert/strict';
import { PATIENCE, assertClean, browser, control, fixture, inState, inTick, open, settled, tab } from '../browser.mjs';

/** From a change of the service's to the row on the page. */
const MOVED = { timeout: 2_000 * PATIENCE };

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
  await settled(page, address);
  // A mark goes after two seconds, which may have passed before anybody looks.
  await page.evaluate(() => {
    globalThis.marks = [];
    const note = (changes) => changes.forEach(({ target }) => target.dataset.moved && globalThis.marks.push(`${target.closest('tr')?.dataset.row} ${target.dataset.moved}`));
    new MutationObserver(note).observe(document.body, { subtree: true, attributeFilter: ['data-moved'] });
  });

  await control(address, { set: [['rep', 'revenue', key, '9000000.50']] });
  await page.waitForFunction((row) => document.querySelector('tbody tr[data-row]').dataset.row === row, id, MOVED);
  assert.equal(await page.locator(`tr[data-row="${id}"] .value data`).getAttribute('value'), '9000000.50');
  assert.equal(await page.evaluate(() => document.activeElement.closest('tr')?.dataset.row), id, 'the focus went with its row');
  await page.waitForFunction(() => globalThis.marks.length > 0);
  assert.deepEqual([...new Set(await page.evaluate(() => globalThis.marks.filter((mark) => mark.includes('/'))))], [`${id} up`], 'the change is marked');
  const leader = { kind: 'leader', scope: 'rep', id: [rep, team], name: served.nameOf(rep), team, by: 'revenue', window: 'mtd', at_ms: served.now() };
  for (let times = 0; times < 2; times += 1) await control(address, { moment: leader });
  await page.waitForSelector('.moments li:has-text("now first by Revenue")');
  assert.equal(await page.locator('.moments li').count(), 1, 'the same is told once');

  await control(address, { set: [['rep', 'revenue', key, before]] });
  await page.waitForFunction((row) => [...document.querySelectorAll('tbody tr[data-row]')][4].dataset.row === row, id, MOVED);
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
  const { tick } = await control(address, { push: '1' });
  await inTick(tv, tick);
  assert.equal(await tv.locator('.celebration').count(), 0, 'what was there already is no reason to celebrate');
  await control(address, { moment: { kind: 'quota', scope: 'rep', id: [rep, team], team, threshold: 1, window: 'mtd' } });
  await tv.waitForSelector('.celebration.quota:has-text("100%")');
  await control(address, { moment: { more: 7 } });
  await tv.waitForSelector('.celebration:has-text("+7")');
  await tv.waitForSelector('.celebration', { state: 'detached' });
  assertClean(tv, address);
}
