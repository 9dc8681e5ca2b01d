import type { Disposable } from '../../shared/lifecycle/index.ts';
import type { DocumentRepairs } from './document-repairs.ts';
import type { RoomDirectory } from './room-directory.ts';
import type { UpdateLog } from './update-log.ts';

/** Everything that the relay keeps in its database. Disposing closes it. */
export interface RelayStorage extends Disposable {
  readonly log: UpdateLog;
  readonly directory: RoomDirectory;
  readonly repairs: DocumentRepairs;
}
