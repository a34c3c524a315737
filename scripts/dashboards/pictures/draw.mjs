// Draws dashboards as PNG pictures, from the answers of a Prometheus that has scraped salespulse.
//
//   node draw.mjs PROMETHEUS FOLDER DASHBOARD.json… [--hours=24] [--step=60] [--to=SECONDS] [--set=team=east] [--open]
//
// A picture shows what a dashboard opens with; with --open all its rows are open. It fails if a text is cut, or has a
// character that no font of this machine has, or if a Chinese dashboard shows an English unit.
//
// The panels are drawn by Grafana's components from npm in headless Chromium. It is not Grafana: there is no server, and
// what Grafana's panels do beyond these components is left out.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

import { answers, client, texts, variables } from './answers.mjs';

const WIDTH = 1600;
const CELL = 38;

const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const [address, folder, ...files] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const flag = (name, otherwise) => flags.find((text) => text.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
const chosen = Object.fromEntries(
  flags.filter((text) => text.startsWith('--set=')).map((text) => text.slice('--set='.length).split('=')),
);

/** The CommonJS build of a package. */
const cjs = (name) => createRequire(import.meta.url).resolve(name);

async function bundle() {
  const built = await build({
    entryPoints: [new URL('app/main.tsx', import.meta.url).pathname],
    bundle: true,
    minify: true,
    write: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.ttf': 'empty', '.svg': 'empty', '.css': 'text' },
    // Their ES modules end in .mjs, for which esbuild takes CommonJS packages as Node.js does and misses their `default`.
    alias: Object.fromEntries(
      ['data', 'ui', 'schema'].map((name) => [`@grafana/${name}`, cjs(`@grafana/${name}`)]),
    ),
  });
  return built.outputFiles[0].text;
}

/** The dashboard with its closed rows open, or without what they hold. */
function laidOut(dashboard) {
  const isOpen = flags.includes('--open');
  let closed = 0;
  const panels = dashboard.panels.flatMap((panel) => {
    const inner = panel.panels ?? [];
    const place = { ...panel.gridPos, y: panel.gridPos.y - closed };
    if (isOpen || inner.length === 0) return [{ ...panel, gridPos: place, panels: [] }, ...(isOpen ? inner : [])];
    closed += Math.max(...inner.map(({ gridPos }) => gridPos.y + gridPos.h)) - panel.gridPos.y - 1;
    return [{ ...panel, gridPos: place, panels: [], title: `› ${panel.title}` }];
  });
  return { ...dashboard, panels };
}

/** Fails if no font of this machine has all characters of a text. */
async function haveFonts(text) {
  const beyond = [...new Set(text)].filter((letter) => letter > '\u00ff').map((letter) => letter.codePointAt(0).toString(16));
  for (const letter of beyond) {
    const { stdout } = await promisify(execFile)('fc-list', [`:charset=${letter}`, 'family']);
    if (!stdout.trim()) throw new Error(`no font has U+${letter}; install fonts-noto-cjk`);
  }
}

/** Waits until the numbers are there: on a busy machine the service may have to catch up meanwhile. */
async function haveNumbers(prometheus) {
  for (let left = 120; left > 0; left -= 1) {
    // Absent where nobody is ready, and old where nobody was scraped.
    const found = await prometheus.instant('max(salespulse_ready) == 1 and max(timestamp(sales_org_customers)) > time() - 10');
    if (found.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new Error('no instance is ready: there is nothing to draw');
}

async function sheet(file, prometheus) {
  const text = readFileSync(file, 'utf8');
  await haveFonts(text);
  const dashboard = laidOut(JSON.parse(text));
  await haveNumbers(prometheus);
  const values = await variables(dashboard, prometheus, chosen);
  const to = Number(flag('to', Math.floor(Date.now() / 1000)));
  const range = { from: to - Number(flag('hours', 24)) * 3600, to, step: Number(flag('step', 60)) };
  const named = await texts(dashboard, prometheus, values);
  return { dashboard, values, texts: named, range, width: WIDTH, answers: await answers(dashboard, prometheus, values, range) };
}

function serve(script, drawn) {
  const page = '<!doctype html><meta charset="utf-8"><body style="margin:0"><div id="root"></div><script src="app.js"></script>';
  const pages = { '/': ['text/html', page], '/app.js': ['text/javascript', script], '/sheet.json': ['text/json', drawn] };
  const server = createServer((request, response) => {
    const [type, body] = pages[request.url] ?? ['text/plain', ''];
    response.writeHead(request.url in pages ? 200 : 404, { 'content-type': `${type}; charset=utf-8` }).end(body);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function photograph(server, height, picture) {
  const profile = mkdtempSync(join(tmpdir(), 'pictures-'));
  const { stderr } = await promisify(execFile)('chromium', [
    '--headless',
    '--enable-logging=stderr',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--lang=en-GB',
    '--virtual-time-budget=30000',
    `--user-data-dir=${profile}`,
    `--window-size=${WIDTH},${height}`,
    `--screenshot=${picture}`,
    `http://127.0.0.1:${server.address().port}/`,
  ]);
  rmSync(profile, { recursive: true, force: true });
  const errors = stderr.split('\n').filter((line) => /CONSOLE.*error/i.test(line));
  // The others are drawn all the same, so that all faults are seen at once.
  if (errors.length > 0) {
    console.error(`${picture} is not drawn whole:\n${errors.join('\n')}`);
    process.exitCode = 1;
  }
}

const script = await bundle();
for (const file of files) {
  const drawn = await sheet(file, client(address));
  const rows = Math.max(...drawn.dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const server = await serve(script, JSON.stringify(drawn));
  const language = drawn.dashboard.uid.endsWith('-zh') ? '.zh-CN' : '';
  const picture = join(folder, `${basename(file, '.json')}${language}.png`);
  await photograph(server, 44 + rows * CELL + 8, picture);
  server.close();
  // Few colours are enough for a dashboard, and make the file a third.
  await promisify(execFile)('pngquant', ['64', '--speed=1', '--strip', '--nofs', '--force', '--output', picture, picture]);
  console.log(picture);
}
