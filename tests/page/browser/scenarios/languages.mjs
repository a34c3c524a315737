// Each language shows its own words and none of the other's.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LANGUAGES, PAGE, assertClean, browser, fixture, open, tab } from '../browser.mjs';

const VIEWS = ['', 'scope=team', 'view=team&team=east', 'view=rep&rep=rep-1001&team=east', 'number=win_ratio', 'help=1', 'tv=1'];
const words = (language) => JSON.parse(readFileSync(join(PAGE, `i18n/${language}.json`), 'utf8'));
/** Stages, teams and the like may stand as they are named; what is short stands in other words. */
const isTelling = (key, text) => text.length >= 5 && !text.includes('{') && !key.startsWith('stage.');

export default async function languages() {
  const served = await fixture();
  const chrome = await browser();
  const { address } = served;
  for (const [place, language] of LANGUAGES.entries()) {
    const page = await tab(chrome);
    const own = words(language);
    const other = words(LANGUAGES[1 - place]);
    const strange = Object.entries(other).filter(([key, text]) => isTelling(key, text) && own[key] !== text).map(([, text]) => text);
    for (const view of VIEWS) {
      await open(page, address, `?lang=${language}&${view}`);
      await page.waitForSelector('.state.live');
      if (/number|help/.test(view)) await page.waitForSelector('dialog[open]');
      const text = await page.evaluate(() => document.body.innerText);
      assert.deepEqual(strange.filter((word) => new RegExp(`(?<![\\w])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w])`).test(text)), [], `${language}, ${view}`);
      assert.ok(!/\b[a-z]+(_[a-z]+)?\.[a-z_.]+\b/.test(text.replace(/sales_\S+|salespulse\S*|docs\/\S+|sales\.\S+/g, '')), `${language}, ${view}: a key without words: ${/\b[a-z]+(_[a-z]+)?\.[a-z_.]+\b/.exec(text)?.[0]}`);
      assert.equal(await page.evaluate(() => document.documentElement.lang), language);
    }
    assertClean(page, address);
  }
  const switched = await tab(chrome, { locale: 'zh-CN' });
  await open(switched, address);
  assert.equal(await switched.textContent('h1'), '全公司');
  await switched.click('.tools button[lang=en]');
  await switched.waitForSelector('h1:has-text("Company")');
  await switched.reload();
  await switched.waitForSelector('h1:has-text("Company")');
}
