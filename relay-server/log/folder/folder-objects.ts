import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isNamedAfter } from '../content-hash.ts';
import { LogFailure } from '../log-failure.ts';
import type { ObjectKind, ObjectStore, StoredObject } from '../object-store.ts';
import type { DocumentKey } from '../update-log.ts';
import { codeOf, toLogFailure } from './folder-failure.ts';
import { writeWhole } from './write-whole.ts';

/** Files `FOLDER/xx/DOCUMENT/ID` of documents, written whole and verified on every read. */
export class FolderObjects implements ObjectStore {
  private readonly folder: string;
  private readonly kind: ObjectKind;

  constructor(folder: string, kind: ObjectKind) {
    this.folder = folder;
    this.kind = kind;
  }

  async write(key: DocumentKey, objectId: string, bytes: Uint8Array): Promise<void> {
    const path = this.pathOf(key, objectId);
    try {
      await writeWhole(path, bytes);
    } catch (error) {
      throw toLogFailure(error, `A ${this.kind.noun} cannot be written to ${dirname(path)}.`);
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
