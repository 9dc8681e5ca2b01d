import { existsSync, readdirSync } from 'node:fs';
import { chmod, cp, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { IDENTITY_FILE } from './access/relay-identity.ts';
import { type DataFolder, OperatorError } from './data-folder.ts';
import { isTemporaryName } from './log/folder/write-whole.ts';
import { backupDatabase } from './log/sqlite/backup-database.ts';

/** The folder appears under its name when it is whole. */
const UNFINISHED = '.unfinished';

/**
 * Copies everything that a data folder holds to the new folder `target`, beside a running relay, and gives what to say
 * about it. What is copied can be served as it is. Rejects with {@link OperatorError} or a `LogFailure`.
 */
export async function runBackup(data: DataFolder, target: string): Promise<string> {
  const folder = resolve(target);
  if (!existsSync(data.database)) {
    throw new OperatorError(
      `There is no database in ${data.path}: nothing was copied. Name the data folder of a relay with --data; ` +
        'a Postgres database is copied with its own tools, such as pg_dump.',
    );
  }
  if (!relative(data.path, folder).startsWith('..'))
    throw new OperatorError(`The backup would lie in the data folder ${data.path}. Name a folder outside of it.`);
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new OperatorError(`The folder ${folder} is not empty: nothing was copied. Name one that does not exist.`);
  const unfinished = `${folder}${UNFINISHED}`;
  try {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    await copyInto(unfinished, data);
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
  } catch (error) {
    // What went wrong first is what counts.
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
    throw toOperatorError(folder, error);
  }
  return `Everything in ${data.path} was copied to ${folder}. To go back to it: stop the relay and serve that folder, or a copy of it.\n`;
}

async function copyInto(folder: string, data: DataFolder): Promise<void> {
  const database = join(folder, basename(data.database));
  backupDatabase(data.database, database);
  await chmod(database, 0o600);
  // After the database: what it names is kept for a while after it was replaced.
  for (const objects of [data.snapshots, data.segments]) {
    if (!existsSync(objects)) continue;
    const filter = (source: string) => !isTemporaryName(basename(source));
    await cp(objects, join(folder, basename(objects)), { recursive: true, filter });
  }
  const key = join(data.path, IDENTITY_FILE);
  if (existsSync(key)) await cp(key, join(folder, IDENTITY_FILE));
}

function toOperatorError(folder: string, error: unknown): unknown {
  const isOfFiles = error instanceof Error && 'syscall' in error;
  if (!isOfFiles) return error;
  const message = `The backup could not be written to ${folder} (${error.message}). Check the space and the permissions in ${dirname(folder)}.`;
  return new OperatorError(message, { cause: error });
}
