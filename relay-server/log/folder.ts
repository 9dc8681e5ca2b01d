import { ObjectBlobParts, PART_KIND } from './blob-parts.ts';
import { FolderObjects } from './folder/folder-objects.ts';
import { ObjectSegmentStore, ObjectSnapshotStore, SEGMENT_KIND, SNAPSHOT_KIND } from './object-store.ts';

export { FolderMark } from './folder/folder-mark.ts';
export { UnfinishedFiles } from './folder/unfinished-files.ts';

/** Keeps snapshots as files `FOLDER/xx/DOCUMENT/SEQ-SHA256`, written whole and verified on every read. */
export class FolderSnapshotStore extends ObjectSnapshotStore {
  constructor(folder: string) {
    super(new FolderObjects(folder, SNAPSHOT_KIND));
  }
}

/** Keeps segments as files `FOLDER/xx/DOCUMENT/FROM-TO-SHA256`, in the same manner. */
export class FolderSegmentStore extends ObjectSegmentStore {
  constructor(folder: string) {
    super(new FolderObjects(folder, SEGMENT_KIND));
  }
}

/** Keeps parts of blobs as files `FOLDER/xx/BLOB/N-SHA256`, in the same manner. */
export class FolderBlobParts extends ObjectBlobParts {
  constructor(folder: string) {
    super(new FolderObjects(folder, PART_KIND));
  }
}
