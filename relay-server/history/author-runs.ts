import { REPAIR_SUBJECT } from '../log/document-repairs.ts';
import type { LoggedUpdate } from '../log/update-log.ts';
import { StructScanner } from '../rooms/struct-scanner.ts';
import { DeletedStructs } from './deleted-structs.ts';

/** Structs of a document: a Yjs client, the first clock and the one after the last. */
export type StructRange = readonly [client: number, from: number, to: number];

/** What somebody wrote in one go. */
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
  /** What came with it; none when something was only deleted. */
  readonly clients: readonly StructRange[];
  /** What it deleted and no earlier update had; undefined unless that was asked for. */
  readonly deleted?: readonly StructRange[];
}

interface OpenRun {
  fromSeq: number;
  toSeq: number;
  readonly subject: string;
  name: string;
  fromMs: number;
  toMs: number;
  readonly ranges: [client: number, from: number, to: number][];
  readonly deleted: StructRange[];
  /** The last range of each client. */
  readonly lastOf: Map<number, [client: number, from: number, to: number]>;
}

/** A longer pause begins another run. */
const MAX_PAUSE_MS = 60_000;
/** What a run takes in an answer, in ranges of structs. */
const RUN_SIZE = 5;

/** Joins updates of one session that follow each other closely. */
export class AuthorRuns {
  private readonly maxSize: number;
  private readonly deletions: DeletedStructs | undefined;
  private readonly runs: OpenRun[] = [];
  /** The last run of each session. */
  private readonly lastOf = new Map<string, OpenRun>();
  private size = 0;

  /** Counted in ranges of structs, for which it has room; a run counts as five of them. */
  constructor(maxSize: number, { withDeletions = false } = {}) {
    this.maxSize = maxSize;
    this.deletions = withDeletions ? new DeletedStructs() : undefined;
  }

  /** What comes now, or came last, is not in it as a whole. */
  get isFull(): boolean {
    return this.size >= this.maxSize;
  }

  /** Takes the next update by its number. */
  add({ seq, session: { subject, sessionId }, name, timeMs, payload }: LoggedUpdate): void {
    // What stands for damaged updates is of nobody.
    if (subject === REPAIR_SUBJECT || this.isFull) return;
    const key = JSON.stringify([subject, sessionId]);
    let run = this.lastOf.get(key);
    if (!run || Math.abs(timeMs - run.toMs) > MAX_PAUSE_MS) {
      const begun = { fromSeq: seq, toSeq: seq, subject, name, fromMs: timeMs, toMs: timeMs };
      run = { ...begun, ranges: [], deleted: [], lastOf: new Map() };
      this.lastOf.set(key, run);
      this.runs.push(run);
      this.size += RUN_SIZE;
    }
    run.toSeq = seq;
    run.name = name;
    // The clocks of nodes differ.
    run.fromMs = Math.min(run.fromMs, timeMs);
    run.toMs = Math.max(run.toMs, timeMs);
    this.addRanges(run, payload);
  }

  private addRanges({ ranges, deleted, lastOf }: OpenRun, payload: Uint8Array): void {
    try {
      const scanner = new StructScanner(payload);
      while (scanner.next()) {
        const { client, start, end } = scanner;
        const last = lastOf.get(client);
        if (last?.[2] === start) {
          last[2] = end;
          continue;
        }
        if (this.isFull) return;
        const range: [number, number, number] = [client, start, end];
        lastOf.set(client, range);
        ranges.push(range);
        this.size++;
      }
      if (this.deletions) this.addDeletions(deleted, scanner, this.deletions);
    } catch {
      // A damaged row is the business of `repair`; that somebody wrote it is known all the same.
    }
  }

  /** Whoever comes back sends all deletions of the document again: they are of who brought them first. */
  private addDeletions(deleted: StructRange[], scanner: StructScanner, known: DeletedStructs): void {
    for (const [client, from, to] of scanner.deletions()) {
      for (const [newFrom, newTo] of known.add(client, from, to)) {
        if (this.isFull) return;
        deleted.push([client, newFrom, newTo]);
        this.size++;
      }
    }
  }

  /** By their first number. */
  finish(): readonly AuthorRun[] {
    return this.runs.map(({ ranges, deleted, lastOf: _lastOf, ...run }) => ({
      ...run,
      clients: ranges,
      ...(this.deletions && { deleted }),
    }));
  }
}
