// When the page on the wall loads itself anew, whatever else: once a day, at an hour at which nobody looks.

const HOUR = 4;

/**
 * Whether it is time, by the organisation's day and hour. `before` is what this answered last as `seen`, null at first: a
 * page that was loaded within the hour waits for the next day.
 */
export function reloadAt(before, { year, month, day, hour }) {
  if (hour !== HOUR) return { isDue: false, seen: '' };
  const seen = `${year}-${month}-${day}`;
  return { isDue: before !== null && before !== seen, seen };
}
