import { type Kysely, sql, type Transaction } from 'kysely';
import { type CandidateRow, type SegmentRow, parametersOf, toCandidatePage, toSegment } from '../database-rows.ts';
import type {
  AbandonedUpload,
  ArchiveRule,
  CandidatePage,
  NewSegment,
  SegmentIndex,
  SegmentPointer,
} from '../segment-index.ts';
import type { DocumentKey } from '../update-log.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { RelayTables } from './schema.ts';
import { ABANDON_UPLOADS, BEGIN_UPLOAD, FIND_CANDIDATES, FIND_SEGMENT, FORGET_UPLOAD } from './segment-statements.ts';
import { DOCUMENTS, SEGMENT_UPLOADS, SEGMENTS, UPDATES } from './tables.ts';

/** Documents that are looked at by one statement. */
const DOCUMENTS_PER_PAGE = 20_000;
const UPLOADS_AT_A_TIME = 100;

/** Thrown to roll back. */
const NOT_AS_DESCRIBED = new Error('the segment is not what the log has');

/** Segments in the relay's Postgres database. */
export class PostgresSegmentIndex implements SegmentIndex {
  private readonly database: Kysely<RelayTables>;
  private readonly pool: ConnectionPool;

  /** `database` uses the connections of `pool`, which the caller keeps the ownership of. */
  constructor(database: Kysely<RelayTables>, pool: ConnectionPool) {
    this.database = database;
    this.pool = pool;
  }

  async findAfter(key: DocumentKey, afterSeq: number): Promise<SegmentPointer | undefined> {
    const parameters = [...parametersOf(key), afterSeq];
    const [row] = await this.pool.guard(() => this.pool.query<SegmentRow>(FIND_SEGMENT, parameters));
    return row && toSegment(row);
  }

  async findCandidates(
    { keptUpdates, writtenThroughMs, minUpdates }: ArchiveRule,
    place: number,
  ): Promise<CandidatePage> {
    const nextPlace = place + DOCUMENTS_PER_PAGE;
    const parameters = [place, nextPlace, keptUpdates, minUpdates, writtenThroughMs];
    const rows = await this.pool.guard(() =>
      this.pool.query<CandidateRow & { readonly has_more: boolean }>(FIND_CANDIDATES, parameters),
    );
    const hasMore = rows[0]?.has_more ?? false;
    const found = rows.filter(({ document_id: documentId }) => documentId !== null);
    return toCandidatePage(found, hasMore ? nextPlace : undefined);
  }

  async beginUpload(key: DocumentKey, segmentId: string, nowMs: number): Promise<boolean> {
    const parameters = [...parametersOf(key), segmentId, nowMs];
    return (await this.pool.guard(() => this.pool.query(BEGIN_UPLOAD, parameters))).length === 1;
  }

  async commit(key: DocumentKey, segment: NewSegment): Promise<boolean> {
    return this.pool.guard(async () => {
      try {
        await this.database.transaction().execute((transaction) => commitStep(transaction, key, segment));
        return true;
      } catch (error) {
        if (error === NOT_AS_DESCRIBED) return false;
        throw error;
      }
    });
  }

  async abandonUploads(beforeMs: number): Promise<readonly AbandonedUpload[]> {
    const rows = await this.pool.guard(() =>
      this.pool.query<DocumentKey & { readonly segment_id: string }>(ABANDON_UPLOADS, [beforeMs, UPLOADS_AT_A_TIME]),
    );
    return rows.map(({ tenant, room, document, segment_id: segmentId }) => ({
      key: { tenant, room, document },
      segmentId,
    }));
  }

  async forgetUpload({ key, segmentId }: AbandonedUpload): Promise<void> {
    await this.pool.guard(() => this.pool.query(FORGET_UPLOAD, [...parametersOf(key), segmentId]));
  }
}

// The document's row comes last: appends wait for whoever holds it.
async function commitStep(
  transaction: Transaction<RelayTables>,
  { tenant, room, document }: DocumentKey,
  { fromSeq, toSeq, epoch, segmentId, byteLength }: NewSegment,
): Promise<void> {
  const documentId = sql`(SELECT document_id FROM ${DOCUMENTS}
    WHERE tenant = ${tenant} AND room = ${room} AND document = ${document})`;
  const { rows: committed } = await sql`
    SELECT 1 FROM ${SEGMENTS}
    WHERE document_id = ${documentId} AND to_seq = ${toSeq} AND segment_id = ${segmentId}`.execute(transaction);
  // What was asked may be asked again.
  if (committed.length > 0) return;
  const ended = await sql`
    DELETE FROM ${SEGMENT_UPLOADS}
    WHERE document_id = ${documentId} AND segment_id = ${segmentId} AND NOT is_abandoned`.execute(transaction);
  if (Number(ended.numAffectedRows ?? 0) !== 1) throw NOT_AS_DESCRIBED;
  const removed = await sql`
    DELETE FROM ${UPDATES} WHERE document_id = ${documentId} AND seq >= ${fromSeq} AND seq <= ${toSeq}`.execute(
    transaction,
  );
  if (Number(removed.numAffectedRows ?? 0) !== toSeq - fromSeq + 1) throw NOT_AS_DESCRIBED;
  await sql`
    INSERT INTO ${SEGMENTS} (document_id, from_seq, to_seq, epoch, segment_id, bytes)
    VALUES (${documentId}, ${fromSeq}, ${toSeq}, ${epoch}, ${segmentId}, ${byteLength})`.execute(transaction);
  const moved = await sql`
    UPDATE ${DOCUMENTS} SET archived_seq = ${toSeq}
    WHERE document_id = ${documentId} AND epoch = ${epoch}
      AND archived_seq = ${fromSeq - 1} AND snapshot_seq >= ${toSeq}`.execute(transaction);
  if (Number(moved.numAffectedRows ?? 0) !== 1) throw NOT_AS_DESCRIBED;
}
