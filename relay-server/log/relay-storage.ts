import type { Disposable } from '../../shared/lifecycle/index.ts';
import type { DocumentRepairs } from './document-repairs.ts';
import type { AccessDirectory } from './access-directory.ts';
import type { BlobIndex } from './blob-index.ts';
import type { EventDirectory } from './event-directory.ts';
import type { ObjectsClaims } from './objects-claim.ts';
import type { RoomDirectory } from './room-directory.ts';
import type { SegmentIndex } from './segment-index.ts';
import type { UpdateLog } from './update-log.ts';

/** Everything that the relay keeps in its database. Disposing closes it. */
export interface RelayStorage extends Disposable {
  /** What of the log is in the database. */
  readonly log: UpdateLog;
  /** Where the rest of it is. */
  readonly segments: SegmentIndex;
  readonly directory: RoomDirectory;
  readonly access: AccessDirectory;
  readonly events: EventDirectory;
  readonly blobs: BlobIndex;
  readonly repairs: DocumentRepairs;
  /** Whether the objects that it points to are its own. */
  readonly objectsClaims: ObjectsClaims;
}
