import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../sync-folder.ts';
import { isNamedAfter } from '../content-hash.ts';
import { LogFailure } from '../log-failure.ts';
import type { ObjectKind, ObjectStore, StoredObject } from '../object-store.ts';
import type { DocumentKey } from '../update-log.ts';

/** Files `FOLDER/xx/DOCUMENT/ID` of documents, written whole and verified on every read. */
export class FolderObjects implements ObjectStore {
  private readonly folder: string;
  private readonly kind: ObjectKind;

  constructor(folder: string, kind: ObjectKind) {
    this.folder = folder;
    this.kind = kind;
  }

  async write(key: DocumentKey, objectId: string, bytes: Uint8Array): Promise<void> {
    const folder = this.folderOf(key);
    const temporary = join(folder, `.${randomUUID()}`);
    try {
      const firstMade = await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.pathOf(key, objectId));
      await syncFolder(folder);
      if (firstMade !== undefined) await syncParents(folder, firstMade);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw toLogFailure(error, `A ${this.kind.noun} cannot be written to ${folder}.`);
    }
  }

  async read(key: DocumentKey, objectId: string): Promise<Uint8Array> {
    const path = this.pathOf(key, objectId);
    let bytes: Uint8Array;
    try {
      const { size } = await stat(path);
      if (size > this.kind.maxBytes) throw new LogFailure('corrupted', `The ${this.kind.noun} ${path} is too large.`);
      bytes = await readFile(path);
    } catch (error) {
      throw toLogFailure(error, `The ${this.kind.noun} ${path} cannot be read.`);
    }
    if (!isNamedAfter(objectId, bytes)) {
      throw new LogFailure('corrupted', `The ${this.kind.noun} ${path} is damaged.`);
    }
    return bytes;
  }

  async list(key: DocumentKey): Promise<readonly StoredObject[]> {
    const folder = this.folderOf(key);
    let names: string[];
    try {
      names = await readdir(folder);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw toLogFailure(error, `The ${this.kind.noun}s in ${folder} cannot be listed.`);
    }
    const ids = names.filter((name) => this.kind.isId(name));
    const found = await Promise.all(ids.map((objectId) => this.inspect(folder, objectId)));
    return found.filter((object) => object !== undefined);
  }

  private async inspect(folder: string, objectId: string): Promise<StoredObject | undefined> {
    const path = join(folder, objectId);
    try {
      return { objectId, storedAtMs: (await stat(path)).mtimeMs };
    } catch (error) {
      // Another process has just removed it.
      if (codeOf(error) === 'ENOENT') return undefined;
      throw toLogFailure(error, `The ${this.kind.noun} ${path} cannot be looked at.`);
    }
  }

  async remove(key: DocumentKey, objectId: string): Promise<void> {
    const path = this.pathOf(key, objectId);
    try {
      await rm(path, { force: true });
    } catch (error) {
      throw toLogFailure(error, `The ${this.kind.noun} ${path} cannot be removed.`);
    }
  }

  private pathOf(key: DocumentKey, objectId: string): string {
    if (!this.kind.isId(objectId)) throw new LogFailure('corrupted', `${objectId} is not a ${this.kind.noun}'s id.`);
    return join(this.folderOf(key), objectId);
  }

  // Hashed, since names that differ only in case would share a folder on some file systems.
  private folderOf({ tenant, room, document }: DocumentKey): string {
    const hash = createHash('sha256').update(JSON.stringify([tenant, room, document]));
    const name = hash.digest('hex').slice(0, 40);
    return join(this.folder, name.slice(0, 2), name);
  }
}

/** Makes the names of fresh folders durable, from `folder` up to `firstMade`. */
async function syncParents(folder: string, firstMade: string): Promise<void> {
  for (let made = folder; made.startsWith(firstMade); made = dirname(made)) await syncFolder(dirname(made));
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function toLogFailure(error: unknown, message: string): LogFailure {
  if (error instanceof LogFailure) return error;
  const code = codeOf(error);
  if (code === 'ENOENT') return new LogFailure('corrupted', `${message} It is missing.`, { cause: error });
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new LogFailure('full', `${message} The disk is full.`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new LogFailure('permission', `${message} Check who owns it and its permissions.`, { cause: error });
  }
  return new LogFailure('failed', message, { cause: error });
}
