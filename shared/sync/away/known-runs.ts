import type { StructRange } from '../administration/room-changes.ts';
import type { SyncCursor } from '../offline-store.ts';
import { type Authorship, type ChangeAuthors, readRuns } from './change-authors.ts';

/** Documents of which it is kept; of more, those that were asked for last. */
const MAX_DOCUMENTS = 4;

/** Who wrote what, as far as the relay has told by now. */
export interface KnownAuthorship {
  readonly runs: readonly Authorship[];
  /** The relay did not answer: asking again later can help. */
  readonly isUnanswered: boolean;
}

/** Asks the relay who wrote what in documents, and keeps the answers: it is asked only for what came since. */
export class KnownRuns {
  private readonly authors: ChangeAuthors;
  private readonly documents = new Map<string, RunsOfDocument>();

  constructor(authors: ChangeAuthors) {
    this.authors = authors;
  }

  /** What was written since then through the time of the call. One question at a time for each document. */
  read(document: string, since: SyncCursor): Promise<KnownAuthorship> {
    const kept = this.documents.get(document);
    const runs = kept?.isSince(since) ? kept : new RunsOfDocument(this.authors, document, since);
    this.documents.delete(document);
    this.documents.set(document, runs);
    const [oldest] = this.documents.keys();
    if (this.documents.size > MAX_DOCUMENTS && oldest !== undefined) this.documents.delete(oldest);
    return runs.read();
  }
}

class RunsOfDocument {
  private readonly authors: ChangeAuthors;
  private readonly document: string;
  private readonly since: SyncCursor;
  private readonly runs: (Authorship & { readonly clients: StructRange[] })[] = [];
  private throughSeq: number;
  private running: Promise<unknown> = Promise.resolve();
  /** Begins when what is asked now is answered. */
  private next: Promise<KnownAuthorship> | undefined;

  constructor(authors: ChangeAuthors, document: string, since: SyncCursor) {
    this.authors = authors;
    this.document = document;
    this.since = since;
    this.throughSeq = since.seq;
  }

  isSince({ epoch, seq }: SyncCursor): boolean {
    return this.since.epoch === epoch && this.since.seq === seq;
  }

  read(): Promise<KnownAuthorship> {
    if (this.next) return this.next;
    const next = this.running.then(() => {
      this.next = undefined;
      return this.ask();
    });
    this.next = next;
    // The next question does not depend on what came of this one.
    this.running = next.catch(() => undefined);
    return next;
  }

  private async ask(): Promise<KnownAuthorship> {
    const { authors, document, since, throughSeq } = this;
    const read = await readRuns(authors, document, { epoch: since.epoch, seq: throughSeq });
    this.throughSeq = read.throughSeq;
    for (const run of read.runs) this.add(run);
    return { runs: [...this.runs], isUnanswered: read.isUnanswered };
  }

  /** Of a text that is being typed each answer has a bit more of the same people. */
  private add({ subject, name, clients }: Authorship): void {
    const last = this.runs.at(-1);
    if (last?.subject !== subject || last.name !== name)
      return void this.runs.push({ subject, name, clients: [...clients] });
    for (const range of clients) {
      const [client, from, to] = range;
      const before = last.clients.at(-1);
      if (before && before[0] === client && before[2] === from)
        last.clients[last.clients.length - 1] = [client, before[1], to];
      else last.clients.push(range);
    }
  }
}
