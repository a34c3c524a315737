// Rows slide to their new place, and a value that changed is marked for two seconds. Not where motion is not wanted.

const SLIDE_MS = 300;
const MARK_MS = 2_000;
/** Of long tables nothing slides. */
const MOST_ROWS = 50;

const still = matchMedia('(prefers-reduced-motion: reduce)');

/** `changed` is set by whoever takes in an answer, so that nothing is measured for the clock's sake. */
export const due = { changed: true };

let places = null;
const values = new Map();

const rowsOf = () => [...document.querySelectorAll('tr[data-row]')];

/** Before a drawing: where the rows are. */
export function note() {
  places = null;
  if (!due.changed || still.matches || document.hidden) return;
  const rows = rowsOf();
  if (rows.length <= MOST_ROWS) places = new Map(rows.map((row) => [row, row.getBoundingClientRect().top]));
}

/** After it: rows that are elsewhere slide there, values that are others are marked. */
export function play() {
  if (!due.changed) return;
  due.changed = false;
  if (places) slide();
  mark();
}

function slide() {
  for (const [row, before] of places) {
    if (!row.isConnected) continue;
    const moved = before - row.getBoundingClientRect().top;
    if (Math.abs(moved) < 1) continue;
    row.animate([{ transform: `translateY(${moved}px)` }, { transform: 'none' }], { duration: SLIDE_MS, easing: 'ease-out' });
  }
}

function mark() {
  const present = new Set();
  for (const cell of document.querySelectorAll('[data-key]')) {
    const { key } = cell.dataset;
    present.add(key);
    const value = cell.querySelector('data')?.value ?? '';
    const before = values.get(key);
    values.set(key, value);
    if (before === undefined || before === value || before === '' || value === '') continue;
    cell.dataset.moved = Number(value) > Number(before) ? 'up' : 'down';
    setTimeout(() => delete cell.dataset.moved, MARK_MS);
  }
  for (const key of values.keys()) if (!present.has(key)) values.delete(key);
}
