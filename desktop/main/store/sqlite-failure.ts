import { errorMessage } from '../../../shared/lifecycle/index.ts';
import { OfflineStoreError } from '../../../shared/sync/offline-store.ts';

const FULL = ['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_FSYNC', 'SQLITE_IOERR_TRUNCATE', 'ENOSPC', 'EDQUOT'];
const DAMAGED = ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_FORMAT'];
// SQLITE_IOERR_LOCK is what the lock on a read-only file gives.
const FORBIDDEN = [
  'SQLITE_READONLY',
  'SQLITE_CANTOPEN',
  'SQLITE_PERM',
  'SQLITE_IOERR_LOCK',
  'EACCES',
  'EPERM',
  'EROFS',
];
const LOCKED = ['SQLITE_BUSY', 'SQLITE_LOCKED'];

/** Whether SQLite says that the file is not, or no longer, a sound database. */
export function isDamage(error: unknown): boolean {
  return hasCode(error, DAMAGED);
}

/** What went wrong with the database at `path`, in words for the person who can act. `isOpen`: it was in use already. */
export function toOfflineStoreError(error: unknown, path: string, isOpen = true): OfflineStoreError {
  if (error instanceof OfflineStoreError) return error;
  const options = { cause: error };
  if (hasCode(error, FULL)) {
    const next = isOpen
      ? 'Edits are kept in memory and written as soon as there is space.'
      : 'Free some space, then open it again.';
    const message = `There is no space left for ${path}. ${next}`;
    return new OfflineStoreError('disk-full', message, options);
  }
  if (hasCode(error, LOCKED)) {
    const message = `${path} is in use by another Tutti. Close that one first.`;
    return new OfflineStoreError('in-use', message, options);
  }
  if (isDamage(error)) {
    const message = `${path} is damaged. What you type now is kept in memory, and goes to the relay when it can be reached. Leave the room and open it again: Tutti then sets the file aside and takes over what can be read.`;
    return new OfflineStoreError('corrupted', message, options);
  }
  if (hasCode(error, FORBIDDEN)) {
    const message = `${path} may not be written or locked. Change the permissions of the file and its folder, or start Tutti with its data elsewhere.`;
    return new OfflineStoreError('unavailable', message, options);
  }
  const reason = errorMessage(error);
  if (hasCode(error, ['SQLITE_IOERR'])) {
    const message = `The disk failed at ${path} (${reason}). Check the disk, then start Tutti again.`;
    return new OfflineStoreError('unavailable', message, options);
  }
  return new OfflineStoreError('unavailable', `${path} cannot be used: ${reason}`, options);
}

function hasCode(error: unknown, prefixes: readonly string[]): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const { code } = error;
  return typeof code === 'string' && prefixes.some((prefix) => code === prefix || code.startsWith(`${prefix}_`));
}
