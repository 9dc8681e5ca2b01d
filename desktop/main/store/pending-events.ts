import { Emitter } from '../../../shared/lifecycle/index.ts';
import type { EventSpan, NewEvent } from '../../../shared/sync/administration/index.ts';
import { GIT_OPERATIONS, type GitState } from '../workspace/git-state.ts';
import type { RoomDatabase } from './room-database.ts';

type Row = Readonly<Record<string, unknown>>;

/** What an event says beside its edits. */
export type EventBody = Omit<NewEvent, 'id' | 'spans'>;

/** An event that the relay does not have yet. */
export interface PendingEvent {
  readonly eventId: string;
  /** Undefined while it is still going on. */
  readonly body: EventBody | undefined;
  /** Where its edits are in the relay's log, by document; undefined for those that were not acked. */
  readonly documents: ReadonlyMap<string, EventSpan | undefined>;
}

/**
 * Events of one room that the relay is to have, in the room's database. What is noted is committed no later than what is
 * written to the database after it.
 */
export class PendingEvents {
  private readonly room: RoomDatabase;
  private readonly failed = new Emitter<unknown>();
  private readonly statements: ReturnType<typeof prepareStatements>;
  private known: GitState | undefined;

  /** Fires with an OfflineStoreError when something could not be kept: an event may be lost, but no edit. */
  readonly onDidFail = this.failed.event;

  /** The database stays the caller's. */
  constructor(room: RoomDatabase) {
    this.room = room;
    this.statements = prepareStatements(room);
    this.known = readGit(this.statements.readGit.get()?.['state']);
  }

  /** Git as it was noted last. */
  get git(): GitState | undefined {
    return this.known;
  }

  set git(git: GitState | undefined) {
    const state = JSON.stringify(git);
    if (git === undefined || state === JSON.stringify(this.known)) return;
    this.known = git;
    this.write(() => this.statements.setGit.run(state));
  }

  /**
   * As an earlier start left them, oldest first, without documents of which nothing is acked and nothing waits to be: their
   * edits were never kept.
   */
  list(): readonly PendingEvent[] {
    const documents = new Map<string, Map<string, EventSpan | undefined>>();
    this.room.writes.flush();
    for (const row of this.statements.listDocuments.all()) {
      const eventId = String(row['event_id']);
      const known = documents.get(eventId) ?? new Map<string, EventSpan | undefined>();
      documents.set(eventId, known.set(String(row['document']), readSpan(row)));
    }
    return this.statements.list.all().map((row) => {
      const eventId = String(row['event_id']);
      return { eventId, body: readBody(row['body']), documents: documents.get(eventId) ?? new Map() };
    });
  }

  begin(eventId: string): void {
    this.write(() => this.statements.begin.run(eventId));
  }

  /** A document belongs to an event. */
  addDocument(eventId: string, document: string): void {
    this.write(() => this.statements.addDocument.run(eventId, document));
  }

  setSpan(eventId: string, { document, epoch, fromSeq, toSeq }: EventSpan): void {
    this.write(() => this.statements.setSpan.run(eventId, document, epoch, fromSeq, toSeq));
  }

  complete(eventId: string, body: EventBody): void {
    this.write(() => this.statements.complete.run(eventId, JSON.stringify(body)));
  }

  delete(eventId: string): void {
    this.write(() => {
      this.statements.delete.run(eventId);
      this.statements.deleteDocuments.run(eventId);
    });
  }

  private write(run: () => void): void {
    this.room.writes.enqueue(run).catch((error: unknown) => this.failed.fire(error));
  }
}

function readBody(body: unknown): EventBody | undefined {
  const { kind, label, files, atMs, detail } = parse(body);
  if (
    (kind !== 'bulk' && kind !== 'blob') ||
    typeof label !== 'string' ||
    typeof files !== 'number' ||
    typeof atMs !== 'number'
  ) {
    return undefined;
  }
  return { kind, label, files, atMs, ...(typeof detail === 'string' ? { detail } : {}) };
}

function readSpan(row: Row): EventSpan | undefined {
  const { document, epoch, from_seq: fromSeq, to_seq: toSeq } = row;
  if (typeof epoch !== 'string') return undefined;
  return { document: String(document), epoch, fromSeq: Number(fromSeq), toSeq: Number(toSeq) };
}

function readGit(state: unknown): GitState | undefined {
  const { gitDir, branch, commit, operation, headLogBytes, stashLogBytes, headMs, stashMs } = parse(state);
  const sizes = [headLogBytes, stashLogBytes, headMs, stashMs].map((value) =>
    typeof value === 'number' ? value : NaN,
  );
  const [headBytes = 0, stashBytes = 0, headAtMs = 0, stashAtMs = 0] = sizes;
  if (typeof gitDir !== 'string' || sizes.some(Number.isNaN)) return undefined;
  return {
    gitDir,
    branch: typeof branch === 'string' ? branch : undefined,
    commit: typeof commit === 'string' ? commit : undefined,
    operation: GIT_OPERATIONS.find((known) => known === operation),
    headLogBytes: headBytes,
    stashLogBytes: stashBytes,
    headMs: headAtMs,
    stashMs: stashAtMs,
  };
}

/** The fields of what was kept as JSON; none where there is nothing. */
function parse(json: unknown): Row {
  const value: unknown = typeof json === 'string' ? JSON.parse(json) : undefined;
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function prepareStatements({ database }: RoomDatabase) {
  return {
    readGit: database.prepare<[], Row>('SELECT state FROM folder_git'),
    setGit: database.prepare<[string]>('INSERT OR REPLACE INTO folder_git (id, state) VALUES (1, ?)'),
    list: database.prepare<[], Row>('SELECT event_id, body FROM pending_event ORDER BY rowid'),
    listDocuments: database.prepare<[], Row>(
      `SELECT event_id, document, epoch, from_seq, to_seq FROM pending_event_document AS noted
       WHERE epoch IS NOT NULL
         OR EXISTS (SELECT 1 FROM updates WHERE updates.document = noted.document AND is_unacked = 1)`,
    ),
    begin: database.prepare<[string]>('INSERT OR IGNORE INTO pending_event (event_id) VALUES (?)'),
    addDocument: database.prepare<[string, string]>(
      'INSERT OR IGNORE INTO pending_event_document (event_id, document) VALUES (?, ?)',
    ),
    setSpan: database.prepare<[string, string, string, number, number]>(
      `INSERT OR REPLACE INTO pending_event_document (event_id, document, epoch, from_seq, to_seq)
       VALUES (?, ?, ?, ?, ?)`,
    ),
    complete: database.prepare<[string, string]>(
      `INSERT INTO pending_event (event_id, body) VALUES (?, ?)
       ON CONFLICT (event_id) DO UPDATE SET body = excluded.body`,
    ),
    delete: database.prepare<[string]>('DELETE FROM pending_event WHERE event_id = ?'),
    deleteDocuments: database.prepare<[string]>('DELETE FROM pending_event_document WHERE event_id = ?'),
  };
}
