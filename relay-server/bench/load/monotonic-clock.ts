/** Milliseconds since some moment that is the same for all processes of the machine; never goes back. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
