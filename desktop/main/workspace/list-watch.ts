import type { SharedFile } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import type { SharedFiles } from './shared-files.ts';

/** Finds out which files of the room's list changed. */
export class ListWatch {
  private readonly files: SharedFiles;
  private readonly bases: BaseIndex;
  private readonly seen = new Map<string, SharedFile>();

  constructor(files: SharedFiles, bases: BaseIndex) {
    this.files = files;
    this.bases = bases;
  }

  /** Ids of the files that were listed, changed or removed since the last call. */
  takeChanged(): readonly string[] {
    const changed = new Set<string>();
    for (const file of this.files.files) {
      const before = this.seen.get(file.fileId);
      if (before === file) continue;
      this.seen.set(file.fileId, file);
      if (!before || describe(before) !== describe(file)) changed.add(file.fileId);
    }
    const isListed = (fileId: string) => this.files.get(fileId) !== undefined;
    for (const fileId of this.seen.keys()) {
      if (isListed(fileId)) continue;
      this.seen.delete(fileId);
      changed.add(fileId);
    }
    for (const fileId of this.bases.fileIds) if (!isListed(fileId)) changed.add(fileId);
    return [...changed];
  }
}

function describe({ path, eol, bom, kind, executable, blob }: SharedFile): string {
  return `${eol} ${bom} ${kind} ${executable} ${blob} ${path}`;
}
