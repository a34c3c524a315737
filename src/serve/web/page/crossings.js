// What people celebrate, found by what changed between two answers of one board: a quota crossed, a deal won, a new leader.
// Never what was there already: not at the first answer, not after the window's days or the board itself became others.

/** What the configuration celebrates where it says nothing. */
const DEFAULTS = { deal_over: '', quota: [1], leader: true };
const ATTAINMENT = 'quota_attainment';
/** More at once are no moments but a backlog. */
const MOST = 5;

const keyOf = (row) => row.id.join('\u0000');

/** The moments between two answers of one view. */
export function between(before, after, meta, nowMs) {
  if (!isSameBoard(before, after)) return [];
  const rules = { ...DEFAULTS, ...(meta.celebrate ?? {}) };
  const known = new Map((before.rows ?? []).map((row) => [keyOf(row), row]));
  const found = [];
  for (const row of after.rows ?? []) {
    const earlier = known.get(keyOf(row));
    if (!earlier || row.id[0] === 'unassigned') continue;
    found.push(...crossedQuota(earlier, row, after, rules), ...wonDeal(earlier, row, after, rules));
  }
  if (rules.leader) found.push(...newLeader(before, after));
  return found.length > MOST ? [] : found.map((moment) => ({ ...moment, at_ms: after.as_of_ms ?? nowMs, window: after.view?.window }));
}

/** Of one boot, one window of days and one question; a new day, month or start moves everything at once. */
function isSameBoard(before, after) {
  const same = (pick) => JSON.stringify(pick(before)) === JSON.stringify(pick(after));
  return same((answer) => answer.view) && same((answer) => answer.span?.from) && (before.boot === undefined || before.boot === after.boot);
}

const subject = (row, view) => ({ rep: row.id, name: row.name, team: view?.scope === 'team' ? row.id[0] : row.id[1], scope: view?.scope });

function crossedQuota(before, after, { view }, { quota }) {
  const of = (row) => (view?.by === ATTAINMENT ? row.value : row.attainment);
  const [earlier, now] = [of(before), of(after)];
  if (earlier === null || earlier === undefined || now === null || now === undefined) return [];
  // A target that became another is no achievement.
  if (before.target !== after.target) return [];
  const crossed = (quota ?? []).map(Number).filter((threshold) => earlier < threshold && now >= threshold);
  return crossed.length === 0 ? [] : [{ kind: 'quota', ...subject(after, view), threshold: Math.max(...crossed), by: ATTAINMENT }];
}

function wonDeal(before, after, { view, currency }, { deal_over: over }) {
  if (view?.by !== 'revenue' || over === '' || over === null || over === undefined) return [];
  const gained = Number(after.value) - Number(before.value);
  if (!(gained > 0) || gained < Number(over)) return [];
  return [{ kind: 'won', ...subject(after, view), amount: String(Math.round(gained * 100) / 100), currency }];
}

function newLeader(before, after) {
  const first = ({ rows }) => (rows ?? []).filter((row) => row.rank === 1);
  const [earlier, now] = [first(before), first(after)];
  if (earlier.length !== 1 || now.length !== 1 || keyOf(earlier[0]) === keyOf(now[0])) return [];
  if (!(before.rows ?? []).some((row) => keyOf(row) === keyOf(now[0]))) return [];
  return [{ kind: 'leader', ...subject(now[0], after.view), by: after.view?.by }];
}
