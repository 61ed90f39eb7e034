/** Numbers and times in the words of a person. */

/** `1 person`, `3 people`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `in 12 days`, `3 minutes ago`, `now`; `never` without a time. */
export function relativeTime(instant: string | null | undefined, now: number): string {
  const time = instant === null || instant === undefined ? Number.NaN : Date.parse(instant);
  if (Number.isNaN(time)) return 'never';
  const difference = time - now;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(Math.abs(difference) / size);
    if (count >= 1) return difference > 0 ? `in ${plural(count, unit)}` : `${plural(count, unit)} ago`;
  }
  return 'now';
}

/** `0.8 s`, `12 ms`. */
export function elapsed(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
