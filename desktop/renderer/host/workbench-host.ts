import type { ShareLink } from '../../../shared/access/index.ts';
import type { TuttiApi } from '../../ipc/index.ts';
import type { Event } from '../../../shared/lifecycle/index.ts';
import type { AttachmentPort } from '../../../shared/sync/attachment/index.ts';

/** What a page needs from where it runs: Electron's main process, or the page itself. */
export interface WorkbenchHost {
  readonly kind: 'electron' | 'browser';
  readonly api: TuttiApi;
  /** A port to the engine of the room that was opened last; an earlier one is dead. */
  readonly onSessionPort: Event<AttachmentPort>;
  /** The link by which a page is in the room that is open; undefined in the app, which does not tell. */
  readonly shareLink: () => ShareLink | undefined;
}
