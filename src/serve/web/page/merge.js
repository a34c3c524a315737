// Puts a change of the stream into the answer that it is a change of.

/** What identifies a part of an answer's list. */
const KEYS = {
  rows: (row) => row.id.join('\u0000'),
  values: (value) => `${value.name}\u0000${JSON.stringify(value.labels ?? {})}`,
  steps: (step) => step.stage,
};

/** The answer after a change: whole changed parts replace those of before, what is gone goes, scalars are the new ones. */
export function merge(before, { view: _view, base: _base, gone, ...changed }) {
  const after = { ...before, ...changed };
  for (const [list, keyOf] of Object.entries(KEYS)) {
    if (!(list in changed) && !(list === 'rows' && gone)) continue;
    after[list] = mergeList(before[list] ?? [], changed[list] ?? [], list === 'rows' ? (gone ?? []) : [], keyOf);
  }
  return after;
}

function mergeList(before, changed, gone, keyOf) {
  const byKey = new Map(before.map((part) => [keyOf(part), part]));
  for (const id of gone) byKey.delete(Array.isArray(id) ? id.join('\u0000') : id);
  for (const part of changed) byKey.set(keyOf(part), part);
  return [...byKey.values()];
}

/** Rows in the order in which they are shown: by rank, then by name in the page's language, then by id. */
export function ordered(rows, collator, isWorstFirst = false) {
  const place = (row) => (row.id[0] === 'unassigned' ? Infinity : (row.rank ?? Number.MAX_SAFE_INTEGER));
  const compare = (left, right) => {
    const [a, b] = [place(left), place(right)];
    if (a !== b) return isWorstFirst && a < Number.MAX_SAFE_INTEGER && b < Number.MAX_SAFE_INTEGER ? b - a : a - b;
    return collator.compare(left.name ?? left.id[0], right.name ?? right.id[0]) || (keyOf(left) < keyOf(right) ? -1 : 1);
  };
  return [...rows].sort(compare);
}

const keyOf = KEYS.rows;
