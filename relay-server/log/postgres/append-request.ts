import { LogFailure } from '../log-failure.ts';
import type { DocumentAppend, DocumentAppended, NewUpdate } from '../update-log.ts';

/** What the append gave for one document. */
export interface AppendedRow {
  readonly epoch: string;
  readonly head: number;
  /** Null when all of its updates were known. */
  readonly head_before: number | null;
  /** For each of its updates the number that it had before, or null; null as a whole when all are new. */
  readonly known_seqs: readonly (number | null)[] | null;
}

interface WantedDocument {
  readonly tenant: string;
  readonly room: string;
  readonly document: string;
  readonly epoch: string;
  /** Its updates, by their place in {@link AppendRequest.updates}. */
  readonly updates: number[];
}

interface WantedUpdate {
  readonly documentPlace: number;
  readonly sessionPlace: number;
  readonly update: NewUpdate;
}

/** A batch as columns, with each document, session and update once. */
export class AppendRequest {
  private readonly batch: readonly DocumentAppend[];
  private readonly documents = new NumberedSet<WantedDocument>();
  private readonly sessions = new NumberedSet<{ readonly subject: string; readonly sessionId: string }>();
  private readonly updates = new NumberedSet<WantedUpdate>();

  constructor(batch: readonly DocumentAppend[]) {
    this.batch = batch;
    for (const entry of batch) {
      for (const update of entry.updates) this.placeOfUpdate(this.placeOfDocument(entry), update);
    }
  }

  /** Columns of documents and their first epochs. */
  documentColumns(): [tenants: string[], rooms: string[], documents: string[], epochs: string[]] {
    const { items } = this.documents;
    return [
      items.map(({ tenant }) => tenant),
      items.map(({ room }) => room),
      items.map(({ document }) => document),
      items.map(({ epoch }) => epoch),
    ];
  }

  sessionColumns(): [subjects: string[], sessionIds: string[]] {
    const { items } = this.sessions;
    return [items.map(({ subject }) => subject), items.map(({ sessionId }) => sessionId)];
  }

  /** Columns of updates, and all payloads one after the other: an array of them would travel as text. */
  updateColumns(): unknown[] {
    const { items } = this.updates;
    const payloads = items.map(({ update }) => update.payload);
    let end = 1;
    const starts = payloads.map(({ byteLength }) => {
      end += byteLength;
      return end - byteLength;
    });
    return [
      items.map(({ documentPlace }) => documentPlace + 1),
      items.map(({ sessionPlace }) => sessionPlace + 1),
      items.map(({ update }) => update.clientSeq),
      items.map(({ update }) => update.name),
      items.map(({ update }) => update.timeMs),
      starts,
      payloads.map(({ byteLength }) => byteLength),
      Buffer.concat(payloads),
    ];
  }

  /** Takes one row for each document, and gives what the batch was answered. */
  answer(rows: readonly AppendedRow[]): DocumentAppended[] {
    const seqs: number[] = [];
    for (const [place, { updates }] of this.documents.items.entries()) {
      const row = rows[place];
      if (!row) throw new LogFailure('failed', 'The update log answered for fewer documents than it was given.');
      let seq = row.head_before ?? row.head;
      for (const [index, update] of updates.entries()) seqs[update] = row.known_seqs?.[index] ?? ++seq;
    }
    return this.batch.map((entry) => {
      const place = this.placeOfDocument(entry);
      const row = rows[place];
      return {
        epoch: row?.epoch ?? entry.epochWhenNew,
        headSeq: row?.head ?? 0,
        seqs: entry.updates.map((update) => seqs[this.placeOfUpdate(place, update)] ?? 0),
      };
    });
  }

  private placeOfDocument({ key: { tenant, room, document }, epochWhenNew }: DocumentAppend): number {
    const name = JSON.stringify([tenant, room, document]);
    return this.documents.place(name, () => ({ tenant, room, document, epoch: epochWhenNew, updates: [] }));
  }

  private placeOfUpdate(documentPlace: number, update: NewUpdate): number {
    const { subject, sessionId } = update.session;
    const sessionPlace = this.sessions.place(JSON.stringify([subject, sessionId]), () => ({ subject, sessionId }));
    const { size } = this.updates;
    return this.updates.place(`${documentPlace} ${sessionPlace} ${update.clientSeq}`, () => {
      this.documents.items[documentPlace]?.updates.push(size);
      return { documentPlace, sessionPlace, update };
    });
  }
}

/** Things by a name, numbered from 0 in the order in which they came. */
class NumberedSet<T> {
  readonly items: T[] = [];
  private readonly places = new Map<string, number>();

  get size(): number {
    return this.items.length;
  }

  /** The place of the thing called `name`, which is made when it is new. */
  place(name: string, make: () => T): number {
    let place = this.places.get(name);
    if (place === undefined) {
      place = this.items.length;
      this.places.set(name, place);
      this.items.push(make());
    }
    return place;
  }
}
