import type { BaseIndex } from './base-index.ts';
import type { SharedFiles } from './shared-files.ts';

/** Finds out which files of the room's list changed. */
export class ListWatch {
  private readonly files: SharedFiles;
  private readonly bases: BaseIndex;
  private seen = new Map<string, string>();

  constructor(files: SharedFiles, bases: BaseIndex) {
    this.files = files;
    this.bases = bases;
  }

  /** Ids of the files that were listed, changed or removed since the last call. */
  takeChanged(): readonly string[] {
    const changed = new Set<string>();
    const seen = new Map<string, string>();
    for (const { fileId, path, eol, bom, kind, executable, blob } of this.files.files) {
      const entry = `${eol} ${bom} ${kind} ${executable} ${blob} ${path}`;
      seen.set(fileId, entry);
      if (this.seen.get(fileId) !== entry) changed.add(fileId);
    }
    for (const fileId of this.seen.keys()) if (!seen.has(fileId)) changed.add(fileId);
    for (const { fileId } of this.bases.list()) if (!seen.has(fileId)) changed.add(fileId);
    this.seen = seen;
    return [...changed];
  }
}
