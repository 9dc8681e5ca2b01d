import type { PresentPeople } from './late-arrivals.ts';

/** Somebody else's connection. */
export interface PresentConnection {
  readonly subject: string;
  /** When this device learned of it, by the monotonic clock. */
  readonly arrivedMs: number;
  /** It was there before this device lost touch last, and has been since: nothing of what it sends was written apart. */
  readonly hasStayed: boolean;
}

/** The connections of others, with when this device learned of each. */
export class PresentConnections {
  private readonly known = new Map<number, PresentConnection>();
  private before: ReadonlySet<number> = new Set();

  /** By presence id. */
  get all(): ReadonlyMap<number, PresentConnection> {
    return this.known;
  }

  /** Others have come or gone; `elapsedMs`: now, by the monotonic clock. */
  update(present: PresentPeople, elapsedMs: number): void {
    for (const presenceId of [...this.known.keys()]) if (!present.has(presenceId)) this.known.delete(presenceId);
    for (const [presenceId, { subject }] of present) {
      if (this.known.has(presenceId)) continue;
      this.known.set(presenceId, { subject, arrivedMs: elapsedMs, hasStayed: this.before.has(presenceId) });
    }
  }

  /** This device loses touch; it does not know yet who stays. */
  lost(): void {
    this.before = new Set(this.known.keys());
  }

  /** These were there when an earlier start was in touch. */
  loaded(presenceIds: readonly number[]): void {
    this.before = new Set([...this.before, ...presenceIds]);
    for (const [presenceId, connection] of this.known)
      if (this.before.has(presenceId)) this.known.set(presenceId, { ...connection, hasStayed: true });
  }
}
