import type Database from 'better-sqlite3';
import type {
  DocumentAppend,
  DocumentAppended,
  DocumentHead,
  DocumentKey,
  DocumentRecord,
  LoggedUpdate,
  NewUpdate,
  ReadRange,
  SessionKey,
  SnapshotPointer,
  UpdateLog,
} from '../update-log.ts';
import { guardSqlite } from './sqlite-failure.ts';
import { type KeyParameters, type UpdateRow, parametersOf, snapshotOf, toLoggedUpdate } from '../database-rows.ts';

interface DocumentRow {
  readonly document_id: number;
  readonly epoch: string;
  readonly head: number;
  readonly snapshot_seq: number | null;
  readonly snapshot_id: string | null;
  readonly snapshot_bytes: number | null;
}

const MAX_KNOWN_SESSIONS = 10_000;

function prepareStatements(database: Database.Database) {
  return {
    findDocument: database.prepare<KeyParameters, DocumentRow>(
      'SELECT document_id, epoch, head, snapshot_seq, snapshot_id, snapshot_bytes FROM documents WHERE tenant = ? AND room = ? AND document = ?',
    ),
    addDocument: database.prepare<[...KeyParameters, string]>(
      'INSERT INTO documents (tenant, room, document, epoch) VALUES (?, ?, ?, ?)',
    ),
    moveHead: database.prepare<[number, number]>('UPDATE documents SET head = head + ? WHERE document_id = ?'),
    findSession: database
      .prepare<[string, string], number>('SELECT session_key FROM sessions WHERE subject = ? AND session_id = ?')
      .pluck(),
    addSession: database.prepare<[string, string]>('INSERT INTO sessions (subject, session_id) VALUES (?, ?)'),
    addUpdate: database.prepare<[number, number, number, number, string, number, Uint8Array]>(
      `INSERT INTO updates (document_id, seq, session_key, client_seq, name, time_ms, payload) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (document_id, session_key, client_seq) DO NOTHING`,
    ),
    findUpdate: database
      .prepare<[number, number, number], number>(
        'SELECT seq FROM updates WHERE document_id = ? AND session_key = ? AND client_seq = ?',
      )
      .pluck(),
    readUpdates: database.prepare<[number, number, number], UpdateRow>(
      `SELECT seq, subject, session_id, client_seq, name, time_ms, payload FROM updates JOIN sessions USING (session_key)
       WHERE document_id = ? AND seq > ? AND seq <= ? ORDER BY seq`,
    ),
    lastOfSession: database.prepare<[...KeyParameters, string, string], { client_seq: number; seq: number }>(
      `SELECT client_seq, seq FROM updates JOIN documents USING (document_id) JOIN sessions USING (session_key)
       WHERE tenant = ? AND room = ? AND document = ? AND subject = ? AND session_id = ? ORDER BY client_seq DESC LIMIT 1`,
    ),
    replaceEpoch: database.prepare<[string, ...KeyParameters, string]>(
      'UPDATE documents SET epoch = ? WHERE tenant = ? AND room = ? AND document = ? AND epoch = ?',
    ),
    setSnapshot: database.prepare<[number, string, number, ...KeyParameters, number, string | null]>(
      `UPDATE documents SET snapshot_seq = ?, snapshot_id = ?, snapshot_bytes = ?
       WHERE tenant = ? AND room = ? AND document = ? AND coalesce(snapshot_seq, 0) < ? AND snapshot_id IS ?`,
    ),
  };
}

/** The update log in one SQLite file. Other processes may use the same file. */
export class SqliteUpdateLog implements UpdateLog {
  /** There is one writer at a time, so that one commit for all costs least. */
  readonly maxConcurrentAppends = 1;
  private readonly path: string;
  private readonly statements: ReturnType<typeof prepareStatements>;
  /** Of sessions that are in the database for good. */
  private readonly sessionKeys = new Map<string, number>();
  private readonly findOrAdd: Database.Transaction<
    (key: DocumentKey, epoch: string) => Pick<DocumentRow, 'document_id' | 'epoch' | 'head'>
  >;
  private readonly appendAll: Database.Transaction<(batch: readonly DocumentAppend[]) => readonly DocumentAppended[]>;

  /** The caller keeps the ownership of `database`. */
  constructor(database: Database.Database, path: string) {
    this.path = path;
    this.statements = guardSqlite(path, () => prepareStatements(database));
    this.findOrAdd = database.transaction((key: DocumentKey, epoch: string) => this.findOrAddDocument(key, epoch));
    this.appendAll = database.transaction((batch: readonly DocumentAppend[]) =>
      batch.map((entry) => this.appendToDocument(entry)),
    );
  }

  async append(batch: readonly DocumentAppend[]): Promise<readonly DocumentAppended[]> {
    return guardSqlite(this.path, () => this.appendAll.immediate(batch));
  }

  async readDocument(key: DocumentKey): Promise<DocumentRecord | undefined> {
    const row = guardSqlite(this.path, () => this.statements.findDocument.get(...parametersOf(key)));
    return row && { epoch: row.epoch, headSeq: row.head, snapshot: snapshotOf(row) };
  }

  async readHeads(keys: readonly DocumentKey[]): Promise<readonly (DocumentHead | undefined)[]> {
    return guardSqlite(this.path, () =>
      keys.map((key) => {
        const row = this.statements.findDocument.get(...parametersOf(key));
        return row && { epoch: row.epoch, headSeq: row.head };
      }),
    );
  }

  async readUpdates(key: DocumentKey, range: ReadRange): Promise<readonly LoggedUpdate[]> {
    return guardSqlite(this.path, () => {
      const document = this.statements.findDocument.get(...parametersOf(key));
      const updates: LoggedUpdate[] = [];
      if (!document) return updates;
      let byteLength = 0;
      const rows = this.statements.readUpdates.iterate(document.document_id, range.afterSeq, range.throughSeq);
      for (const row of rows) {
        updates.push(toLoggedUpdate(row));
        byteLength += row.payload.byteLength;
        if (byteLength >= range.maxBytes) break;
      }
      return updates;
    });
  }

  async readLastOfSession(key: DocumentKey, session: SessionKey) {
    const row = guardSqlite(this.path, () =>
      this.statements.lastOfSession.get(...parametersOf(key), session.subject, session.sessionId),
    );
    return row && { clientSeq: row.client_seq, seq: row.seq };
  }

  async settleEpoch(key: DocumentKey, epoch: string): Promise<DocumentHead> {
    const row = guardSqlite(this.path, () => this.findOrAdd.immediate(key, epoch));
    return { epoch: row.epoch, headSeq: row.head };
  }

  async replaceEpoch(key: DocumentKey, from: string, to: string): Promise<string> {
    return guardSqlite(this.path, () => {
      this.statements.replaceEpoch.run(to, ...parametersOf(key), from);
      return this.statements.findDocument.get(...parametersOf(key))?.epoch ?? to;
    });
  }

  async setSnapshot(
    key: DocumentKey,
    { seq, snapshotId, byteLength }: SnapshotPointer,
    replacedId: string | undefined,
  ): Promise<boolean> {
    const parameters = [seq, snapshotId, byteLength, ...parametersOf(key), seq, replacedId ?? null] as const;
    return guardSqlite(this.path, () => this.statements.setSnapshot.run(...parameters).changes === 1);
  }

  private appendToDocument({ key, epochWhenNew, updates }: DocumentAppend): DocumentAppended {
    const document = this.findOrAddDocument(key, epochWhenNew);
    let { head } = document;
    const seqs = updates.map((update) => {
      const sessionKey = this.findOrAddSession(update.session);
      if (this.insert(document.document_id, head + 1, sessionKey, update)) return ++head;
      // It was there before.
      return this.statements.findUpdate.get(document.document_id, sessionKey, update.clientSeq) ?? 0;
    });
    this.statements.moveHead.run(head - document.head, document.document_id);
    return { epoch: document.epoch, headSeq: head, seqs };
  }

  /** Gives false when the session's update is there already. */
  private insert(documentId: number, seq: number, sessionKey: number, update: NewUpdate): boolean {
    const { clientSeq, name, timeMs, payload } = update;
    return this.statements.addUpdate.run(documentId, seq, sessionKey, clientSeq, name, timeMs, payload).changes === 1;
  }

  private findOrAddDocument(key: DocumentKey, epoch: string): Pick<DocumentRow, 'document_id' | 'epoch' | 'head'> {
    const found = this.statements.findDocument.get(...parametersOf(key));
    if (found) return found;
    const { lastInsertRowid } = this.statements.addDocument.run(...parametersOf(key), epoch);
    return { document_id: Number(lastInsertRowid), epoch, head: 0 };
  }

  private findOrAddSession({ subject, sessionId }: SessionKey): number {
    const name = `${sessionId} ${subject}`;
    const known = this.sessionKeys.get(name);
    if (known !== undefined) return known;
    const found = this.statements.findSession.get(subject, sessionId);
    // One that is new may be rolled back.
    if (found === undefined) return Number(this.statements.addSession.run(subject, sessionId).lastInsertRowid);
    if (this.sessionKeys.size >= MAX_KNOWN_SESSIONS) this.sessionKeys.clear();
    this.sessionKeys.set(name, found);
    return found;
  }
}
