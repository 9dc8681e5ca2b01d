import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { type Disposable, DisposableStore, toDisposable } from '../../../shared/lifecycle/index.ts';
import { OfflineStoreError } from '../../../shared/sync/offline-store.ts';
import { FolderLockList, type ListedFolder } from './folder-lock-list.ts';
import { type Nesting, nestingOf, type PlacedFolder, placeFolder } from './folder-nesting.ts';
import { DamagedDatabaseError, openDatabase } from './open-database.ts';
import { takeTurn } from './take-turn.ts';

const SCHEMA = { steps: ['CREATE TABLE IF NOT EXISTS lock (held INTEGER)'] };

const EXTENSION = '.lock';
/** In the folder of the locks. */
const TURN_FILE = 'turn.sqlite';
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
  const list = new FolderLockList(locks);
  const placed = placeFolder(folder);
  const name = lockName(folder);
  // Taken, listed, and only then compared: even if two had their turn at once, one of them would see the other.
  return takeTurn(join(locks, TURN_FILE), () => {
    const taken = new DisposableStore();
    try {
      taken.add(hold(locks, folder));
      taken.add(toDisposable(() => forget(list, name)));
      list.put(name, placed);
      for (const other of list.all()) {
        if (other.name !== name && mayClash(placed, other, ownFolders)) refuseWhileHeld(locks, placed, other);
      }
      return taken;
    } catch (error) {
      taken.dispose();
      throw error;
    }
  });
}

function mayClash(placed: PlacedFolder, { placed: other }: ListedFolder, ownFolders: readonly string[]): boolean {
  if (!other) return true;
  return !ownFolders.includes(other.folder) && nestingOf(placed, other) !== undefined;
}

function refuseWhileHeld(locks: string, placed: PlacedFolder, other: ListedFolder): void {
  const path = join(locks, other.name + EXTENSION);
  if (!heldHere.has(path)) {
    try {
      const lock = openOrBeginAnew(path);
      // Left behind, and ours to remove as long as we hold the lock.
      forget(new FolderLockList(locks), other.name);
      lock.close();
      return;
    } catch (error) {
      if (!isInUse(error)) throw error;
    }
  }
  const nesting = other.placed && nestingOf(placed, other.placed);
  throw other.placed && nesting
    ? refuse(placed.folder, nesting, other.placed.folder)
    : refuseUnknown(placed.folder, path);
}

function forget(list: FolderLockList, name: string): void {
  try {
    list.remove(name);
  } catch {
    // It counts for nothing once the lock is free.
  }
}

function hold(locks: string, folder: string): Disposable {
  const path = join(locks, lockName(folder) + EXTENSION);
  if (heldHere.has(path)) throw refuse(folder, 'same', folder);
  try {
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

function refuseUnknown(folder: string, path: string): OfflineStoreError {
  const message = `Another Tutti on this device shares a folder, but which one cannot be read beside ${path}: "${folder}" might lie in it, or hold it. Leave that room or end that Tutti first.`;
  return new OfflineStoreError('in-use', message);
}

function lockName(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 32);
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
