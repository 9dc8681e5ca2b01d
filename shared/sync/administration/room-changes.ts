import type { RequestOutcome } from '../relay-requests.ts';
import { attempt, fail, flag, number, readList, type ReadEntry, text } from './read-records.ts';
import { RoomRequests, type RoomRequestsOptions } from './room-requests.ts';

/** Where this device stands with a document. */
export interface ChangesSince {
  readonly document: string;
  readonly epoch: string;
  /** Number of the last committed update that it has; 0 for none. */
  readonly afterSeq: number;
  /** Whether what was deleted is told as well, where one document is asked for. */
  readonly withDeletions?: boolean;
}

/** Yjs structs: the client, the first clock and the one after the last. */
export type StructRange = readonly [client: number, from: number, to: number];

/** What one session wrote without a pause of more than a minute. */
export interface AuthorRun {
  /** Others may have written in between. */
  readonly fromSeq: number;
  /** Inclusive. */
  readonly toSeq: number;
  readonly subject: string;
  readonly name: string;
  /** By the relay's clock. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Of several runs that have a struct, the first has brought it. None: something was only deleted. */
  readonly clients: readonly StructRange[];
  /** What it deleted first; undefined unless that was asked for and the relay tells. */
  readonly deleted?: readonly StructRange[];
}

export interface DocumentChanges {
  readonly epoch: string;
  readonly headSeq: number;
  /** It tells everything through this number. */
  readonly throughSeq: number;
  /** There is more: asking again after `throughSeq` goes on. */
  readonly isCut: boolean;
  /** By their first number. */
  readonly changes: readonly AuthorRun[];
}

/** Somebody who changed a document. */
export interface ChangingPerson {
  readonly subject: string;
  readonly name: string;
  /** By the relay's clock. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ChangedDocument {
  readonly document: string;
  readonly epoch: string;
  readonly headSeq: number;
  /** Others may have changed it as well. */
  readonly isCut: boolean;
  readonly people: readonly ChangingPerson[];
}

/** What is asked at once. */
const MAX_DOCUMENTS = 5_000;

const readRange: ReadEntry<StructRange> = (value) => {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [];
  const [client, from, to, ...rest] = parts;
  if (typeof client !== 'number' || typeof from !== 'number' || typeof to !== 'number' || rest.length > 0)
    return undefined;
  const isRange = [client, from, to].every((part) => Number.isSafeInteger(part) && part >= 0) && from < to;
  return isRange ? [client, from, to] : undefined;
};

const readPerson: ReadEntry<ChangingPerson> = (value) =>
  attempt(value, (fields) => ({
    subject: text(fields, 'subject'),
    name: text(fields, 'name'),
    fromMs: number(fields, 'fromMs'),
    toMs: number(fields, 'toMs'),
  }));

const readRun: ReadEntry<AuthorRun> = (value) =>
  attempt(value, (fields) => ({
    ...(readPerson(fields) ?? fail()),
    fromSeq: number(fields, 'fromSeq'),
    toSeq: number(fields, 'toSeq'),
    clients: readList(fields, 'clients', readRange) ?? fail(),
    ...(fields['deleted'] === undefined ? {} : { deleted: readList(fields, 'deleted', readRange) ?? fail() }),
  }));

const readChanges: ReadEntry<DocumentChanges> = (value) =>
  attempt(value, (fields) => ({
    epoch: text(fields, 'epoch'),
    headSeq: number(fields, 'headSeq'),
    throughSeq: number(fields, 'throughSeq'),
    isCut: flag(fields, 'isCut'),
    changes: readList(fields, 'changes', readRun) ?? fail(),
  }));

const readChanged: ReadEntry<ChangedDocument> = (value) =>
  attempt(value, (fields) => ({
    document: text(fields, 'document'),
    epoch: text(fields, 'epoch'),
    headSeq: number(fields, 'headSeq'),
    isCut: flag(fields, 'isCut'),
    people: readList(fields, 'people', readPerson) ?? fail(),
  }));

/** Who changed the documents of a room. Nothing here throws; explanations are for the person who asked. */
export class RoomChanges {
  private readonly requests: RoomRequests;

  constructor(options: RoomRequestsOptions) {
    this.requests = new RoomRequests(options);
  }

  /** Refused when the document has another epoch by now, and to those who came for a part of the files. */
  read({ document, epoch, afterSeq, withDeletions }: ChangesSince): Promise<RequestOutcome<DocumentChanges>> {
    const path = `changes/${encodeURIComponent(document)}?epoch=${encodeURIComponent(epoch)}&after=${afterSeq}`;
    return this.requests.ask({ path: withDeletions ? `${path}&deletions=true` : path }, readChanges);
  }

  /**
   * Which of these documents have changed, and by whom. Any number of them; a failure in the middle is one of all.
   * Refused to those who came for a part of the files.
   */
  async readAll(wanted: readonly ChangesSince[]): Promise<RequestOutcome<readonly ChangedDocument[]>> {
    const found: ChangedDocument[] = [];
    for (let next = 0; next < wanted.length;) {
      const asked = wanted.slice(next, next + MAX_DOCUMENTS);
      const outcome = await this.readSome(asked);
      if (!outcome.ok) return outcome;
      found.push(...outcome.value.documents);
      next += outcome.value.looked;
    }
    return { ok: true, value: found };
  }

  private readSome(asked: readonly ChangesSince[]) {
    const documents = asked.map(({ document, epoch, afterSeq }) => ({ document, epoch, after: afterSeq }));
    const read: ReadEntry<{ readonly documents: readonly ChangedDocument[]; readonly looked: number }> = (value) =>
      attempt(value, (fields) => {
        const looked = number(fields, 'looked');
        // A relay that looks at none would be asked for ever.
        if (!Number.isInteger(looked) || looked < 1 || looked > asked.length) fail();
        return { documents: readList(fields, 'documents', readChanged) ?? fail(), looked };
      });
    return this.requests.ask({ method: 'POST', path: 'changes', body: { documents } }, read);
  }
}
