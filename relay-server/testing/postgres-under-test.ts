import { Kysely, PostgresDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { expect, onTestFinished } from 'vitest';
import { LogFailure } from '../log/log-failure.ts';
import { MIGRATIONS } from '../log/postgres/migrations.ts';
import { SCHEMA } from '../log/postgres/schema.ts';
import { openPostgresStorage, type PostgresStorage, type PostgresStorageOptions } from '../log/postgres.ts';
import type { DocumentKey } from '../log/update-log.ts';

export const POSTGRES_DOCUMENT: DocumentKey = { tenant: 't', room: 'r', document: 'd' };
export const ALL_UPDATES = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
/** Short, for tests in which the server is away. */
export const IMPATIENT = { statementTimeoutMs: 500, connectTimeoutMs: 500 };

/** Opens a database for the time of the test, with what it reports as problems. */
export async function openPostgres(
  url: string,
  options: Partial<PostgresStorageOptions> = {},
): Promise<PostgresStorage & { readonly problems: LogFailure[] }> {
  const problems: LogFailure[] = [];
  const storage = await openPostgresStorage(url, { reportProblem: (problem) => problems.push(problem), ...options });
  onTestFinished(() => storage.close());
  return { ...storage, problems };
}

/** Appends updates of one session to each of the documents. */
export function appendUpdates(
  { log }: PostgresStorage,
  sessionId: string,
  clientSeqs: readonly number[],
  keys: readonly DocumentKey[] = [POSTGRES_DOCUMENT],
) {
  const session = { subject: 's', sessionId };
  const updates = clientSeqs.map((clientSeq) => {
    return { session, clientSeq, name: 'n', timeMs: 1, payload: Buffer.from(`${sessionId} ${clientSeq}`) };
  });
  return log.append(keys.map((key) => ({ key, epochWhenNew: 'e', updates })));
}

/** The failure that `work` ends with; rejects when it ends with anything else. */
export async function failureOf(work: Promise<unknown>): Promise<LogFailure> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof LogFailure) return error;
  throw error;
}

/** Brings an empty database to the version of a relay that knew the migrations through `last` only. */
export async function migrateThrough(url: string, last: string): Promise<void> {
  expect(Object.keys(MIGRATIONS)).toContain(last);
  const known = Object.entries(MIGRATIONS).filter(([name]) => name <= last);
  const database = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }),
  });
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => Object.fromEntries(known) },
    migrationTableName: 'migrations',
    migrationLockTableName: 'migration_lock',
    migrationTableSchema: SCHEMA,
  });
  const { error } = await migrator.migrateToLatest();
  await database.destroy();
  expect(error).toBeUndefined();
}
