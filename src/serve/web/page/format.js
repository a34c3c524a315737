// Numbers, money, instants and durations as people read them. What the API said stands in full beside each of them.

import { lang, t } from './words.js';

const cache = new Map();

/** An `Intl` object; they are dear to make and are used for every cell. */
function made(Kind, options) {
  const key = `${Kind.name}${lang()}${JSON.stringify(options)}`;
  let found = cache.get(key);
  if (!found) {
    found = new Kind(lang(), options);
    cache.set(key, found);
  }
  return found;
}

const number = (options, value) => made(Intl.NumberFormat, options).format(value);

/** The order of names in the page's language. */
export const collator = () => made(Intl.Collator, { numeric: true });

/** What every value is written with: the organisation's currency and zone. */
let currency = 'XXX';
let zone = 'UTC';

export function setOrganisation(meta) {
  currency = meta.currency ?? currency;
  zone = meta.zone ?? zone;
}

const moneyOptions = (more) => ({ style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...more });

/** KPIs that are multiples of something rather than shares of it. */
const MULTIPLES = new Set(['quota_pace_ratio', 'pipeline_coverage_ratio', 'ltv_per_cac', 'measure_pace_ratio']);

/** A value of a KPI, short: what stands in tables and tiles. Undefined is a dash, never a zero. */
export function short(kpi, value, isCompact = false) {
  if (value === null || value === undefined) return '—';
  const plain = Number(value);
  switch (kpi?.unit) {
    case 'money':
      return money(value, isCompact);
    case 'ratio':
      return MULTIPLES.has(kpi.name) ? `${number({ maximumFractionDigits: Math.abs(plain) < 10 ? 2 : 1 }, plain)} ×` : percent(plain);
    case 'seconds':
      return duration(plain);
    case 'points':
      return number({ maximumFractionDigits: 1 }, plain);
    default:
      return isCompact && Math.abs(plain) >= 10_000
        ? number({ notation: 'compact', maximumSignificantDigits: 3 }, plain)
        : number({ maximumFractionDigits: 1 }, plain);
  }
}

/** An amount; without minor units once they no longer matter. */
export function money(value, isCompact = false) {
  const plain = Number(value);
  if (isCompact && Math.abs(plain) >= 10_000) {
    return number(moneyOptions({ notation: 'compact', maximumSignificantDigits: 3, minimumSignificantDigits: 3 }), plain);
  }
  return number(moneyOptions({ minimumFractionDigits: 0, maximumFractionDigits: Math.abs(plain) < 100 ? 2 : 0 }), plain);
}

/** A share. Small ones keep a digit. */
export function percent(value) {
  const digits = Math.abs(value) < 0.0995 && value !== 0 ? 1 : 0;
  return number({ style: 'percent', maximumFractionDigits: digits }, value);
}

/** A change against before, always with its sign. */
export const growth = (value) => number({ style: 'percent', maximumFractionDigits: 0, signDisplay: 'exceptZero' }, value);

/** Exactly what the API said, with the thousands apart: amounts may be greater than a float can hold. */
export function exact(kpi, value) {
  if (value === null || value === undefined) return '—';
  const text = String(value);
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(text);
  const grouped = match ? `${match[1]}${match[2].replace(/\B(?=(\d{3})+$)/g, ',')}${match[3] ?? ''}` : text;
  return kpi?.unit === 'money' ? `${grouped} ${currency}` : kpi?.unit === 'seconds' ? `${grouped} s` : grouped;
}

/** A duration in its largest unit that is not below one. */
export function duration(seconds) {
  const units = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]];
  const [unit, length] = units.find(([, span]) => Math.abs(seconds) >= span) ?? units[3];
  const options = { style: 'unit', unit, unitDisplay: lang() === 'en' ? 'long' : 'short', maximumFractionDigits: 1 };
  return number(options, seconds / length);
}

/** How long ago, coarsely. */
export function ago(fromMs, nowMs) {
  const seconds = Math.max(0, Math.round((nowMs - fromMs) / 1_000));
  const relative = made(Intl.RelativeTimeFormat, { numeric: 'auto', style: 'short' });
  if (seconds < 60) return relative.format(-seconds, 'second');
  if (seconds < 3_600) return relative.format(-Math.floor(seconds / 60), 'minute');
  return relative.format(-Math.floor(seconds / 3_600), 'hour');
}

const moment = (options, ms) => made(Intl.DateTimeFormat, { timeZone: zone, ...options }).format(ms);

/** An instant of the organisation's day, to the second. */
export const clock = (ms) => moment({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }, ms);

/** The same, to the minute. */
export const hours = (ms) => moment({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, ms);

/** A date with its time. */
export const dateTime = (ms) =>
  moment({ year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, ms);

/** A date of the wall: weekday, day and month. */
export const wallDate = (ms) => moment({ weekday: 'short', month: 'short', day: 'numeric' }, ms);

/** The organisation's hour and date, for what happens once a day. */
export function localDay(ms) {
  const parts = made(Intl.DateTimeFormat, {
    timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', hourCycle: 'h23',
  }).formatToParts(ms);
  const part = (type) => Number(parts.find((found) => found.type === type)?.value);
  return { year: part('year'), month: part('month'), day: part('day'), hour: part('hour') };
}

/** From when to when, as the organisation dates it; the end is the first instant that is not in it any more. */
export function span(from, end) {
  return t('span', { from: dateTime(Date.parse(from)), to: dateTime(Date.parse(end)), zone });
}

export const organisationZone = () => zone;
export const organisationCurrency = () => currency;
