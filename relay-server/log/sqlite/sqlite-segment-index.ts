import type Database from 'better-sqlite3';
import {
  type CandidateRow,
  type KeyParameters,
  type SegmentRow,
  MAX_CANDIDATES,
  parametersOf,
  toCandidatePage,
  toSegment,
} from '../database-rows.ts';
import type {
  AbandonedUpload,
  ArchiveRule,
  CandidatePage,
  NewSegment,
  SegmentIndex,
  SegmentPointer,
} from '../segment-index.ts';
import type { DocumentKey } from '../update-log.ts';
import { guardSqlite } from './sqlite-failure.ts';

interface UploadRow {
  readonly document_id: number;
  readonly segment_id: string;
  readonly tenant: string;
  readonly room: string;
  readonly document: string;
}

/** Documents that are looked at in one go: a database in this process holds everybody up meanwhile. */
const DOCUMENTS_PER_PAGE = 2_000;
const UPLOADS_AT_A_TIME = 100;
const DOCUMENT = '(SELECT document_id FROM documents WHERE tenant = ? AND room = ? AND document = ?)';

function prepareStatements(database: Database.Database) {
  return {
    findAfter: database.prepare<[...KeyParameters, number], SegmentRow>(
      `SELECT from_seq, to_seq, epoch, segment_id, bytes, damage FROM segments
       WHERE document_id = ${DOCUMENT} AND to_seq > ? ORDER BY to_seq LIMIT 1`,
    ),
    findCandidates: database.prepare<ArchiveRule & { place: number; nextPlace: number }, CandidateRow>(
      `SELECT document_id, tenant, room, document, epoch, archived_seq, min(snapshot_seq, head - @keptUpdates) AS through_seq
       FROM documents AS d
       WHERE document_id > @place AND document_id <= @nextPlace
         AND min(coalesce(snapshot_seq, 0), head - @keptUpdates) - archived_seq >= @minUpdates
         AND (
           SELECT time_ms FROM updates AS u WHERE u.document_id = d.document_id AND u.seq = d.archived_seq + @minUpdates
         ) <= @writtenThroughMs
         AND NOT EXISTS (SELECT 1 FROM segment_uploads AS s WHERE s.document_id = d.document_id)
       ORDER BY document_id LIMIT ${MAX_CANDIDATES}`,
    ),
    lastPlace: database.prepare<[], number | null>('SELECT max(document_id) FROM documents').pluck(),
    beginUpload: database.prepare<[string, number, ...KeyParameters]>(
      `INSERT INTO segment_uploads (document_id, segment_id, started_at_ms)
       SELECT document_id, ?, ? FROM documents WHERE tenant = ? AND room = ? AND document = ?
       ON CONFLICT DO UPDATE SET started_at_ms = started_at_ms`,
    ),
    isCommitted: database
      .prepare<[...KeyParameters, number, string], number>(
        `SELECT 1 FROM segments WHERE document_id = ${DOCUMENT} AND to_seq = ? AND segment_id = ?`,
      )
      .pluck(),
    endUpload: database.prepare<[...KeyParameters, string]>(
      `DELETE FROM segment_uploads WHERE document_id = ${DOCUMENT} AND segment_id = ? AND is_abandoned = 0`,
    ),
    moveArchived: database.prepare<[number, ...KeyParameters, string, number, number]>(
      `UPDATE documents SET archived_seq = ? WHERE tenant = ? AND room = ? AND document = ?
       AND epoch = ? AND archived_seq = ? - 1 AND snapshot_seq >= ?`,
    ),
    removeRows: database.prepare<[...KeyParameters, number, number]>(
      `DELETE FROM updates WHERE document_id = ${DOCUMENT} AND seq >= ? AND seq <= ?`,
    ),
    addSegment: database.prepare<[...KeyParameters, number, number, string, string, number]>(
      `INSERT INTO segments (document_id, from_seq, to_seq, epoch, segment_id, bytes)
       VALUES (${DOCUMENT}, ?, ?, ?, ?, ?)`,
    ),
    findUploads: database.prepare<[number, number], UploadRow>(
      `SELECT document_id, segment_id, tenant, room, document FROM segment_uploads JOIN documents USING (document_id)
       WHERE started_at_ms < ? ORDER BY started_at_ms LIMIT ?`,
    ),
    abandon: database.prepare<[number, string]>(
      'UPDATE segment_uploads SET is_abandoned = 1 WHERE document_id = ? AND segment_id = ?',
    ),
    forgetUpload: database.prepare<[...KeyParameters, string]>(
      `DELETE FROM segment_uploads WHERE document_id = ${DOCUMENT} AND segment_id = ?`,
    ),
  };
}

/** Thrown to roll back. */
const NOT_AS_DESCRIBED = new Error('the segment is not what the log has');

/** Segments in the relay's SQLite file. */
export class SqliteSegmentIndex implements SegmentIndex {
  private readonly path: string;
  private readonly statements: ReturnType<typeof prepareStatements>;
  private readonly commitNow: Database.Transaction<(key: DocumentKey, segment: NewSegment) => void>;
  private readonly abandonNow: Database.Transaction<(beforeMs: number) => AbandonedUpload[]>;

  /** The caller keeps the ownership of `database`. */
  constructor(database: Database.Database, path: string) {
    this.path = path;
    this.statements = guardSqlite(path, () => prepareStatements(database));
    this.commitNow = database.transaction((key: DocumentKey, segment: NewSegment) => this.commitStep(key, segment));
    this.abandonNow = database.transaction((beforeMs: number) => this.abandonStep(beforeMs));
  }

  async findAfter(key: DocumentKey, afterSeq: number): Promise<SegmentPointer | undefined> {
    const row = guardSqlite(this.path, () => this.statements.findAfter.get(...parametersOf(key), afterSeq));
    return row && toSegment(row);
  }

  async findCandidates(rule: ArchiveRule, place: number): Promise<CandidatePage> {
    return guardSqlite(this.path, () => {
      const nextPlace = place + DOCUMENTS_PER_PAGE;
      const rows = this.statements.findCandidates.all({ ...rule, place, nextPlace });
      const hasMore = (this.statements.lastPlace.get() ?? 0) > nextPlace;
      return toCandidatePage(rows, hasMore ? nextPlace : undefined);
    });
  }

  async beginUpload(key: DocumentKey, segmentId: string, nowMs: number): Promise<boolean> {
    return guardSqlite(this.path, () => {
      return this.statements.beginUpload.run(segmentId, nowMs, ...parametersOf(key)).changes === 1;
    });
  }

  async commit(key: DocumentKey, segment: NewSegment): Promise<boolean> {
    return guardSqlite(this.path, () => {
      try {
        this.commitNow.immediate(key, segment);
        return true;
      } catch (error) {
        if (error === NOT_AS_DESCRIBED) return false;
        throw error;
      }
    });
  }

  async abandonUploads(beforeMs: number): Promise<readonly AbandonedUpload[]> {
    return guardSqlite(this.path, () => this.abandonNow.immediate(beforeMs));
  }

  async forgetUpload({ key, segmentId }: AbandonedUpload): Promise<void> {
    guardSqlite(this.path, () => this.statements.forgetUpload.run(...parametersOf(key), segmentId));
  }

  private commitStep(key: DocumentKey, { fromSeq, toSeq, epoch, segmentId, byteLength }: NewSegment): void {
    const document = parametersOf(key);
    // What was asked may be asked again.
    if (this.statements.isCommitted.get(...document, toSeq, segmentId) !== undefined) return;
    const expect = (changes: number, expected: number) => {
      if (changes !== expected) throw NOT_AS_DESCRIBED;
    };
    expect(this.statements.endUpload.run(...document, segmentId).changes, 1);
    expect(this.statements.moveArchived.run(toSeq, ...document, epoch, fromSeq, toSeq).changes, 1);
    expect(this.statements.removeRows.run(...document, fromSeq, toSeq).changes, toSeq - fromSeq + 1);
    this.statements.addSegment.run(...document, fromSeq, toSeq, epoch, segmentId, byteLength);
  }

  private abandonStep(beforeMs: number): AbandonedUpload[] {
    return this.statements.findUploads.all(beforeMs, UPLOADS_AT_A_TIME).map((row) => {
      this.statements.abandon.run(row.document_id, row.segment_id);
      const { tenant, room, document, segment_id: segmentId } = row;
      return { key: { tenant, room, document }, segmentId };
    });
  }
}
