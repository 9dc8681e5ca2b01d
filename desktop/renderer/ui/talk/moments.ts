const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const DATE_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** The day of a moment here; for nothing but comparing. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toDateString();
}

/** The time of a message: without the date when it is of `today`, as {@link dayOf} tells it. */
export function describeMoment(atMs: number, today: string): string {
  return (dayOf(atMs) === today ? TIME : DATE_AND_TIME).format(atMs);
}
