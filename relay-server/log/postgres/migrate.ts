import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { LogFailure } from '../log-failure.ts';
import { toLogFailure } from './postgres-failure.ts';
import { MIGRATIONS } from './migrations.ts';
import { type RelayTables, SCHEMA } from './schema.ts';

/**
 * Brings the database up to date. Nodes that start at once take turns by an advisory lock. Each migration is done as a
 * whole or not at all. Rejects with a {@link LogFailure}.
 */
export async function migrate(database: Kysely<RelayTables>, label: string): Promise<void> {
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
    migrationTableName: 'migrations',
    migrationLockTableName: 'migration_lock',
    migrationTableSchema: SCHEMA,
  });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof Error && /previously executed migration .* is missing/.test(error.message)) {
    throw new LogFailure('failed', `The database ${label} was written by a newer relay. Update this one.`, {
      cause: error,
    });
  }
  throw toLogFailure(label, error);
}
