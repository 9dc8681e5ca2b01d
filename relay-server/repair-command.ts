import { systemScheduler } from '../shared/lifecycle/index.ts';
import { repairDocument, type RepairReport } from './log/repair.ts';
import type { RelayStorage } from './log/relay-storage.ts';
import type { SnapshotStore } from './log/snapshot-store.ts';
import type { DocumentKey } from './log/update-log.ts';
import { inspectUpdate } from './rooms/inspect-update.ts';

export interface RepairCommandResult {
  /** Lines for the operator. */
  readonly text: string;
  /** Whether the document can be used. */
  readonly isUsable: boolean;
}

const LISTED_UPDATES = 20;

export interface RepairCommandOptions {
  readonly storage: RelayStorage;
  readonly snapshots: SnapshotStore;
  readonly key: DocumentKey;
  /** Whether it is repaired; it is only checked else. */
  readonly isApplied: boolean;
}

/** Checks a document, and repairs it when asked to, beside a running relay or without one. Rejects with a `LogFailure`. */
export async function runRepair(options: RepairCommandOptions): Promise<RepairCommandResult> {
  const { storage, snapshots, key, isApplied } = options;
  const services = {
    log: storage.log,
    repairs: storage.repairs,
    snapshots,
    inspect: explainMalformed,
    createEpoch: () => `repaired-${crypto.randomUUID()}`,
    now: () => systemScheduler.now(),
  };
  const report = await repairDocument(services, key, { isApplied });
  const name = `The document ${key.document} in room ${key.room}`;
  if (!report) return { text: `${name} was never written to. Check the names.\n`, isUsable: false };
  return { text: `${describe(name, report).join('\n')}\n`, isUsable: report.outcome !== 'damaged' };
}

function explainMalformed(payload: Uint8Array): string | undefined {
  const inspection = inspectUpdate(payload);
  return inspection.kind === 'malformed' ? inspection.explanation : undefined;
}

function describe(name: string, { headSeq, snapshot, snapshotDamage, damaged, outcome }: RepairReport): string[] {
  const extent = `${headSeq} updates${snapshot ? `, a snapshot at ${snapshot.seq}` : ''}`;
  if (outcome === 'sound') return [`${name} is sound: ${extent}.`];
  const lines = [`${name} is damaged: ${extent}.`];
  if (snapshotDamage !== undefined) lines.push(`- its snapshot: ${snapshotDamage}`);
  for (const { seq, reason } of damaged.slice(0, LISTED_UPDATES)) lines.push(`- update ${seq}: ${reason}`);
  if (damaged.length > LISTED_UPDATES) lines.push(`- and ${damaged.length - LISTED_UPDATES} more updates`);
  if (outcome === 'damaged') return [...lines, 'Nothing was changed. Run the command again with --apply to repair it.'];
  if (damaged.length > 0) lines.push('The damaged updates were moved to the table damaged_updates.');
  if (snapshotDamage !== undefined) lines.push('The snapshot is no longer used; the log has everything.');
  lines.push('It can be used again. Everybody who still has the content brings back what was lost when they open it.');
  return lines;
}
