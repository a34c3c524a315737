// Everything can be done without a mouse.

import assert from 'node:assert/strict';
import { assertClean, browser, fixture, inState, open, settled, tab } from '../browser.mjs';

export default async function keyboard() {
  const served = await fixture();
  const chrome = await browser();
  const { address } = served;
  const page = await tab(chrome);
  await open(page, address, '?lang=en');
  await inState(page, 'live');

  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');

  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  const first = await page.locator('tbody tr[data-row]').first().getAttribute('data-row');
  assert.equal(await page.evaluate(() => document.activeElement.closest('tr').dataset.row), first);

  // The number of a row: its card holds the focus and gives it back.
  const link = page.locator('tbody tr[data-row]').first().locator('.value a.num');
  await link.focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog[open]');
  assert.match(await page.textContent('dialog'), /Amounts? of the deals won|sales_rep_revenue\{rep=/);
  for (let step = 0; step < 6; step += 1) {
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.activeElement === document.body || document.querySelector('dialog').contains(document.activeElement)));
  }
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  assert.ok(!page.url().includes('number='));

  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]:has-text("Pause and resume")');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });

  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.type), 'search');
  const name = (await page.locator('tbody a.who').first().textContent()).trim();
  const searched = (text) => page.waitForFunction((text) => new URLSearchParams(location.search).get('q') === text, text);
  // Whoever stops within a name goes on where they stopped, whatever is drawn meanwhile.
  await page.keyboard.type('a ');
  await searched('a');
  await settled(page, address);
  await page.keyboard.type('b');
  await searched('a b');
  for (let letter = 0; letter < 3; letter += 1) await page.keyboard.press('Backspace');
  await page.keyboard.type(name);
  // Of two people with one name both are found.
  await page.waitForFunction((name) => {
    const links = [...document.querySelectorAll('tbody a.who')];
    return links.length > 0 && links.every((link) => link.textContent.includes(name));
  }, name);
  await searched(name);
  await page.keyboard.press('Escape');

  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => new URLSearchParams(location.search).get('view') === 'rep');
  // Until the first answer is there, the heading has the rep's id.
  await page.waitForFunction((name) => document.querySelector('h1').textContent.trim() === name, name);
  await page.goBack();
  // The page of the rep has rows too; only the one that it was left from has the search.
  await page.waitForSelector('input[type=search]');
  await page.waitForSelector('tr[data-row]');
  await page.keyboard.press('Escape');

  // The row that is one's own is pinned, with what the next place takes.
  const star = page.locator('button.star').nth(0);
  await star.focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('.card.me');
  assert.equal(await star.getAttribute('aria-pressed'), 'true');
  assertClean(page, address);
}
