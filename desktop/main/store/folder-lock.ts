import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { type Disposable, MutableDisposable, toDisposable } from '../../../shared/lifecycle/index.ts';
import { OfflineStoreError } from '../../../shared/sync/offline-store.ts';
import { FolderLockList, type Nesting, nestingOf, placeFolder } from './folder-lock-list.ts';
import { DamagedDatabaseError, openDatabase } from './open-database.ts';

const SCHEMA = { steps: ['CREATE TABLE IF NOT EXISTS lock (held INTEGER)'] };

/** In the folder of the locks. */
const LIST_FILE = 'folders.sqlite';
/** Paths of the locks that this process holds: nobody has to wait to hear of those. */
const heldHere = new Set<string>();

/**
 * Keeps other rooms and Tuttis of this person on this device from sharing or mirroring a folder, given by its real path,
 * one in it, or one that holds it: two would take each other's saves for edits and deletions, and a room that is mirrored
 * into what another shares would copy itself without end. Of several who come at once one gets it. The system frees the
 * lock when the process ends, however it ends. `ownFolders` are taken by the same room. Throws OfflineStoreError.
 */
export function lockFolder(folder: string, ownFolders: readonly string[] = []): Disposable {
  const locks = locksFolder();
  const list = join(locks, LIST_FILE);
  const taken = placeFolder(folder);
  const lock = new MutableDisposable<Disposable>();
  try {
    FolderLockList.change(list, (listed) => {
      lock.value = undefined;
      for (const other of listed.all()) {
        const nesting = ownFolders.includes(other.folder) ? undefined : nestingOf(taken, other);
        if (nesting === undefined) continue;
        if (isHeld(lockPath(locks, other.folder))) throw refuse(folder, nesting, other.folder);
        listed.remove(other.folder);
      }
      listed.put(taken);
      lock.value = hold(locks, folder);
    });
  } catch (error) {
    lock.dispose();
    throw error;
  }
  return toDisposable(() => release(list, folder, lock));
}

function release(list: string, folder: string, lock: Disposable): void {
  try {
    // As long as the lock is held, nobody else lists the folder.
    FolderLockList.change(list, (listed) => listed.remove(folder));
  } catch {
    // It counts for nothing once the lock is free.
  } finally {
    lock.dispose();
  }
}

function hold(locks: string, folder: string): Disposable {
  try {
    const path = lockPath(locks, folder);
    const database = openOrBeginAnew(path);
    heldHere.add(path);
    return toDisposable(() => {
      heldHere.delete(path);
      database.close();
    });
  } catch (error) {
    if (!isInUse(error)) throw error;
    throw refuse(folder, 'same', folder, error);
  }
}

function isHeld(path: string): boolean {
  if (heldHere.has(path)) return true;
  try {
    openOrBeginAnew(path).close();
    return false;
  } catch (error) {
    if (!isInUse(error)) throw error;
    return true;
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof OfflineStoreError && error.code === 'in-use';
}

function refuse(folder: string, nesting: Nesting, other: string, cause?: unknown): OfflineStoreError {
  const why = 'another room or another Tutti on this device shares: each would take the other’s files';
  const messages: Readonly<Record<Nesting, string>> = {
    same: `The folder "${folder}" is already shared by another room or another Tutti on this device. Leave that room first, or join it with a link.`,
    within: `The folder "${folder}" lies in "${other}", which ${why}. Leave that room first, or choose a folder outside of it.`,
    above: `The folder "${folder}" holds "${other}", which ${why}. Leave that room first, or choose a folder that does not hold it.`,
  };
  return new OfflineStoreError('in-use', messages[nesting], { cause });
}

function lockPath(locks: string, folder: string): string {
  return join(locks, `${createHash('sha256').update(folder).digest('hex').slice(0, 32)}.lock`);
}

/** A lock holds nothing: a damaged one is worth no question. */
function openOrBeginAnew(path: string): Database.Database {
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
    const own = join(tmpdir(), `tutti-${userInfo().username}`);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    return own;
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
