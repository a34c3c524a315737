// Draws the pictures of docs/page.md: the pages of a running service, and each state by the fixture of the tests.
//
//   PAGE_PACKAGES=… PAGE_METRICS=… node draw.mjs FOLDER [ADDRESS]
//
// PAGE_ONLY names some pictures, separated by commas: page-tv,page-states. Without the address of a service the pages, too,
// are the fixture's. Both have the numbers of a simulated organisation.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { browser, control, fixture, inState, open, tab } from '../../tests/page/browser/browser.mjs';

const [folder, service] = process.argv.slice(2);
const LANGUAGES = [['en', ''], ['zh-CN', '.zh-CN']];
const DESKTOP = { width: 1360, height: 860 };
const WALL = { width: 1280, height: 720 };
const PHONE = { width: 390, height: 800 };
/** Celebrations slide in and throw sparks; this is their middle. */
const CELEBRATION_MS = 450;

const only = process.env.PAGE_ONLY?.split(',');
const isWanted = (name) => !only || only.includes(name);

const run = promisify(execFile);
const chrome = await browser();
const served = await fixture();
const pages = service ?? served.address;
const meta = await (await fetch(`${pages}/api/v1/meta`)).json();
const { rows } = await (await fetch(`${pages}/api/v1/leaderboard?by=revenue&window=mtd&limit=9`)).json();
const [rep, team] = rows[4].id;

/** Few colours are enough, and make the file a third. */
async function save(page, name) {
  const path = join(folder, `${name}.png`);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path });
  await run('pngquant', ['128', '--speed=1', '--strip', '--force', '--output', path, path]);
  console.log(path);
}

async function shot(name, query, { viewport = DESKTOP, colorScheme = 'light', wait = '.state.live', before, scale = 1, me } = {}) {
  for (const [language, ending] of LANGUAGES.filter(() => isWanted(name))) {
    const page = await tab(chrome, { viewport, colorScheme, deviceScaleFactor: scale });
    if (me) await page.addInitScript((id) => localStorage.setItem('salespulse.me', JSON.stringify(id)), me);
    await open(page, pages, `?lang=${language}${query}`);
    await page.waitForSelector(wait);
    await page.waitForSelector('.funnel li, .wall, dialog[open], .board');
    await before?.(page);
    await page.waitForTimeout(600);
    await save(page, `${name}${ending}`);
    await page.context().close();
  }
}

/** Every state in one sheet, each under its word. */
async function states() {
  const small = { width: 900, height: 560 };
  const list = [
    ['loading', 'ready', 'main[aria-busy] .skeleton, .tiles[aria-busy]'], ['too_old', 'ready', '.too-old'], ['catching_up'], ['standing_by'], ['standing_still'], ['lost', 'frozen'], ['paused', 'ready'], ['empty', 'empty', '.empty'], ['nobody', 'nobody', '.board .note'],
    ['signed_out'], ['not_yours'], ['new_build', 'ready'],
  ];
  for (const [language, ending] of LANGUAGES) {
    const temporary = mkdtempSync(join(tmpdir(), 'states-'));
    const drawn = [];
    await control(served.address, { build: '0.2.0' });
    for (const [name, state = name, selector] of list) {
      const page = await tab(chrome, { viewport: small });
      await control(served.address, { state: ['empty', 'nobody'].includes(state) ? state : 'ready' });
      // A stream that is not answered, and modules that are not understood.
      if (name === 'loading') await page.route('**/api/v1/stream*', () => {});
      if (name === 'too_old') await page.route('**/app.js', (route) => route.abort());
      await open(page, served.address, `?lang=${language}${name === 'nobody' ? '&view=board&by=quota_attainment' : ''}`, selector ?? 'tr[data-row]');
      if (!['loading', 'too_old'].includes(name)) await inState(page, 'live');
      if (name === 'paused') await page.keyboard.press('p');
      else if (name === 'new_build') await control(served.address, { build: '0.3.0' });
      else if (!selector) await control(served.address, { state });
      if (name === 'new_build') await page.waitForSelector('.banner.info');
      else if (!selector) await inState(page, name, 30_000);
      await page.waitForTimeout(500);
      await page.screenshot({ path: join(temporary, `${name}.png`) });
      drawn.push(name);
      await page.context().close();
    }
    const sheet = await tab(chrome, { viewport: { width: 1400, height: 1190 } });
    const images = drawn.map((name) => `<img width="450" src="data:image/png;base64,${readFileSync(join(temporary, `${name}.png`)).toString('base64')}">`);
    await sheet.setContent(`<style>body{margin:14px;background:#c9d1dc;display:grid;grid-template-columns:repeat(3,450px);gap:12px}img{border-radius:8px;display:block}</style>${images.join('')}`);
    await sheet.waitForFunction(() => [...document.images].every((image) => image.complete));
    await save(sheet, `page-states${ending}`);
    await sheet.context().close();
    rmSync(temporary, { recursive: true });
  }
  await control(served.address, { state: 'ready' });
}

await shot('page-company', '', { me: rows[6].id });
await shot('page-team', '&view=team&team=east&window=7d');
await shot('page-rep', `&view=rep&rep=${encodeURIComponent(rep)}&team=${encodeURIComponent(team)}`, { colorScheme: 'dark' });
await shot('page-board', '&view=board&by=won');
await shot('page-number', '&number=win_ratio', { wait: 'dialog[open] .parts' });
await shot('page-phone', '', { viewport: PHONE, me: rows[6].id, scale: 1.5 });
await shot('page-tv', '&tv=1', { viewport: WALL, colorScheme: 'dark' });
for (const [language, ending] of LANGUAGES.filter(() => isWanted('page-celebration'))) {
  const page = await tab(chrome, { viewport: WALL, colorScheme: 'dark' });
  await open(page, served.address, `?tv=1&lang=${language}`);
  await inState(page, 'live');
  await control(served.address, { moment: { kind: 'won', id: rows[4].id, name: rows[4].name, team, amount: '52000.00' } });
  await page.waitForSelector('.celebration');
  await page.waitForTimeout(CELEBRATION_MS);
  await save(page, `page-celebration${ending}`);
  await page.context().close();
}
if (isWanted('page-states')) await states();
console.log(`drawn of ${meta.build}`);
process.exit(0);
