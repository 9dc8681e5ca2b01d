import type Database from 'better-sqlite3';
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
  blobParametersOf,
  LISTED_PARTS,
  toAbandonedPart,
  toBlobPart,
  toBlobRecord,
} from '../blob-rows.ts';
import { guardSqlite } from './sqlite-failure.ts';

type Blob = [tenant: string, room: string, sha256: string];
type Part = [...Blob, part: number, partSha256: string];

const BLOB = 'tenant = ? AND room = ? AND sha256 = ?';
const PART = `${BLOB} AND part = ? AND part_sha256 = ?`;

function prepareReads(database: Database.Database) {
  return {
    findBlob: database.prepare<Blob, BlobRow>(`SELECT size_bytes, completed_at_ms FROM blobs WHERE ${BLOB}`),
    listParts: database.prepare<[...Blob, string], BlobPartRow>(
      `SELECT part, part_sha256, size_bytes FROM blob_parts WHERE ${BLOB} AND state = ?
       ORDER BY part, part_sha256 LIMIT ${LISTED_PARTS}`,
    ),
    findStored: database
      .prepare<Part, number>(`SELECT size_bytes FROM blob_parts WHERE ${PART} AND state = 'stored'`)
      .pluck(),
    findPart: database.prepare<[...Blob, number], BlobPartRow>(
      `SELECT part, part_sha256, size_bytes FROM blob_parts WHERE ${BLOB} AND part = ? AND state = 'used'`,
    ),
    roomBytes: database
      .prepare<[string, string], number>('SELECT bytes FROM blob_usage WHERE tenant = ? AND room = ?')
      .pluck(),
    listBlobs: database
      .prepare<[string, string, string, number], string>(
        `SELECT sha256 FROM blobs WHERE tenant = ? AND room = ? AND sha256 > ? AND completed_at_ms IS NOT NULL
         ORDER BY sha256 LIMIT ?`,
      )
      .pluck(),
    partState: database.prepare<Part, string>(`SELECT state FROM blob_parts WHERE ${PART}`).pluck(),
  };
}

function prepareWrites(database: Database.Database) {
  return {
    touchBlob: database.prepare<[...Blob, number]>(
      `INSERT INTO blobs (tenant, room, sha256, touched_at_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET touched_at_ms = max(touched_at_ms, excluded.touched_at_ms)`,
    ),
    addPart: database.prepare<[...Part, number, number]>(
      `INSERT INTO blob_parts (tenant, room, sha256, part, part_sha256, size_bytes, touched_at_ms, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'announced')`,
    ),
    touchPart: database.prepare<[number, ...Part]>(`UPDATE blob_parts SET touched_at_ms = ? WHERE ${PART}`),
    charge: database.prepare<[string, string, number]>(
      `INSERT INTO blob_usage (tenant, room, bytes) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes`,
    ),
    storePart: database.prepare<Part>(
      `UPDATE blob_parts SET state = CASE state WHEN 'announced' THEN 'stored' ELSE state END
       WHERE ${PART} AND state <> 'abandoned'`,
    ),
    usePart: database.prepare<Part>(`UPDATE blob_parts SET state = 'used' WHERE ${PART} AND state = 'stored'`),
    completeBlob: database.prepare<[number, number, string, ...Blob]>(
      `UPDATE blobs SET completed_at_ms = ?, size_bytes = ?, created_by = ? WHERE ${BLOB}`,
    ),
    losePart: database.prepare<[number, ...Part]>(
      `UPDATE blob_parts SET state = 'announced', touched_at_ms = ? WHERE ${PART} AND state IN ('stored', 'used')`,
    ),
    reopenParts: database.prepare<[number, ...Blob]>(
      `UPDATE blob_parts SET state = 'stored', touched_at_ms = ? WHERE ${BLOB} AND state = 'used'`,
    ),
    reopenBlob: database.prepare<[number, ...Blob]>(
      `UPDATE blobs SET completed_at_ms = NULL, size_bytes = NULL, touched_at_ms = ? WHERE ${BLOB}`,
    ),
    findUnused: database.prepare<{ beforeMs: number; limit: number }, AbandonedPartRow>(
      `SELECT p.tenant, p.room, p.sha256, p.part, p.part_sha256, p.size_bytes FROM blob_parts AS p
       JOIN blobs AS b ON b.tenant = p.tenant AND b.room = p.room AND b.sha256 = p.sha256
       WHERE p.state <> 'used' AND p.touched_at_ms < @beforeMs
         AND (b.completed_at_ms IS NOT NULL OR b.touched_at_ms < @beforeMs)
       ORDER BY p.touched_at_ms LIMIT @limit`,
    ),
    abandonPart: database.prepare<[number, ...Part]>(
      `UPDATE blob_parts SET state = 'abandoned', touched_at_ms = ? WHERE ${PART}`,
    ),
    forgetPart: database.prepare<Part>(`DELETE FROM blob_parts WHERE ${PART} AND state = 'abandoned'`),
    forgetBlob: database.prepare<[...Blob, ...Blob]>(
      `DELETE FROM blobs WHERE ${BLOB} AND completed_at_ms IS NULL
       AND NOT EXISTS (SELECT 1 FROM blob_parts WHERE ${BLOB})`,
    ),
  };
}

/** Thrown to roll back. */
const NOT_STORED = new Error('a part of the blob is not stored');

/** Blobs in the relay's SQLite file. */
export class SqliteBlobIndex implements BlobIndex {
  private readonly path: string;
  private readonly database: Database.Database;
  private readonly statements: ReturnType<typeof prepareReads> & ReturnType<typeof prepareWrites>;

  /** The caller keeps the ownership of `database`. */
  constructor(database: Database.Database, path: string) {
    this.path = path;
    this.database = database;
    this.statements = guardSqlite(path, () => ({ ...prepareReads(database), ...prepareWrites(database) }));
  }

  async findBlob(key: BlobKey): Promise<BlobRecord | undefined> {
    return this.inTransaction(() => {
      const found = this.statements.findBlob.get(...blobParametersOf(key));
      if (!found) return undefined;
      const state = found.completed_at_ms === null ? 'stored' : 'used';
      return toBlobRecord(found, this.statements.listParts.all(...blobParametersOf(key), state));
    }, 'deferred');
  }

  async findStored(key: BlobKey, parts: readonly BlobPart[]): Promise<readonly BlobPart[]> {
    return this.inTransaction(
      () =>
        parts.flatMap(({ part, sha256 }) => {
          const sizeBytes = this.statements.findStored.get(...parametersOf(key, { part, sha256 }));
          return sizeBytes === undefined ? [] : [{ part, sha256, sizeBytes }];
        }),
      'deferred',
    );
  }

  async findPart(key: BlobKey, part: number): Promise<BlobPart | undefined> {
    const row = guardSqlite(this.path, () => this.statements.findPart.get(...blobParametersOf(key), part));
    return row && toBlobPart(row);
  }

  async roomBytes({ tenant, room }: Omit<BlobKey, 'blob'>): Promise<number> {
    return guardSqlite(this.path, () => this.statements.roomBytes.get(tenant, room) ?? 0);
  }

  async listBlobs(
    { tenant, room }: Omit<BlobKey, 'blob'>,
    { after = '', limit }: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly string[]> {
    return guardSqlite(this.path, () => this.statements.listBlobs.all(tenant, room, after, limit));
  }

  async findLacking(room: Omit<BlobKey, 'blob'>, blobs: readonly string[]): Promise<readonly string[]> {
    const isComplete = (blob: string) =>
      (this.statements.findBlob.get(...blobParametersOf({ ...room, blob }))?.completed_at_ms ?? null) !== null;
    return this.inTransaction(() => [...new Set(blobs)].filter((blob) => !isComplete(blob)), 'deferred');
  }

  async announcePart(
    key: BlobKey,
    part: BlobPart,
    { maxRoomBytes, nowMs }: { readonly maxRoomBytes: number; readonly nowMs: number },
  ): Promise<PartAnnouncement> {
    const { statements } = this;
    const { tenant, room } = key;
    return this.inTransaction(() => {
      if ((statements.findBlob.get(...blobParametersOf(key))?.completed_at_ms ?? null) !== null) return 'complete';
      const state = statements.partState.get(...parametersOf(key, part));
      if (state === 'abandoned') return 'removing';
      if (state === undefined) {
        const charge = chargeFor(part.sizeBytes);
        if ((statements.roomBytes.get(tenant, room) ?? 0) + charge > maxRoomBytes) return 'room-full';
        statements.charge.run(tenant, room, charge);
        statements.addPart.run(...parametersOf(key, part), part.sizeBytes, nowMs);
      } else statements.touchPart.run(nowMs, ...parametersOf(key, part));
      statements.touchBlob.run(...blobParametersOf(key), nowMs);
      return state === 'stored' ? 'stored' : 'announced';
    });
  }

  async storePart(key: BlobKey, part: BlobPart): Promise<boolean> {
    return guardSqlite(this.path, () => this.statements.storePart.run(...parametersOf(key, part)).changes === 1);
  }

  async complete(key: BlobKey, { parts, sizeBytes, createdBy, nowMs }: NewBlob): Promise<boolean> {
    const { statements } = this;
    const blob = blobParametersOf(key);
    try {
      return this.inTransaction(() => {
        if ((statements.findBlob.get(...blob)?.completed_at_ms ?? null) !== null) return true;
        for (const part of parts)
          if (statements.usePart.run(...parametersOf(key, part)).changes !== 1) throw NOT_STORED;
        statements.touchBlob.run(...blob, nowMs);
        statements.completeBlob.run(nowMs, sizeBytes, createdBy, ...blob);
        return true;
      });
    } catch (error) {
      if (error === NOT_STORED) return false;
      throw error;
    }
  }

  async losePart(key: BlobKey, part: BlobPart, nowMs: number): Promise<void> {
    const { statements } = this;
    const blob = blobParametersOf(key);
    this.inTransaction(() => {
      if (statements.losePart.run(nowMs, ...parametersOf(key, part)).changes === 0) return;
      if ((statements.findBlob.get(...blob)?.completed_at_ms ?? null) === null) return;
      statements.reopenParts.run(nowMs, ...blob);
      statements.reopenBlob.run(nowMs, ...blob);
    });
  }

  async abandonParts({ beforeMs, leaseMs }: AbandonedSince): Promise<readonly AbandonedPart[]> {
    const { statements } = this;
    return this.inTransaction(() =>
      statements.findUnused.all({ beforeMs, limit: ABANDONED_AT_A_TIME }).map((row) => {
        const abandoned = toAbandonedPart(row);
        statements.abandonPart.run(beforeMs + leaseMs, ...parametersOf(abandoned.key, abandoned.part));
        return abandoned;
      }),
    );
  }

  async forgetPart({ key, part }: AbandonedPart): Promise<void> {
    const { statements } = this;
    const blob = blobParametersOf(key);
    this.inTransaction(() => {
      if (statements.forgetPart.run(...parametersOf(key, part)).changes === 0) return;
      statements.charge.run(key.tenant, key.room, -chargeFor(part.sizeBytes));
      statements.forgetBlob.run(...blob, ...blob);
    });
  }

  private inTransaction<T>(work: () => T, kind: 'immediate' | 'deferred' = 'immediate'): T {
    return guardSqlite(this.path, () => this.database.transaction(work)[kind]());
  }
}

function parametersOf(key: BlobKey, { part, sha256 }: Pick<BlobPart, 'part' | 'sha256'>): Part {
  return [...blobParametersOf(key), part, sha256];
}
