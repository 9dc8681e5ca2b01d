import * as Y from 'yjs';
import { mergeUpdates } from './merge-updates.ts';

/** What the relay was still talking after for so long, it has committed. */
const KEPT_MS = 10_000;
const KEPT_BYTES = 1024 * 1024;

/**
 * What others wrote a moment ago. The relay sends updates on before they are durable (SPEC UP3): when it and the author
 * end at once, this replica may be the last that knows of them. State vectors show lost insertions, but not deletions.
 */
export class RecentUpdates {
  private entries: { readonly atMs: number; readonly payload: Uint8Array }[] = [];
  private totalBytes = 0;

  add(payload: Uint8Array, nowMs: number): void {
    this.entries.push({ atMs: nowMs, payload });
    this.totalBytes += payload.byteLength;
    this.forgetBefore(nowMs - KEPT_MS);
  }

  /**
   * The deletions that the relay may have lost, as an update of `doc`, when nothing was heard of it since `lastHeardMs`;
   * undefined when there are none. Forgets everything.
   */
  takeDeletions(doc: Y.Doc, lastHeardMs: number): Uint8Array | undefined {
    this.forgetBefore(lastHeardMs - KEPT_MS);
    const payloads = this.entries.map(({ payload }) => payload);
    this.entries = [];
    this.totalBytes = 0;
    if (payloads.length === 0) return undefined;
    const merged = mergeUpdates(payloads);
    if (Y.decodeUpdate(merged).ds.clients.size === 0) return undefined;
    return Y.diffUpdate(merged, Y.encodeStateVector(doc));
  }

  private forgetBefore(limitMs: number): void {
    let count = 0;
    for (const { atMs, payload } of this.entries) {
      if (atMs >= limitMs && this.totalBytes <= KEPT_BYTES) break;
      this.totalBytes -= payload.byteLength;
      count++;
    }
    if (count > 0) this.entries.splice(0, count);
  }
}
