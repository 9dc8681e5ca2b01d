import { type Kysely, sql, type Transaction } from 'kysely';
import { type DocumentRepairs, EMPTY_UPDATE, REPAIR_SUBJECT, type RepairStep } from '../document-repairs.ts';
import type { DocumentKey } from '../update-log.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { RelayTables } from './schema.ts';
import { DAMAGED_UPDATES, DOCUMENTS, SEGMENTS, SESSIONS, UPDATES } from './tables.ts';

interface DocumentRow {
  readonly document_id: number;
  readonly epoch: string;
  readonly snapshot_id: string | null;
}

// pg takes a Buffer as binary data.
const EMPTY_PAYLOAD = Buffer.from(EMPTY_UPDATE);

/** Repairs in the relay's Postgres database. What is moved aside is in the table `damaged_updates`. */
export class PostgresDocumentRepairs implements DocumentRepairs {
  private readonly database: Kysely<RelayTables>;
  private readonly pool: ConnectionPool;

  /** `database` uses the connections of `pool`, which the caller keeps the ownership of. */
  constructor(database: Kysely<RelayTables>, pool: ConnectionPool) {
    this.database = database;
    this.pool = pool;
  }

  async apply(key: DocumentKey, step: RepairStep): Promise<boolean> {
    return this.pool.guard(() =>
      this.database.transaction().execute(async (transaction) => {
        const documentId = await lockAsDescribed(transaction, key, step);
        if (documentId === undefined) return false;
        if (step.damaged.length > 0) await replaceDamaged(transaction, documentId, step);
        for (const lost of step.lostSegments) await giveUpSegment(transaction, documentId, lost);
        await beginEpoch(transaction, documentId, step);
        return true;
      }),
    );
  }

  async listDocuments(
    { tenant, room }: Omit<DocumentKey, 'document'>,
    { after, limit }: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly string[]> {
    const isAfter = after === undefined ? sql`` : sql`AND document > ${after}`;
    const query = sql<{ document: string }>`
      SELECT document FROM ${DOCUMENTS} WHERE tenant = ${tenant} AND room = ${room} ${isAfter}
      ORDER BY document LIMIT ${limit}`;
    const { rows } = await this.pool.guard(() => query.execute(this.database));
    return rows.map(({ document }) => document);
  }
}

/** Holds up appends, and other repairs, until the transaction ends. */
async function lockAsDescribed(
  transaction: Transaction<RelayTables>,
  { tenant, room, document }: DocumentKey,
  { fromEpoch, droppedSnapshotId }: RepairStep,
): Promise<number | undefined> {
  const { rows } = await sql<DocumentRow>`
    SELECT document_id, epoch, snapshot_id FROM ${DOCUMENTS}
    WHERE tenant = ${tenant} AND room = ${room} AND document = ${document} FOR NO KEY UPDATE`.execute(transaction);
  const [found] = rows;
  if (found?.epoch !== fromEpoch) return undefined;
  if (droppedSnapshotId !== undefined && found.snapshot_id !== droppedSnapshotId) return undefined;
  return found.document_id;
}

async function replaceDamaged(
  transaction: Transaction<RelayTables>,
  documentId: number,
  step: RepairStep,
): Promise<void> {
  const seqs = step.damaged.map(({ seq }) => seq);
  // What is said of a damaged row may quote it, and a text of Postgres cannot have this character.
  const reasons = step.damaged.map(({ reason }) => reason.replaceAll('\0', '\uFFFD'));
  await sql`
    INSERT INTO ${DAMAGED_UPDATES}
      (document_id, seq, subject, session_id, client_seq, name, time_ms, payload, reason, moved_at_ms)
    SELECT document_id, seq, subject, session_id, client_seq, name, time_ms, payload, reason, ${step.timeMs}::bigint
    FROM unnest(${seqs}::bigint[], ${reasons}::text[]) AS damaged (seq, reason)
    JOIN ${UPDATES} USING (seq) JOIN ${SESSIONS} USING (session_key)
    WHERE document_id = ${documentId}`.execute(transaction);
  const { numAffectedRows } = await sql`
    UPDATE ${UPDATES} SET payload = ${EMPTY_PAYLOAD}::bytea
    WHERE document_id = ${documentId} AND seq = ANY (${seqs}::bigint[])`.execute(transaction);
  if (Number(numAffectedRows ?? 0) < seqs.length) await fillGaps(transaction, documentId, seqs, step);
}

// The new epoch names a session that nobody else has, and within it each seq is a number that was not used.
async function fillGaps(
  transaction: Transaction<RelayTables>,
  documentId: number,
  seqs: readonly number[],
  { toEpoch, timeMs }: RepairStep,
): Promise<void> {
  await sql`INSERT INTO ${SESSIONS} (subject, session_id) VALUES (${REPAIR_SUBJECT}, ${toEpoch})
    ON CONFLICT DO NOTHING`.execute(transaction);
  await sql`
    INSERT INTO ${UPDATES} (document_id, seq, session_key, client_seq, name, time_ms, payload)
    SELECT ${documentId}::bigint, seq, session_key, seq, '', ${timeMs}::bigint, ${EMPTY_PAYLOAD}::bytea
    FROM unnest(${seqs}::bigint[]) AS damaged (seq)
    CROSS JOIN ${SESSIONS} WHERE subject = ${REPAIR_SUBJECT} AND session_id = ${toEpoch}
    ON CONFLICT (document_id, seq) DO NOTHING`.execute(transaction);
}

async function giveUpSegment(
  transaction: Transaction<RelayTables>,
  documentId: number,
  { toSeq, segmentId, reason }: RepairStep['lostSegments'][number],
): Promise<void> {
  const damage = reason.replaceAll('\0', '\uFFFD');
  await sql`UPDATE ${SEGMENTS} SET damage = ${damage}
    WHERE document_id = ${documentId} AND to_seq = ${toSeq} AND segment_id = ${segmentId}`.execute(transaction);
}

async function beginEpoch(
  transaction: Transaction<RelayTables>,
  documentId: number,
  { toEpoch, droppedSnapshotId }: RepairStep,
): Promise<void> {
  const dropped = sql`, snapshot_seq = NULL, snapshot_id = NULL, snapshot_bytes = NULL`;
  await sql`UPDATE ${DOCUMENTS} SET epoch = ${toEpoch}${droppedSnapshotId === undefined ? sql`` : dropped}
    WHERE document_id = ${documentId}`.execute(transaction);
}
