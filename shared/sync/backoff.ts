const FIRST_CEILING_MS = 250;
const LAST_CEILING_MS = 30_000;

/** Waiting times between tries: exponential with full jitter (SPEC CC2). */
export class Backoff {
  private readonly random: () => number;
  private failures = 0;

  /** `random` yields floats in [0, 1). */
  constructor(random: () => number) {
    this.random = random;
  }

  /** How often {@link nextDelayMs} was asked since the last reset. */
  get attempt(): number {
    return this.failures;
  }

  /** How long to wait before the next try, in milliseconds; never less than `hintMs`. */
  nextDelayMs(hintMs = 0): number {
    const ceilingMs = Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** this.failures);
    this.failures++;
    return hintMs + Math.ceil(this.random() * ceilingMs);
  }

  reset(): void {
    this.failures = 0;
  }
}
