import type { TuttiApi } from '../../ipc/index.ts';
import type { Event } from '../../../shared/lifecycle/index.ts';
import type { AttachmentPort } from '../../../shared/sync/attachment/index.ts';

/** What a page needs from where it runs: Electron's main process, or the page itself. */
export interface WorkbenchHost {
  readonly kind: 'electron' | 'browser';
  readonly api: TuttiApi;
  /** A port to the engine of the room that was opened last; an earlier one is dead. */
  readonly onSessionPort: Event<AttachmentPort>;
}
