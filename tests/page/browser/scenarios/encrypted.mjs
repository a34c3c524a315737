// Eight tabs over HTTP/2, each with its stream: by HTTP/1.1 a browser has six connections to a server, and no more.
//
//   node run.mjs encrypted ADDRESS

import assert from 'node:assert/strict';
import { assertClean, browser, inState, open, tab } from '../browser.mjs';

export default async function encrypted(address) {
  const chrome = await browser();
  const first = await tab(chrome, { ignoreHTTPSErrors: true });
  const tabs = [first];
  // Tabs of one profile share their connections.
  while (tabs.length < 8) tabs.push(await first.context().newPage());
  for (const page of tabs) {
    await open(page, address, '?lang=en');
    await inState(page, 'live');
  }
  for (const page of tabs) await inState(page, 'live');
  const spoken = () => performance.getEntriesByType('navigation')[0].nextHopProtocol;
  for (const page of tabs) assert.equal(await page.evaluate(spoken), 'h2');
  assertClean(first, address);
}
