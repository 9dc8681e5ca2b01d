import { isMainThread, parentPort } from 'node:worker_threads';
import { type MergeCommand, type MergedRun, type MergeReply, unpackRows } from './compaction-messages.ts';
import { mergeUpdates } from '../../../shared/sync/merge-updates.ts';
import { mergeAcked, splitIntoRuns } from './merge-rows.ts';

/** A merged row is sent again as one update: the relay takes 300,000 structs and 16 MiB at most. */
const RUN_BOUNDS = { maxStructs: 50_000, maxBytes: 1024 * 1024 };

// Started by compaction-thread.ts, the only one that has its port.
if (!isMainThread && parentPort) {
  const port = parentPort;
  let acked: Uint8Array[] = [];
  let unacked: Uint8Array[] = [];
  port.on('message', (command: MergeCommand) => {
    if (command.kind === 'add') {
      const rows = unpackRows(command.rows);
      for (const row of rows) (command.isUnacked ? unacked : acked).push(row);
      return;
    }
    const reply = answer(acked, unacked);
    [acked, unacked] = [[], []];
    port.postMessage(reply);
  });
}

function answer(acked: readonly Uint8Array[], unacked: readonly Uint8Array[]): MergeReply {
  try {
    return {
      kind: 'merged',
      acked: acked.length > 1 ? [{ count: acked.length, payload: mergeAcked(acked).slice() }] : [],
      unacked: mergeRuns(unacked),
    };
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

function mergeRuns(updates: readonly Uint8Array[]): MergedRun[] {
  let start = 0;
  return splitIntoRuns(updates, RUN_BOUNDS).map((count): MergedRun => {
    // What the relay has not may say nothing that others wrote, which a document would know, too.
    const run = updates.slice(start, (start += count));
    return { count, payload: count > 1 ? mergeUpdates(run).slice() : undefined };
  });
}
