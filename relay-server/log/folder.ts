import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../sync-folder.ts';
import { LogFailure } from './log-failure.ts';
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts';
import type { DocumentKey } from './update-log.ts';

const SNAPSHOT_ID = /^\d{1,16}-[0-9a-f]{64}$/;

/** Keeps snapshots as files `FOLDER/xx/DOCUMENT/SEQ-SHA256`, written whole and verified on every read. */
export class FolderSnapshotStore implements SnapshotStore {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async write(key: DocumentKey, seq: number, bytes: Uint8Array): Promise<string> {
    const snapshotId = `${seq}-${sha256(bytes)}`;
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
    if (!snapshotId.endsWith(`-${sha256(bytes)}`)) {
      throw new LogFailure('corrupted', `The snapshot ${path} is damaged. Restore it from a backup.`);
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
    return names
      .filter((name) => SNAPSHOT_ID.test(name))
      .map((name) => ({ snapshotId: name, seq: Number.parseInt(name, 10) }));
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
    if (!SNAPSHOT_ID.test(snapshotId)) throw new LogFailure('corrupted', `${snapshotId} is not a snapshot's id.`);
    return join(this.folderOf(key), snapshotId);
  }

  // Hashed, since names that differ only in case would share a folder on some file systems.
  private folderOf({ tenant, room, document }: DocumentKey): string {
    const name = sha256(Buffer.from(JSON.stringify([tenant, room, document]))).slice(0, 40);
    return join(this.folder, name.slice(0, 2), name);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
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
