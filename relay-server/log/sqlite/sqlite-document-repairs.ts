import type Database from 'better-sqlite3';
import { type DocumentRepairs, EMPTY_UPDATE, REPAIR_SUBJECT, type RepairStep } from '../document-repairs.ts';
import type { DocumentKey } from '../update-log.ts';
import { guardSqlite } from './sqlite-failure.ts';

type KeyParameters = [tenant: string, room: string, document: string];

function prepareStatements(database: Database.Database) {
  return {
    findDocument: database.prepare<KeyParameters, { document_id: number; epoch: string; snapshot_id: string | null }>(
      'SELECT document_id, epoch, snapshot_id FROM documents WHERE tenant = ? AND room = ? AND document = ?',
    ),
    moveAside: database.prepare<[string, number, number, number]>(
      `INSERT INTO damaged_updates (document_id, seq, subject, session_id, client_seq, name, time_ms, payload, reason, moved_at_ms)
       SELECT document_id, seq, subject, session_id, client_seq, name, time_ms, payload, ?, ?
       FROM updates JOIN sessions USING (session_key) WHERE document_id = ? AND seq = ?`,
    ),
    empty: database.prepare<[Uint8Array, number, number]>(
      'UPDATE updates SET payload = ? WHERE document_id = ? AND seq = ?',
    ),
    addSession: database.prepare<[string, string]>(
      'INSERT INTO sessions (subject, session_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ),
    fillGap: database.prepare<[number, number, number, number, Uint8Array, string, string]>(
      `INSERT INTO updates (document_id, seq, session_key, client_seq, name, time_ms, payload)
       SELECT ?, ?, session_key, ?, '', ?, ? FROM sessions WHERE subject = ? AND session_id = ?`,
    ),
    giveUpSegment: database.prepare<[string, number, number, string]>(
      'UPDATE segments SET damage = ? WHERE document_id = ? AND to_seq = ? AND segment_id = ?',
    ),
    dropSnapshot: database.prepare<[number]>(
      'UPDATE documents SET snapshot_seq = NULL, snapshot_id = NULL, snapshot_bytes = NULL WHERE document_id = ?',
    ),
    listDocuments: database
      .prepare<[tenant: string, room: string, after: string | null, after: string | null, limit: number], string>(
        `SELECT document FROM documents WHERE tenant = ? AND room = ? AND (? IS NULL OR document > ?)
         ORDER BY document LIMIT ?`,
      )
      .pluck(),
    setEpoch: database.prepare<[string, number]>('UPDATE documents SET epoch = ? WHERE document_id = ?'),
  };
}

/** Repairs in the relay's SQLite file. What is moved aside is in the table `damaged_updates`. */
export class SqliteDocumentRepairs implements DocumentRepairs {
  private readonly path: string;
  private readonly statements: ReturnType<typeof prepareStatements>;
  private readonly applyNow: Database.Transaction<(key: DocumentKey, step: RepairStep) => boolean>;

  /** The caller keeps the ownership of `database`. */
  constructor(database: Database.Database, path: string) {
    this.path = path;
    this.statements = guardSqlite(path, () => prepareStatements(database));
    this.applyNow = database.transaction((key: DocumentKey, step: RepairStep) => this.applyStep(key, step));
  }

  async apply(key: DocumentKey, step: RepairStep): Promise<boolean> {
    return guardSqlite(this.path, () => this.applyNow.immediate(key, step));
  }

  async listDocuments(
    { tenant, room }: Omit<DocumentKey, 'document'>,
    { after, limit }: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly string[]> {
    const place = after ?? null;
    return guardSqlite(this.path, () => this.statements.listDocuments.all(tenant, room, place, place, limit));
  }

  private applyStep({ tenant, room, document }: DocumentKey, step: RepairStep): boolean {
    const { fromEpoch, toEpoch, droppedSnapshotId, damaged, lostSegments, timeMs } = step;
    const found = this.statements.findDocument.get(tenant, room, document);
    if (!found || found.epoch !== fromEpoch) return false;
    if (droppedSnapshotId !== undefined && found.snapshot_id !== droppedSnapshotId) return false;
    const { document_id: documentId } = found;
    for (const { seq, reason } of damaged) {
      const isThere = this.statements.moveAside.run(reason, timeMs, documentId, seq).changes === 1;
      if (isThere) this.statements.empty.run(EMPTY_UPDATE, documentId, seq);
      else this.fillGap(documentId, seq, step);
    }
    for (const { toSeq, segmentId, reason } of lostSegments)
      this.statements.giveUpSegment.run(reason, documentId, toSeq, segmentId);
    if (droppedSnapshotId !== undefined) this.statements.dropSnapshot.run(documentId);
    this.statements.setEpoch.run(toEpoch, documentId);
    return true;
  }

  // The new epoch names a session that nobody else has, and within it the seq is a number that was not used.
  private fillGap(documentId: number, seq: number, { toEpoch, timeMs }: RepairStep): void {
    this.statements.addSession.run(REPAIR_SUBJECT, toEpoch);
    this.statements.fillGap.run(documentId, seq, seq, timeMs, EMPTY_UPDATE, REPAIR_SUBJECT, toEpoch);
  }
}
