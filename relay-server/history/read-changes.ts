import { setImmediate as nextTurn } from 'node:timers/promises';
import { REPAIR_SUBJECT } from '../log/document-repairs.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { DocumentHead, DocumentKey, LoggedUpdate, UpdateLog } from '../log/update-log.ts';
import { type AuthorRun, AuthorRuns } from './author-runs.ts';

/** Where somebody stood with a document. */
export interface ChangesSince {
  readonly document: string;
  readonly epoch: string;
  /** Number of the last update that they had; 0 for none. */
  readonly afterSeq: number;
  /** Whether what was deleted is told as well, of one document. */
  readonly withDeletions?: boolean;
}

/** Who changed one document. */
export interface DocumentChanges extends DocumentHead {
  /** Everything through this number was looked at. */
  readonly throughSeq: number;
  /** There is more, or the last update of all brought more than is said. */
  readonly isCut: boolean;
  readonly changes: readonly AuthorRun[];
}

export type ChangesOutcome =
  | { readonly kind: 'changes'; readonly changes: DocumentChanges }
  /** The document has no such epoch any more, and its numbers mean something else. */
  | { readonly kind: 'other-epoch' }
  | { readonly kind: 'unknown' };

/** Somebody who changed a document. */
export interface ChangingPerson {
  readonly subject: string;
  /** The last one that they had. */
  readonly name: string;
  /** By the relay's clock. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Who changed one of several documents. */
export interface ChangedDocument extends DocumentHead {
  readonly document: string;
  /** More people may have changed it, when there is too much to look at or its epoch is another one. */
  readonly isCut: boolean;
  /** By when they came first. */
  readonly people: readonly ChangingPerson[];
}

export interface ChangedDocuments {
  /** Those that have changed, in the order in which they were asked for. */
  readonly documents: readonly ChangedDocument[];
  /** So many of those that were asked for were looked at; the others are to be asked for again. */
  readonly looked: number;
}

/** What is read of a log. */
export type ReadableLog = Pick<UpdateLog, 'readDocument' | 'readHeads' | 'readUpdates'>;
type RoomKey = Omit<DocumentKey, 'document'>;

interface Budget {
  updates: number;
  bytes: number;
}

const MAX_UPDATES = 20_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** Of the runs of one answer. */
const MAX_SIZE = 50_000;
const PAGE_BYTES = 256 * 1024;
const PAGE_UPDATES = 2_000;
/** Documents that are read for one answer, and how many updates of each. */
const MAX_DOCUMENTS = 500;
const MAX_DOCUMENT_UPDATES = 2_000;

/** Who changed a document since then, and what they brought. Rejects with a `LogFailure`. */
export async function readChanges(
  log: ReadableLog,
  { tenant, room }: RoomKey,
  { document, epoch, afterSeq, withDeletions }: ChangesSince,
): Promise<ChangesOutcome> {
  const key = { tenant, room, document };
  const record = await log.readDocument(key);
  if (!record) return { kind: 'unknown' };
  if (record.epoch !== epoch) return { kind: 'other-epoch' };
  const { headSeq } = record;
  const runs = new AuthorRuns(MAX_SIZE, { withDeletions: withDeletions === true });
  const budget: Budget = { updates: MAX_UPDATES, bytes: MAX_BYTES };
  let throughSeq = afterSeq;
  for await (const update of readAfter(log, key, { afterSeq, throughSeq: headSeq }, budget)) {
    runs.add(update);
    throughSeq = update.seq;
    if (runs.isFull) break;
  }
  const isCut = runs.isFull || throughSeq < headSeq;
  return { kind: 'changes', changes: { epoch, headSeq, throughSeq, isCut, changes: runs.finish() } };
}

/** Who changed which of these documents. Rejects with a `LogFailure`. */
export async function readRoomChanges(
  log: ReadableLog,
  { tenant, room }: RoomKey,
  wanted: readonly ChangesSince[],
): Promise<ChangedDocuments> {
  const heads = await log.readHeads(wanted.map(({ document }) => ({ tenant, room, document })));
  const documents: ChangedDocument[] = [];
  const budget: Budget = { updates: MAX_UPDATES, bytes: MAX_BYTES };
  let looked = 0;
  for (const [index, since] of wanted.entries()) {
    const head = heads[index];
    const isOther = head && head.epoch !== since.epoch;
    if (head && (isOther || head.headSeq > since.afterSeq)) {
      if (documents.length >= MAX_DOCUMENTS || budget.updates <= 0 || budget.bytes <= 0) break;
      const { document, afterSeq } = since;
      const { epoch, headSeq } = head;
      const found = isOther ? NOBODY : await readPeople(log, { tenant, room, document }, { afterSeq, headSeq }, budget);
      documents.push({ document, epoch, headSeq, ...found });
    }
    looked++;
  }
  return { documents, looked };
}

const NOBODY = { people: [], isCut: true } as const;

async function readPeople(
  log: ReadableLog,
  key: DocumentKey,
  { afterSeq, headSeq }: { readonly afterSeq: number; readonly headSeq: number },
  budget: Budget,
): Promise<Pick<ChangedDocument, 'people' | 'isCut'>> {
  const own: Budget = { updates: Math.min(budget.updates, MAX_DOCUMENT_UPDATES), bytes: budget.bytes };
  const before = { ...own };
  const people = new Map<string, ChangingPerson>();
  let throughSeq = afterSeq;
  try {
    for await (const update of readAfter(log, key, { afterSeq, throughSeq: headSeq }, own)) {
      throughSeq = update.seq;
      notePerson(people, update);
    }
  } catch (error) {
    // One document that is damaged says nothing of the others.
    if (!(error instanceof LogFailure) || error.code !== 'corrupted') throw error;
  }
  budget.updates -= before.updates - own.updates;
  budget.bytes -= before.bytes - own.bytes;
  return { people: [...people.values()], isCut: throughSeq < headSeq };
}

function notePerson(people: Map<string, ChangingPerson>, { session: { subject }, name, timeMs }: LoggedUpdate): void {
  if (subject === REPAIR_SUBJECT) return;
  const { fromMs, toMs } = people.get(subject) ?? { fromMs: timeMs, toMs: timeMs };
  people.set(subject, { subject, name, fromMs: Math.min(fromMs, timeMs), toMs: Math.max(toMs, timeMs) });
}

/** The updates of a range, as many as the budget has, which gets smaller by them. Others get their turn in between. */
async function* readAfter(
  log: ReadableLog,
  key: DocumentKey,
  { afterSeq, throughSeq }: { readonly afterSeq: number; readonly throughSeq: number },
  budget: Budget,
): AsyncGenerator<LoggedUpdate> {
  let lastSeq = afterSeq;
  while (lastSeq < throughSeq && budget.updates > 0 && budget.bytes > 0) {
    const maxBytes = Math.min(PAGE_BYTES, budget.bytes);
    const lastOfPage = Math.min(throughSeq, lastSeq + Math.min(PAGE_UPDATES, budget.updates));
    const range = { afterSeq: lastSeq, throughSeq: lastOfPage, maxBytes, isPatient: true };
    const page = await log.readUpdates(key, range);
    if (page.length === 0) return;
    for (const update of page) {
      budget.updates--;
      budget.bytes -= update.payload.byteLength;
      lastSeq = update.seq;
      yield update;
    }
    await nextTurn();
  }
}
