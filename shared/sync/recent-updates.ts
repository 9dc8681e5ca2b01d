import * as Y from 'yjs';
import type { Scheduler } from '../lifecycle/index.ts';
import { mergeUpdates } from './merge-updates.ts';

const KEPT_MS = 10_000;
const KEPT_BYTES = 1024 * 1024;

/**
 * What others wrote a moment ago. The relay sends updates on before they are durable (SPEC UP3): when it and the author
 * end at once, this replica may be the last that knows of them. State vectors show lost insertions, but not deletions.
 */
export class RecentUpdates {
  private readonly scheduler: Scheduler;
  private entries: { readonly atMs: number; readonly payload: Uint8Array }[] = [];
  private totalBytes = 0;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  add(payload: Uint8Array): void {
    this.entries.push({ atMs: this.scheduler.now(), payload });
    this.totalBytes += payload.byteLength;
    this.forgetOld(this.scheduler.now());
  }

  /** The connection is gone: what is old by now was committed long ago. */
  disconnected(): void {
    this.forgetOld(this.scheduler.now());
  }

  /** What the relay may lack of the deletions; undefined when there are none. To be sent on this connection. */
  takeDeletions(relayStateVector: Uint8Array): Uint8Array | undefined {
    if (this.entries.length === 0) return undefined;
    const merged = mergeUpdates(this.entries.map(({ payload }) => payload));
    // Kept until this connection has lasted, too.
    this.entries = [{ atMs: this.scheduler.now(), payload: merged }];
    this.totalBytes = merged.byteLength;
    if (Y.decodeUpdate(merged).ds.clients.size === 0) return undefined;
    return Y.diffUpdate(merged, relayStateVector);
  }

  private forgetOld(nowMs: number): void {
    let count = 0;
    for (const { atMs, payload } of this.entries) {
      if (atMs >= nowMs - KEPT_MS && this.totalBytes <= KEPT_BYTES) break;
      this.totalBytes -= payload.byteLength;
      count++;
    }
    if (count > 0) this.entries.splice(0, count);
  }
}
