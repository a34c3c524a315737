// Opens pages of the fixture in a real browser, and notes what must never happen: an error, a report of the policy, a request
// to anywhere else.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { Fixture } from './fixture.mjs';

/** Packages lie where `scripts/setup-test-tools.sh page` puts them. */
export const load = createRequire(join(process.env.PAGE_PACKAGES, 'package.json'));
const { chromium } = load('playwright-core');

const root = new URL('../../../', import.meta.url).pathname;
export const PAGE = process.env.PAGE_FILES ?? join(root, 'src/serve/web/page');
export const DOCS = join(root, 'docs');
export const LANGUAGES = ['en', 'zh-CN'];
export const THEMES = ['light', 'dark'];
export const WIDTHS = [360, 1280, 3840];

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--js-flags=--expose-gc', '--enable-precise-memory-info',
];

/** What a machine that builds beside it needs more. */
export const PATIENCE = Number(process.env.PAGE_PATIENCE ?? 1);

/** A browser; it ends with the script. */
export async function browser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/** A server of the fixture, of the numbers in the file that PAGE_METRICS names. */
export async function fixture() {
  const served = new Fixture(PAGE, DOCS, readFileSync(process.env.PAGE_METRICS, 'utf8'));
  served.address = await served.listen();
  return served;
}

/** A tab with everything that went wrong in it. */
export async function tab(chrome, options = {}) {
  const context = await chrome.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000 * PATIENCE);
  page.wrong = [];
  page.origins = new Set();
  page.on('pageerror', (error) => page.wrong.push(String(error)));
  page.on('console', (message) => {
    // A browser writes an error for every answer that is no 200; the page says those in its own words.
    const isAnswer = /Failed to load resource|net::ERR/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isAnswer) page.wrong.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) page.origins.add(new URL(request.url()).origin);
  });
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  return page;
}

/** Opens a page and waits until its board has rows. */
export async function open(page, address, query = '', selector = 'tr[data-row]') {
  await page.goto(`${address}/${query}`);
  await page.waitForSelector(selector);
}

/** Marks an open page; what it answers with fails if the page was loaded anew since. */
export async function marked(page) {
  await page.evaluate(() => (document.body.dataset.born = 'once'));
  return async () => assert.equal(await page.evaluate(() => document.body.dataset.born), 'once', 'it was loaded anew');
}

/** Waits until the page says that it is in a state. */
export const inState = (page, state, timeout = 20_000) => page.waitForSelector(`.state.${state}, .notice.${state}`, { timeout: timeout * PATIENCE });

/** Waits until the page shows a reading, or a later one. */
export const inTick = (page, tick) => page.waitForFunction((wanted) => Number(document.querySelector('#app').dataset.tick) >= wanted, tick);

/** Waits until the page has loaded what only a second answer needs, and has taken one in with it. */
export async function settled(page, address) {
  await page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name, responseEnd }) => name.endsWith('/motion.js') && responseEnd > 0));
  const { tick } = await control(address, { push: '1' });
  await inTick(page, tick);
}

/** Nothing went wrong, and nothing left the origin. */
export function assertClean(page, address) {
  assert.deepEqual(page.wrong, []);
  assert.deepEqual([...page.origins], [new URL(address).origin]);
}

/** Changes what the fixture does. */
export async function control(address, changes) {
  const query = new URLSearchParams(Object.entries(changes).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]));
  const answer = await fetch(`${address}/control?${query}`);
  return answer.json();
}

/** The numbers that a page shows: what stands in `data` elements, by the KPI and whose it is. */
export const shown = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('a.num[data-kpi]')].map((link) => ({
      kpi: link.dataset.kpi, query: Object.fromEntries(new URLSearchParams(link.getAttribute('href'))), value: link.querySelector('data').value,
    })),
  );
