import * as Y from 'yjs';

/** Name of the map of the list that has an entry for each file. */
const FILES_MAP = 'files';

/** The files that updates of the list begin: whoever made the updates has made the files. A damaged update begins none. */
export function filesBegunBy(update: Uint8Array): readonly string[] {
  try {
    return Y.decodeUpdate(update).structs.flatMap((struct) => {
      if (!(struct instanceof Y.Item) || struct.parentSub === null) return [];
      // In an update it is the name of the map. What replaces an entry names the one before it instead of its place.
      const parent: unknown = struct.parent;
      return parent === FILES_MAP ? [struct.parentSub] : [];
    });
  } catch {
    return [];
  }
}
