import { type Kysely, sql, type Transaction } from 'kysely';
import {
  type AbandonedPart,
  type AbandonedSince,
  type BlobIndex,
  type BlobKey,
  type BlobPart,
  type BlobRecord,
  chargeFor,
  type NewBlob,
  type PartAnnouncement,
} from '../blob-index.ts';
import {
  ABANDONED_AT_A_TIME,
  type AbandonedPartRow,
  type BlobPartRow,
  type BlobRow,
  LISTED_PARTS,
  toAbandonedPart,
  toBlobPart,
  toBlobRecord,
} from '../blob-rows.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { RelayTables } from './schema.ts';
import { BLOB_PARTS, BLOB_USAGE, BLOBS } from './tables.ts';

type Database = Kysely<RelayTables> | Transaction<RelayTables>;

/** Thrown to roll back. */
const NOT_STORED = new Error('a part of the blob is not stored');

/** Blobs in the relay's Postgres database. Changes of one room wait for each other. */
export class PostgresBlobIndex implements BlobIndex {
  private readonly database: Kysely<RelayTables>;
  private readonly pool: ConnectionPool;

  /** `database` uses the connections of `pool`, which the caller keeps the ownership of. */
  constructor(database: Kysely<RelayTables>, pool: ConnectionPool) {
    this.database = database;
    this.pool = pool;
  }

  async findBlob(key: BlobKey): Promise<BlobRecord | undefined> {
    return this.inTransaction(async (transaction) => {
      // Both as they are at one moment.
      await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`.execute(transaction);
      const blob = await findRow(transaction, key);
      if (!blob) return undefined;
      const state = blob.completed_at_ms === null ? 'stored' : 'used';
      const { rows } = await sql<BlobPartRow>`
        SELECT part, part_sha256, size_bytes FROM ${BLOB_PARTS} WHERE ${isOf(key)} AND state = ${state}
        ORDER BY part, part_sha256 LIMIT ${LISTED_PARTS}`.execute(transaction);
      return toBlobRecord(blob, rows);
    });
  }

  async findStored(key: BlobKey, parts: readonly BlobPart[]): Promise<readonly BlobPart[]> {
    return this.pool.guard(async () => {
      const { rows } = await sql<BlobPartRow>`
        SELECT p.part, p.part_sha256, p.size_bytes FROM ${BLOB_PARTS} AS p JOIN ${wantedOf(parts)} USING (part, part_sha256)
        WHERE ${isOf(key)} AND p.state = 'stored'`.execute(this.database);
      return rows.map(toBlobPart);
    });
  }

  async findPart(key: BlobKey, part: number): Promise<BlobPart | undefined> {
    return this.pool.guard(async () => {
      const { rows } = await sql<BlobPartRow>`
        SELECT part, part_sha256, size_bytes FROM ${BLOB_PARTS}
        WHERE ${isOf(key)} AND part = ${part} AND state = 'used'`.execute(this.database);
      return rows[0] && toBlobPart(rows[0]);
    });
  }

  async roomBytes({ tenant, room }: Omit<BlobKey, 'blob'>): Promise<number> {
    return this.pool.guard(async () => {
      const { rows } = await sql<{ readonly bytes: number }>`
        SELECT bytes FROM ${BLOB_USAGE} WHERE tenant = ${tenant} AND room = ${room}`.execute(this.database);
      return rows[0]?.bytes ?? 0;
    });
  }

  async listBlobs(
    { tenant, room }: Omit<BlobKey, 'blob'>,
    { after = '', limit }: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly string[]> {
    return this.pool.guard(async () => {
      const { rows } = await sql<{ readonly sha256: string }>`
        SELECT sha256 FROM ${BLOBS}
        WHERE tenant = ${tenant} AND room = ${room} AND sha256 COLLATE "C" > ${after} AND completed_at_ms IS NOT NULL
        ORDER BY sha256 COLLATE "C" LIMIT ${limit}`.execute(this.database);
      return rows.map(({ sha256 }) => sha256);
    });
  }

  async findLacking({ tenant, room }: Omit<BlobKey, 'blob'>, blobs: readonly string[]): Promise<readonly string[]> {
    return this.pool.guard(async () => {
      const { rows } = await sql<{ readonly sha256: string }>`
        SELECT sha256 FROM ${BLOBS}
        WHERE tenant = ${tenant} AND room = ${room} AND sha256 = ANY(${[...blobs]}::text[])
          AND completed_at_ms IS NOT NULL`.execute(this.database);
      const complete = new Set(rows.map(({ sha256 }) => sha256));
      return [...new Set(blobs)].filter((blob) => !complete.has(blob));
    });
  }

  async announcePart(
    key: BlobKey,
    part: BlobPart,
    { maxRoomBytes, nowMs }: { readonly maxRoomBytes: number; readonly nowMs: number },
  ): Promise<PartAnnouncement> {
    return this.inTransaction(async (transaction) => {
      const usedBytes = await lockRoom(transaction, key);
      if (await isComplete(transaction, key)) return 'complete';
      const { rows } = await sql<{ readonly state: string }>`
        SELECT state FROM ${BLOB_PARTS} WHERE ${isPart(key, part)} FOR UPDATE`.execute(transaction);
      const state = rows[0]?.state;
      if (state === 'abandoned') return 'removing';
      if (state === undefined) {
        const charge = chargeFor(part.sizeBytes);
        if (usedBytes + charge > maxRoomBytes) return 'room-full';
        await addPart(transaction, key, part, nowMs);
        await chargeRoom(transaction, key, charge);
      } else {
        await sql`UPDATE ${BLOB_PARTS} SET touched_at_ms = ${nowMs} WHERE ${isPart(key, part)}`.execute(transaction);
      }
      await touch(transaction, key, nowMs);
      return state === 'stored' ? 'stored' : 'announced';
    });
  }

  async storePart(key: BlobKey, part: BlobPart): Promise<boolean> {
    return this.pool.guard(async () => {
      const { numAffectedRows = 0n } = await sql`
        UPDATE ${BLOB_PARTS} SET state = CASE state WHEN 'announced' THEN 'stored' ELSE state END
        WHERE ${isPart(key, part)} AND state <> 'abandoned'`.execute(this.database);
      return numAffectedRows === 1n;
    });
  }

  async complete(key: BlobKey, blob: NewBlob): Promise<boolean> {
    return this.pool.guard(async () => {
      try {
        return await this.database.transaction().execute((transaction) => completeStep(transaction, key, blob));
      } catch (error) {
        if (error === NOT_STORED) return false;
        throw error;
      }
    });
  }

  async losePart(key: BlobKey, part: BlobPart, nowMs: number): Promise<void> {
    await this.inTransaction(async (transaction) => {
      await lockRoom(transaction, key);
      const { numAffectedRows = 0n } = await sql`
        UPDATE ${BLOB_PARTS} SET state = 'announced', touched_at_ms = ${nowMs}
        WHERE ${isPart(key, part)} AND state IN ('stored', 'used')`.execute(transaction);
      if (numAffectedRows === 0n || !(await isComplete(transaction, key))) return;
      await sql`
        UPDATE ${BLOB_PARTS} SET state = 'stored', touched_at_ms = ${nowMs}
        WHERE ${isOf(key)} AND state = 'used'`.execute(transaction);
      await sql`
        UPDATE ${BLOBS} SET completed_at_ms = NULL, size_bytes = NULL, touched_at_ms = ${nowMs}
        WHERE ${isOf(key)}`.execute(transaction);
    });
  }

  async abandonParts({ beforeMs, leaseMs }: AbandonedSince): Promise<readonly AbandonedPart[]> {
    return this.pool.guard(async () => {
      const { rows } = await sql<AbandonedPartRow>`
        UPDATE ${BLOB_PARTS} AS p SET state = 'abandoned', touched_at_ms = ${beforeMs + leaseMs}
        FROM (
          SELECT tenant, room, sha256, part, part_sha256 FROM ${BLOB_PARTS} AS u JOIN ${BLOBS} AS b USING (tenant, room, sha256)
          WHERE u.state <> 'used' AND u.touched_at_ms < ${beforeMs}
            AND (b.completed_at_ms IS NOT NULL OR b.touched_at_ms < ${beforeMs})
          ORDER BY u.touched_at_ms LIMIT ${ABANDONED_AT_A_TIME}
          FOR UPDATE OF u SKIP LOCKED
        ) AS unused
        WHERE (p.tenant, p.room, p.sha256, p.part, p.part_sha256)
          = (unused.tenant, unused.room, unused.sha256, unused.part, unused.part_sha256)
        RETURNING p.tenant, p.room, p.sha256, p.part, p.part_sha256, p.size_bytes`.execute(this.database);
      return rows.map(toAbandonedPart);
    });
  }

  async forgetPart({ key, part }: AbandonedPart): Promise<void> {
    await this.inTransaction(async (transaction) => {
      await lockRoom(transaction, key);
      const { numAffectedRows = 0n } = await sql`
        DELETE FROM ${BLOB_PARTS} WHERE ${isPart(key, part)} AND state = 'abandoned'`.execute(transaction);
      if (numAffectedRows === 0n) return;
      await chargeRoom(transaction, key, -chargeFor(part.sizeBytes));
      await sql`
        DELETE FROM ${BLOBS} WHERE ${isOf(key)} AND completed_at_ms IS NULL
          AND NOT EXISTS (SELECT FROM ${BLOB_PARTS} WHERE ${isOf(key)})`.execute(transaction);
    });
  }

  private inTransaction<T>(work: (transaction: Transaction<RelayTables>) => Promise<T>): Promise<T> {
    return this.pool.guard(() => this.database.transaction().execute(work));
  }
}

async function addPart(transaction: Database, key: BlobKey, part: BlobPart, nowMs: number): Promise<void> {
  await sql`
    INSERT INTO ${BLOB_PARTS} (tenant, room, sha256, part, part_sha256, size_bytes, touched_at_ms, state)
    VALUES (${key.tenant}, ${key.room}, ${key.blob}, ${part.part}, ${part.sha256}, ${part.sizeBytes}, ${nowMs},
      'announced')`.execute(transaction);
}

async function completeStep(
  transaction: Database,
  key: BlobKey,
  { parts, sizeBytes, createdBy, nowMs }: NewBlob,
): Promise<boolean> {
  await lockRoom(transaction, key);
  if (await isComplete(transaction, key)) return true;
  const { numAffectedRows = 0n } = await sql`
    UPDATE ${BLOB_PARTS} AS p SET state = 'used'
    FROM ${wantedOf(parts)}
    WHERE ${isOf(key)} AND p.part = wanted.part AND p.part_sha256 = wanted.part_sha256
      AND p.state = 'stored'`.execute(transaction);
  if (Number(numAffectedRows) !== parts.length) throw NOT_STORED;
  await touch(transaction, key, nowMs);
  await sql`
    UPDATE ${BLOBS} SET completed_at_ms = ${nowMs}, size_bytes = ${sizeBytes}, created_by = ${createdBy}
    WHERE ${isOf(key)}`.execute(transaction);
  return true;
}

/** As rows of `wanted (part, part_sha256)`. */
function wantedOf(parts: readonly BlobPart[]) {
  const numbers = parts.map(({ part }) => part);
  const hashes = parts.map(({ sha256 }) => sha256);
  return sql`unnest(${numbers}::integer[], ${hashes}::text[]) AS wanted (part, part_sha256)`;
}

function isOf({ tenant, room, blob }: BlobKey) {
  return sql`tenant = ${tenant} AND room = ${room} AND sha256 = ${blob}`;
}

function isPart(key: BlobKey, { part, sha256 }: BlobPart) {
  return sql`${isOf(key)} AND part = ${part} AND part_sha256 = ${sha256}`;
}

/** Gives what the room is charged for; whoever else changes it waits for the end of the transaction. */
async function lockRoom(transaction: Database, { tenant, room }: BlobKey): Promise<number> {
  const { rows } = await sql<{ readonly bytes: number }>`
    INSERT INTO ${BLOB_USAGE} AS u (tenant, room, bytes) VALUES (${tenant}, ${room}, 0)
    ON CONFLICT (tenant, room) DO UPDATE SET bytes = u.bytes RETURNING u.bytes`.execute(transaction);
  return rows[0]?.bytes ?? 0;
}

async function chargeRoom(transaction: Database, { tenant, room }: BlobKey, bytes: number): Promise<void> {
  await sql`
    UPDATE ${BLOB_USAGE} SET bytes = bytes + ${bytes} WHERE tenant = ${tenant} AND room = ${room}`.execute(transaction);
}

async function findRow(database: Database, key: BlobKey): Promise<BlobRow | undefined> {
  const { rows } = await sql<BlobRow>`
    SELECT size_bytes, completed_at_ms FROM ${BLOBS} WHERE ${isOf(key)}`.execute(database);
  return rows[0];
}

async function isComplete(database: Database, key: BlobKey): Promise<boolean> {
  return ((await findRow(database, key))?.completed_at_ms ?? null) !== null;
}

async function touch(transaction: Database, { tenant, room, blob }: BlobKey, nowMs: number): Promise<void> {
  await sql`
    INSERT INTO ${BLOBS} AS b (tenant, room, sha256, touched_at_ms) VALUES (${tenant}, ${room}, ${blob}, ${nowMs})
    ON CONFLICT (tenant, room, sha256) DO UPDATE
    SET touched_at_ms = greatest(b.touched_at_ms, excluded.touched_at_ms)`.execute(transaction);
}
