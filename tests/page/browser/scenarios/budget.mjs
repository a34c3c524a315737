// The first load is small, all of it of one origin; below any path of a proxy it works unchanged; and a day of updates does not
// grow the browser's memory.

import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PAGE, assertClean, browser, control, fixture, inState, inTick, open, tab } from '../browser.mjs';

const MOST_REQUESTS = 20;
const MOST_BYTES = 62 * 1024;
const UPDATES = 20_000;
const MOST_GROWTH = 5 * 1024 * 1024;

/** A proxy as a company has it: the service is one of several below a path. */
function proxy(target, below) {
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url.startsWith(below)) return outgoing.writeHead(404).end();
    const onward = request(`${target}/${incoming.url.slice(below.length)}`, { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    return incoming.pipe(onward);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`)));
}

/** How long something takes, 19 times of 20: as this machine is, and with a quarter of its speed. */
async function within(page, measured) {
  const devtools = await page.context().newCDPSession(page);
  const told = [];
  for (const rate of [1, 4]) {
    await devtools.send('Emulation.setCPUThrottlingRate', { rate });
    const taken = [];
    for (let time = 0; time < 20; time += 1) taken.push(await measured());
    told.push(Math.round(taken.sort((one, two) => one - two)[18]));
  }
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  return `${told.join(' and ')} ms`;
}

/** Notes how long each frame's drawing takes, until styles and places are worked out. */
const noteFrames = () => {
  const next = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.frames_ms = [];
  globalThis.requestAnimationFrame = (draw) => next((now) => {
    const began = performance.now();
    draw(now);
    document.body.getBoundingClientRect();
    globalThis.frames_ms.push(performance.now() - began);
  });
};

export default async function budget() {
  const served = await fixture();
  const chrome = await browser();
  const { address } = served;
  const first = await tab(chrome);
  await first.addInitScript(noteFrames);
  const asked = [];
  first.on('request', ({ url }) => asked.push(url));
  await control(address, {});
  await open(first, address, '?lang=en');
  const { asked: paths } = await control(address, {});
  const early = paths.filter((path) => !/control|motion\.js|scope=team/.test(path));
  assert.ok(early.length <= MOST_REQUESTS, `${early.length} requests: ${early.join(' ')}`);
  const files = early.filter((path) => path === '/?lang=en' || path.startsWith('/assets/')).map((path) => (path.startsWith('/?') ? 'index.html' : path.replace(/^\/assets\/[^/]+\//, '')));
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(PAGE, file))).length, 0);
  assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
  const firstRow = await within(first, async () => {
    await open(first, address, '?lang=en');
    return first.evaluate(() => performance.now());
  });
  await inState(first, 'live');
  const updated = await within(first, async () => {
    await first.evaluate(() => (globalThis.frames_ms.length = 0));
    const { tick } = await control(address, { stir: '50' });
    await inTick(first, tick);
    return first.evaluate(() => Math.max(...globalThis.frames_ms));
  });
  assertClean(first, address);

  const below = await proxy(address, '/sales/');
  const behind = await tab(chrome);
  await open(behind, below, 'sales/?lang=en');
  await inState(behind, 'live');
  await behind.click('tbody a.team');
  await behind.waitForFunction(() => location.pathname === '/sales/' && location.search.includes('view=team'));
  await behind.waitForSelector('tr[data-row]');
  assertClean(behind, below);

  const heap = () => first.evaluate(() => {
    globalThis.gc();
    return performance.memory.usedJSHeapSize;
  });
  const update = async () => {
    const { tick } = await control(address, { push: '500' });
    await inTick(first, tick);
  };
  await inState(first, 'live');
  // What is loaded and kept once has been.
  await update();
  const before = await heap();
  for (let sent = 0; sent < UPDATES; sent += 500) await update();
  const after = await heap();
  assert.ok(after - before <= MOST_GROWTH, `the heap grew by ${after - before} bytes in ${UPDATES} updates`);
  console.log(`${early.length} requests, ${bytes} bytes, heap ${after - before} bytes`);
  console.log(`as this machine is and with a quarter of its speed: first row within ${firstRow}, an update of all rows within ${updated}`);
}
