// axe finds nothing serious in any page, language, theme or width.

import assert from 'node:assert/strict';
import { LANGUAGES, THEMES, WIDTHS, assertClean, browser, fixture, load, open, tab } from '../browser.mjs';

const VIEWS = ['', 'scope=team', 'view=team&team=east&window=7d', 'view=rep&rep=rep-1001&team=east', 'view=board', 'number=revenue', 'help=1', 'tv=1'];

export default async function accessible() {
  const served = await fixture();
  const chrome = await browser();
  const { address } = served;
  const { source } = load('axe-core');
  const found = [];
  for (const theme of THEMES) {
    for (const width of WIDTHS) {
      const page = await tab(chrome, { colorScheme: theme, reducedMotion: 'reduce', viewport: { width, height: width < 500 ? 780 : Math.round(width * 0.5625) } });
      for (const language of LANGUAGES) {
        for (const view of VIEWS) {
          await open(page, address, `?lang=${language}&${view}`);
          if (/number|help/.test(view)) await page.waitForSelector('dialog[open]');
          await page.waitForSelector('.state.live');
          await page.evaluate(`${source}; 0`);
          const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
          const bad = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
          found.push(...bad.map(({ id, nodes }) => `${language} ${theme} ${width} ${view}: ${id} at ${nodes.slice(0, 3).map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).join(' | ')}`));
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (wide > 0) found.push(`${language} ${width} ${view}: the page is ${wide} px too wide`);
        }
      }
      assertClean(page, address);
      await page.context().close();
    }
  }
  assert.deepEqual(found, []);
}
