import { Kysely, PostgresDialect, sql } from 'kysely';
import { reportUnexpectedError, toDisposable } from '../../shared/lifecycle/index.ts';
import { LogFailure } from './log-failure.ts';
import { ConnectionPool, type ConnectionPoolOptions } from './postgres/connection-pool.ts';
import { type DatabaseAddress, parseDatabaseAddress } from './postgres/database-address.ts';
import { migrate } from './postgres/migrate.ts';
import { PostgresAccessDirectory } from './postgres/postgres-access-directory.ts';
import { PostgresBlobIndex } from './postgres/postgres-blob-index.ts';
import { PostgresDocumentRepairs } from './postgres/postgres-document-repairs.ts';
import { PostgresEventDirectory } from './postgres/postgres-event-directory.ts';
import { PostgresObjectsClaims } from './postgres/postgres-objects-claims.ts';
import { PostgresRoomDirectory } from './postgres/postgres-room-directory.ts';
import { PostgresSegmentIndex } from './postgres/postgres-segment-index.ts';
import { PostgresUpdateLog } from './postgres/postgres-update-log.ts';
import { type RelayTables, SCHEMA } from './postgres/schema.ts';
import type { RelayStorage } from './relay-storage.ts';

export interface PostgresStorageOptions extends Pick<ConnectionPoolOptions, 'reportProblem'> {
  /** Appends under way at once, each on a connection of its own. */
  readonly maxConcurrentAppends?: number;
  /** Connections for everything else. */
  readonly maxReadConnections?: number;
  /** A call rejects when the server gives no answer for so long. */
  readonly statementTimeoutMs?: number;
  /** How long a call waits for a connection. */
  readonly connectTimeoutMs?: number;
}

/** The relay's storage in Postgres. */
export interface PostgresStorage extends RelayStorage {
  /** Waits for what is under way, then ends all connections. Disposing does the same without waiting. */
  close(): Promise<void>;
}

/** A migration may have much to change, or wait for a node that does it. */
const MIGRATION_TIMEOUT_MS = 10 * 60_000;

/**
 * Opens the database at `url` (`postgres://user:password@host:port/database`) and brings its tables up to date; several
 * nodes may do so at once. Rejects with a `LogFailure` when the server cannot be reached or does not let the relay in.
 */
export async function openPostgresStorage(url: string, options: PostgresStorageOptions): Promise<PostgresStorage> {
  const address = parseDatabaseAddress(url);
  const { maxConcurrentAppends = 4, maxReadConnections = 6, statementTimeoutMs = 10_000 } = options;
  const { connectTimeoutMs = 5_000, reportProblem } = options;
  const limits = { statementTimeoutMs, connectTimeoutMs, reportProblem };
  await prepareDatabase(address, { ...limits, statementTimeoutMs: MIGRATION_TIMEOUT_MS, maxConnections: 1 });
  const appends = new ConnectionPool(address, { ...limits, maxConnections: maxConcurrentAppends });
  const reads = new ConnectionPool(address, { ...limits, maxConnections: maxReadConnections });
  const owner = toDisposable(() => {
    close().catch(reportUnexpectedError);
  });
  const close = async () => {
    owner.dispose();
    await Promise.all([appends.close(), reads.close()]);
  };
  const database = openKysely(reads).withSchema(SCHEMA);
  return {
    log: new PostgresUpdateLog(appends, reads, maxConcurrentAppends),
    segments: new PostgresSegmentIndex(database, reads),
    directory: new PostgresRoomDirectory(database, reads),
    access: new PostgresAccessDirectory(database, reads),
    events: new PostgresEventDirectory(database, reads),
    blobs: new PostgresBlobIndex(database, reads),
    repairs: new PostgresDocumentRepairs(database, reads),
    objectsClaims: new PostgresObjectsClaims(database, reads),
    close,
    dispose: () => owner.dispose(),
  };
}

async function prepareDatabase(address: DatabaseAddress, options: ConnectionPoolOptions): Promise<void> {
  const pool = new ConnectionPool(address, options);
  try {
    await pool.guard(async () => {
      const database = openKysely(pool);
      await migrate(database, pool.label);
      const { rows } = await sql<{ fsync: string }>`SHOW fsync`.execute(database);
      if (rows[0]?.fsync === 'off') options.reportProblem(withoutFsync(pool.label));
    });
  } finally {
    await pool.close();
  }
}

function openKysely(pool: ConnectionPool): Kysely<RelayTables> {
  return new Kysely<RelayTables>({ dialect: new PostgresDialect({ pool: pool.connections }) });
}

function withoutFsync(label: string): LogFailure {
  return new LogFailure(
    'failed',
    `The server of the database ${label} runs with fsync=off: a crash of its machine may lose edits that were reported as saved. Turn it on.`,
  );
}
