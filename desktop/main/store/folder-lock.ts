import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Disposable, toDisposable } from '../../../shared/lifecycle/index.ts';
import { OfflineStoreError } from '../../../shared/sync/offline-store.ts';
import { DamagedDatabaseError, openDatabase } from './open-database.ts';

const SCHEMA = { steps: ['CREATE TABLE IF NOT EXISTS lock (held INTEGER)'] };

/**
 * Keeps other Tuttis on this device from mirroring a folder, given by its real path: two would take each other's saves
 * for edits and deletions. The system frees the lock when the process ends, however it ends. Throws OfflineStoreError.
 */
export function lockFolder(folder: string): Disposable {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  const path = join(locksFolder(), `${name}.lock`);
  try {
    const database = openOrBeginAnew(path);
    return toDisposable(() => database.close());
  } catch (error) {
    if (!(error instanceof OfflineStoreError) || error.code !== 'in-use') throw error;
    const message = `The folder ${folder} is already shared by another Tutti on this device. Close it there first, or join its room with a link.`;
    throw new OfflineStoreError('in-use', message, { cause: error });
  }
}

/** A lock holds nothing: a damaged one is worth no question. */
function openOrBeginAnew(path: string) {
  try {
    return openDatabase(path, SCHEMA);
  } catch (error) {
    if (!(error instanceof DamagedDatabaseError)) throw error;
    for (const companion of ['', '-wal', '-shm']) rmSync(path + companion, { force: true });
    return openDatabase(path, SCHEMA);
  }
}

/** One for all of this person's Tuttis, wherever they keep their data, and not swept while they run. */
function locksFolder(): string {
  const folder = join(stateFolder(), 'tutti', 'locks');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch {
    // An account without a home of its own has a folder of its own all the same.
    return join(tmpdir(), `tutti-${userInfo().username}`);
  }
}

function stateFolder(): string {
  switch (process.platform) {
    case 'darwin':
      return join(homedir(), 'Library/Application Support');
    case 'win32':
      return process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData/Local');
    default:
      return process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state');
  }
}
