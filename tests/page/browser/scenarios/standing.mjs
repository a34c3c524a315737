// Where the clock stands, every number has one value, forecasts and pace too: on the page, in the API, in the scrape and in a
// replay.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { assertClean, browser, open, tab } from '../browser.mjs';
import { Exposition } from '../fixture.mjs';
import { NONE, PAGES, compare, compareAnswer, want } from './service.mjs';

export default async function standing(address, metrics, replayed) {
  const chrome = await browser();
  const page = await tab(chrome);
  const answer = await (await fetch(`${address}/api/v1/kpis?window=24h`)).json();
  await want(`replay ${answer.as_of}`);
  const texts = [await (await fetch(metrics)).text(), readFileSync(replayed, 'utf8')];
  let compared = 0;
  for (const gauges of texts.map((text) => new Exposition(text))) {
    const answered = compareAnswer(answer, gauges);
    assert.ok(answered > 30, `only ${answered} values of the API were compared`);
    for (const query of PAGES) {
      await open(page, address, query, '.board tr[data-row]');
      compared += await compare(page, gauges, NONE);
    }
  }
  assert.ok(compared > 400, `only ${compared} values were compared`);
  assertClean(page, address);
  console.log(`${compared} values are the scrape's and a replay's, while the clock stood`);
}
