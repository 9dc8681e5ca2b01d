import * as Y from 'yjs';
import { errorMessage, systemScheduler } from '../shared/lifecycle/index.ts';
import { OperatorError } from './data-folder.ts';
import { EMPTY_UPDATE } from './log/document-repairs.ts';
import { LogFailure } from './log/log-failure.ts';
import { repairDocument, type RepairReport } from './log/repair.ts';
import type { RelayStorage } from './log/relay-storage.ts';
import { SegmentReader } from './log/segment-reader.ts';
import type { SegmentStore } from './log/segment-store.ts';
import type { SnapshotStore } from './log/snapshot-store.ts';
import type { DocumentKey } from './log/update-log.ts';
import { count, describeMissing, describeReport, MISSING_ADVICE, nameOf, summarizeReport } from './repair-report.ts';
import { inspectUpdate } from './rooms/inspect-update.ts';

export interface RepairCommandResult {
  /** Lines for the operator. */
  readonly text: string;
  /** Whether the document can be used. */
  readonly isUsable: boolean;
}

/** Where things are, and what may be done to them. */
export interface RepairCommandOptions {
  readonly storage: RelayStorage;
  readonly snapshots: SnapshotStore;
  readonly segmentStore: SegmentStore;
  /** Where these two are, for the operator. */
  readonly place: string;
  /** Whether it is repaired; it is only checked else. */
  readonly isApplied: boolean;
  /** Whether objects are given up of which the stores have none at all. */
  readonly givesUpMissingObjects: boolean;
}

type Outcome = RepairReport['outcome'] | 'objects-missing' | 'unreadable';

const PAGE_DOCUMENTS = 500;

/**
 * Checks a document, and repairs it when asked to, beside a running relay or without one. Rejects with a `LogFailure`,
 * and with an {@link OperatorError} when the stores seem to be the wrong ones.
 */
export async function runRepair(options: RepairCommandOptions, key: DocumentKey): Promise<RepairCommandResult> {
  return withServices(options, async (repair) => {
    const report = await repair(key);
    const name = nameOf(key);
    if (report?.outcome === 'objects-missing')
      throw new OperatorError(
        `${name} ${describeMissing(report, options.place)} Nothing was changed. ${MISSING_ADVICE}`,
      );
    if (!report) return { text: `${name} was never written to. Check the names.\n`, isUsable: false };
    return { text: `${describeReport(key, report).join('\n')}\n`, isUsable: report.outcome !== 'damaged' };
  });
}

/**
 * Does the same to all documents of a room, one after the other. `write` gets a line for each, and then what it comes to.
 * Gives whether all of them can be used. Rejects as {@link runRepair} does when the database or the stores cannot be
 * reached; documents that were repaired by then stay so.
 */
export async function runRoomRepair(
  options: RepairCommandOptions,
  room: Omit<DocumentKey, 'document'>,
  write: (text: string) => void,
): Promise<boolean> {
  const outcomes = new Map<Outcome, number>();
  await withServices(options, async (repair) => {
    for await (const document of documentsOf(options.storage, room)) {
      const { outcome, line } = await repairOne({ ...room, document }, repair, options.place);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      write(`${line}\n`);
    }
  });
  write(`${summarize(room.room, outcomes, options)}\n`);
  return outcomes.size > 0 && [...outcomes.keys()].every((outcome) => outcome === 'sound' || outcome === 'repaired');
}

type Repair = (key: DocumentKey) => ReturnType<typeof repairDocument>;

async function withServices<T>(options: RepairCommandOptions, work: (repair: Repair) => Promise<T>): Promise<T> {
  const { storage, snapshots, segmentStore, isApplied, givesUpMissingObjects } = options;
  const segments = new SegmentReader(segmentStore, systemScheduler);
  const services = {
    log: storage.log,
    index: storage.segments,
    segments,
    segmentStore,
    repairs: storage.repairs,
    snapshots,
    inspect: explainMalformed,
    createEpoch: () => `repaired-${crypto.randomUUID()}`,
    now: () => systemScheduler.now(),
  };
  try {
    return await work((key) => repairDocument(services, key, { isApplied, givesUpMissingObjects }));
  } finally {
    segments.dispose();
  }
}

function explainMalformed(payload: Uint8Array): string | undefined {
  const inspection = inspectUpdate(payload);
  if (inspection.kind === 'malformed') return inspection.explanation;
  try {
    // Whatever is sent of a document, and its snapshots, are written anew. What is nested may be too deep for that.
    Y.mergeUpdates([payload, EMPTY_UPDATE]);
    return undefined;
  } catch (error) {
    return `it cannot be merged with others (${errorMessage(error)})`;
  }
}

async function* documentsOf({ repairs }: RelayStorage, room: Omit<DocumentKey, 'document'>): AsyncGenerator<string> {
  let after: string | undefined;
  for (;;) {
    const page = await repairs.listDocuments(room, { after, limit: PAGE_DOCUMENTS });
    yield* page;
    after = page.at(-1);
    if (page.length < PAGE_DOCUMENTS) return;
  }
}

async function repairOne(
  key: DocumentKey,
  repair: Repair,
  place: string,
): Promise<{ readonly outcome: Outcome; readonly line: string }> {
  try {
    const report = await repair(key);
    if (!report) return { outcome: 'sound', line: `${nameOf(key)} was never written to.` };
    const { outcome } = report;
    if (outcome === 'objects-missing') return { outcome, line: `${nameOf(key)} ${describeMissing(report, place)}` };
    return { outcome, line: summarizeReport(key, report) };
  } catch (error) {
    // What is so with one document need not be so with the next.
    if (!(error instanceof LogFailure) || (error.code !== 'corrupted' && error.code !== 'failed')) throw error;
    return { outcome: 'unreadable', line: `${nameOf(key)} cannot be checked: ${error.message}` };
  }
}

function summarize(room: string, outcomes: ReadonlyMap<Outcome, number>, options: RepairCommandOptions): string {
  const all = [...outcomes.values()].reduce((sum, amount) => sum + amount, 0);
  if (all === 0) return `There is no document in room ${room}. Check the names.`;
  const words: Readonly<Record<Outcome, string>> = {
    sound: 'sound',
    repaired: 'repaired',
    damaged: 'damaged',
    'objects-missing': 'with nothing in the store',
    unreadable: 'that cannot be checked',
  };
  const parts = [...outcomes].map(([outcome, amount]) => `${amount} ${words[outcome]}`);
  const sentences = [`${count(all, 'document')} in room ${room}: ${parts.join(', ')}.`];
  if (outcomes.has('damaged'))
    sentences.push('Nothing was changed. Run the command again with --apply to repair them.');
  if (outcomes.has('repaired'))
    sentences.push('Everybody who still has the content brings back what was lost when they open it.');
  if (outcomes.has('objects-missing'))
    sentences.push(`Where nothing is in ${options.place}, nothing was changed. ${MISSING_ADVICE}`);
  return sentences.join(' ');
}
