import { INDEX_DOCUMENT, type SharedFile } from '../../shared/workspace/index.ts';
import type { AccessKey } from '../log/access-directory.ts';
import type { CompactionSource } from '../log/compact-document.ts';
import { readSharedFiles } from './shared-files.ts';

interface KnownList {
  /** What the list was read at. */
  readonly version: string;
  readonly files: Promise<readonly SharedFile[]>;
}

/** Rooms whose lists are kept. */
const KEPT_ROOMS = 32;

/**
 * The lists of files of the rooms that were asked about last. Each is read as a whole, which takes long for a large one:
 * only when it has changed, and once however many ask.
 */
export class FileLists {
  private readonly source: CompactionSource;
  /** The one that was asked for last is the last. */
  private readonly rooms = new Map<string, KnownList>();

  constructor(source: CompactionSource) {
    this.source = source;
  }

  /** The files of the room, as its list has them now in the log. Rejects with a `LogFailure`. */
  async read(key: AccessKey): Promise<readonly SharedFile[]> {
    const { tenant, room } = key;
    const name = JSON.stringify([tenant, room]);
    const record = await this.source.log.readDocument({ tenant, room, document: INDEX_DOCUMENT });
    const version = record ? `${record.epoch} ${record.headSeq}` : '';
    const known = this.rooms.get(name);
    this.rooms.delete(name);
    const list = known?.version === version ? known : { version, files: readSharedFiles(this.source, key) };
    this.rooms.set(name, list);
    const oldest = this.rooms.size > KEPT_ROOMS ? this.rooms.keys().next().value : undefined;
    if (oldest !== undefined) this.rooms.delete(oldest);
    try {
      return await list.files;
    } catch (error) {
      if (this.rooms.get(name) === list) this.rooms.delete(name);
      throw error;
    }
  }
}
