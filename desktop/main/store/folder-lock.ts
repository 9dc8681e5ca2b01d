import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Disposable, toDisposable } from '../../../shared/lifecycle/index.ts';
import { OfflineStoreError } from '../../../shared/sync/offline-store.ts';
import { openDatabase } from './open-database.ts';

const SCHEMA = { version: 1, sql: 'CREATE TABLE IF NOT EXISTS lock (held INTEGER)' };

/**
 * Keeps other Tuttis on this device from mirroring a folder, given by its real path: two would take each other's saves
 * for edits and deletions. The system frees the lock when the process ends, however it ends. Throws OfflineStoreError.
 */
export function lockFolder(folder: string): Disposable {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  const path = join(tmpdir(), `tutti-${userInfo().username}`, `${name}.lock`);
  try {
    const database = openDatabase(path, SCHEMA);
    return toDisposable(() => database.close());
  } catch (error) {
    if (!(error instanceof OfflineStoreError) || error.code !== 'in-use') throw error;
    const message = `The folder ${folder} is already shared by another Tutti on this device. Close it there first, or join its room with a link.`;
    throw new OfflineStoreError('in-use', message, { cause: error });
  }
}
