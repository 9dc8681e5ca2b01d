const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 24 * 3600_000],
  ['month', 30 * 24 * 3600_000],
  ['day', 24 * 3600_000],
  ['hour', 3600_000],
  ['minute', 60_000],
];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const ABSOLUTE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A time in relation to now, such as "5 minutes ago" or "in 3 days". */
export function describeDistance(atMs: number, nowMs: number): string {
  const distanceMs = atMs - nowMs;
  const [unit, unitMs] = STEPS.find(([, stepMs]) => Math.abs(distanceMs) >= stepMs) ?? ['second', 0];
  return unitMs === 0 ? 'just now' : RELATIVE.format(Math.round(distanceMs / unitMs), unit);
}

/** Date and time to the second, as people here write them. */
export function describeExactTime(atMs: number): string {
  return EXACT.format(atMs);
}

/** Date and time as people here write them. */
export function describeTime(atMs: number): string {
  return ABSOLUTE.format(atMs);
}
