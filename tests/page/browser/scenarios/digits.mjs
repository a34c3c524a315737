// Every value on the pages is the API's, digit by digit, and with it that of the replay behind the fixture.

import assert from 'node:assert/strict';
import { assertClean, browser, fixture, open, shown, tab } from '../browser.mjs';
import { sampleOf } from '../compared.mjs';

const PAGES = ['', '?scope=team', '?scope=channel', '?window=7d', '?window=wtd', '?by=won', '?by=quota_attainment', '?view=board', '?view=team&team=east', '?view=team&team=north&window=qtd', '?view=channel&channel=referral', '?view=rep&rep=rep-1001&team=east'];

export default async function digits() {
  const served = await fixture();
  const chrome = await browser();
  const page = await tab(chrome);
  let compared = 0;
  for (const query of PAGES) {
    await open(page, served.address, query, 'main a.num[data-kpi]');
    await page.waitForFunction(() => !document.querySelector('.board') || document.querySelector('.board tr[data-row], .board .note'));
    const { subject, window, by } = await page.evaluate(() => {
      const route = Object.fromEntries(new URLSearchParams(location.search));
      return { subject: route, window: document.querySelector('select[name=window]').value, by: document.querySelector('select[name=by]')?.value };
    });
    const numbers = await shown(page);
    const hasCoverage = numbers.some(({ kpi }) => kpi === 'pipeline_coverage_ratio');
    assert.equal(hasCoverage, window !== 'wtd' && numbers.some(({ kpi }) => kpi === 'velocity'), `${query}: coverage is not of a week`);
    for (const { kpi, query: link, value } of numbers) {
      const sample = sampleOf(kpi, link, subject, window);
      const found = served.value(sample.scope, kpi, sample.labels);
      const expected = found === null ? '' : String(served.json(kpi, found));
      assert.equal(value, expected, `${query} ${by}: ${kpi} ${JSON.stringify(sample)}`);
      compared += 1;
    }
  }
  assert.ok(compared > 800, `only ${compared} values were compared`);
  assertClean(page, served.address);
  console.log(`${compared} values`);
}
