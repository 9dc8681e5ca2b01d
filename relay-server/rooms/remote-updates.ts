import type { ClockRange } from './inspect-update.ts';

/** A node that ends, or whose commits fail, leaves some behind; beyond so many the oldest are read from the log. */
const MAX_UPDATES_PER_NODE = 10_000;
const MAX_NODES = 100;

/** One document's updates of other nodes that were passed on here and are not known to be committed. */
export class RemoteUpdates {
  /** Undefined until another node has sent one. */
  private nodes: Map<string, Map<number, readonly ClockRange[]>> | undefined;

  note(nodeId: string, origin: number, ranges: readonly ClockRange[]): void {
    this.nodes ??= new Map();
    const updates = this.nodes.get(nodeId) ?? new Map<number, readonly ClockRange[]>();
    this.nodes.set(nodeId, updates);
    updates.set(origin, ranges);
    if (updates.size > MAX_UPDATES_PER_NODE) deleteOldest(updates);
    if (this.nodes.size > MAX_NODES) deleteOldest(this.nodes);
  }

  /** What the update brought, when it was passed on here. It and the node's older ones are forgotten. */
  take(nodeId: string, origin: number): readonly ClockRange[] | undefined {
    const updates = this.nodes?.get(nodeId);
    const ranges = updates?.get(origin);
    if (!updates) return undefined;
    // A node commits in order: what is older than this has failed there, or its commit was missed here.
    for (const older of updates.keys()) {
      if (older > origin) break;
      updates.delete(older);
    }
    if (updates.size === 0) this.nodes?.delete(nodeId);
    return ranges;
  }

  clear(): void {
    this.nodes = undefined;
  }
}

function deleteOldest<K>(map: Map<K, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
