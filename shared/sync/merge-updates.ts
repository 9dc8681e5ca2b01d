import * as Y from 'yjs';
import { joinRuns } from './join-runs.ts';

const FAN_IN = 64;

/**
 * Merges Yjs updates, and joins what was written piece by piece; see {@link joinRuns}. As a tree, since a flat merge takes
 * quadratic time. `updates` must not be empty; a single one is left as it is.
 */
export function mergeUpdates(updates: readonly Uint8Array[]): Uint8Array {
  let level = updates;
  while (level.length > 1) {
    const next: Uint8Array[] = [];
    for (let index = 0; index < level.length; index += FAN_IN) {
      const group = level.slice(index, index + FAN_IN);
      next.push(group.length === 1 && group[0] ? group[0] : joinRuns(Y.mergeUpdates(group)));
    }
    level = next;
  }
  const merged = level[0];
  if (!merged) throw new Error('there is nothing to merge');
  return merged;
}
