import * as Y from 'yjs';

/** Name of the map of the list that has an entry for each file. */
const FILES_MAP = 'files';

/**
 * The files whose entries in the list an update writes to, less those that are gone again. `list` has taken the update in.
 * A damaged update writes to none.
 */
export function filesWrittenBy(list: Y.Doc, update: Uint8Array): ReadonlySet<string> {
  const fileIds = new Set<string>();
  try {
    for (const struct of Y.decodeUpdate(update).structs) {
      if (!(struct instanceof Y.Item)) continue;
      // In the update a change of an entry does not name the file.
      const fileId = entryOf(list, Y.getItem(list.store, struct.id));
      if (fileId !== undefined) fileIds.add(fileId);
    }
  } catch {
    return new Set();
  }
  return fileIds;
}

function entryOf(list: Y.Doc, written: unknown): string | undefined {
  const files = list.getMap(FILES_MAP);
  for (let item = written; item instanceof Y.Item;) {
    const { parent }: Y.Item = item;
    if (parent === files) return item.parentSub ?? undefined;
    item = parent instanceof Y.AbstractType ? parent._item : undefined;
  }
  return undefined;
}

/** Which entries of the list have edits of this device that the relay may not have. */
export class EntryEdits {
  /** Number of the last edit of each, as the list's outbox counts them. */
  private readonly lastEdits = new Map<string, number>();

  get fileIds(): Iterable<string> {
    return this.lastEdits.keys();
  }

  has(fileId: string): boolean {
    return this.lastEdits.has(fileId);
  }

  add(fileIds: Iterable<string>, edit: number): void {
    for (const fileId of fileIds) this.lastEdits.set(fileId, edit);
  }

  /** All edits below `firstUnacked` are acked. Gives the files that have none left. */
  acked(firstUnacked: number): readonly string[] {
    const done = [...this.lastEdits].filter(([, edit]) => edit < firstUnacked).map(([fileId]) => fileId);
    for (const fileId of done) this.lastEdits.delete(fileId);
    return done;
  }
}
