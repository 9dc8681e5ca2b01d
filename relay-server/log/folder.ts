import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../sync-folder.ts';
import { LogFailure } from './log-failure.ts';
import { snapshotIds } from './snapshot-id.ts';
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts';
import type { DocumentKey } from './update-log.ts';

/** Keeps snapshots as files `FOLDER/xx/DOCUMENT/SEQ-SHA256`, written whole and verified on every read. */
export class FolderSnapshotStore implements SnapshotStore {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async write(key: DocumentKey, seq: number, bytes: Uint8Array): Promise<string> {
    const snapshotId = snapshotIds.of(seq, bytes);
    const folder = this.folderOf(key);
    const temporary = join(folder, `.${randomUUID()}`);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, join(folder, snapshotId));
      await syncFolder(folder);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw toLogFailure(error, `A snapshot cannot be written to ${folder}.`);
    }
    return snapshotId;
  }

  async read(key: DocumentKey, snapshotId: string): Promise<Uint8Array> {
    const path = this.pathOf(key, snapshotId);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      throw toLogFailure(error, `The snapshot ${path} cannot be read.`);
    }
    if (!snapshotIds.matches(snapshotId, bytes)) {
      throw new LogFailure('corrupted', `The snapshot ${path} is damaged.`);
    }
    return bytes;
  }

  async list(key: DocumentKey): Promise<readonly StoredSnapshot[]> {
    const folder = this.folderOf(key);
    let names: string[];
    try {
      names = await readdir(folder);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw toLogFailure(error, `The snapshots in ${folder} cannot be listed.`);
    }
    const found = await Promise.all(names.map((name) => this.inspect(folder, name)));
    return found.filter((snapshot) => snapshot !== undefined);
  }

  private async inspect(folder: string, name: string): Promise<StoredSnapshot | undefined> {
    const seq = snapshotIds.seqOf(name);
    if (seq === undefined) return undefined;
    const path = join(folder, name);
    try {
      return { snapshotId: name, seq, storedAtMs: (await stat(path)).mtimeMs };
    } catch (error) {
      // Another process has just removed it.
      if (codeOf(error) === 'ENOENT') return undefined;
      throw toLogFailure(error, `The snapshot ${path} cannot be looked at.`);
    }
  }

  async remove(key: DocumentKey, snapshotId: string): Promise<void> {
    const path = this.pathOf(key, snapshotId);
    try {
      await rm(path, { force: true });
    } catch (error) {
      throw toLogFailure(error, `The snapshot ${path} cannot be removed.`);
    }
  }

  private pathOf(key: DocumentKey, snapshotId: string): string {
    if (snapshotIds.seqOf(snapshotId) === undefined)
      throw new LogFailure('corrupted', `${snapshotId} is not a snapshot's id.`);
    return join(this.folderOf(key), snapshotId);
  }

  // Hashed, since names that differ only in case would share a folder on some file systems.
  private folderOf({ tenant, room, document }: DocumentKey): string {
    const hash = createHash('sha256').update(JSON.stringify([tenant, room, document]));
    const name = hash.digest('hex').slice(0, 40);
    return join(this.folder, name.slice(0, 2), name);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function toLogFailure(error: unknown, message: string): LogFailure {
  const code = codeOf(error);
  if (code === 'ENOENT') return new LogFailure('corrupted', `${message} It is missing.`, { cause: error });
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new LogFailure('full', `${message} The disk is full.`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new LogFailure('permission', `${message} Check who owns it and its permissions.`, { cause: error });
  }
  return new LogFailure('failed', message, { cause: error });
}
