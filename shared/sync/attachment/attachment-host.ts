import { type Disposable, DisposableStore, toDisposable } from '../../lifecycle/index.ts';
import type { RoomSession } from '../room-session.ts';
import type { AttachmentPort } from './attachment-port.ts';
import { EngineAttachment } from './engine-attachment.ts';

/** Lets any number of windows share one session. To the others in the room they are one participant. */
export class AttachmentHost implements Disposable {
  private readonly session: RoomSession;
  private readonly attachments = new DisposableStore();
  /** What each window shows; the window that spoke last comes last. */
  private readonly presences = new Map<object, Uint8Array>();

  /** The session stays the caller's. */
  constructor(session: RoomSession) {
    this.session = session;
  }

  /** Takes over `port`. The attachment ends when the window goes, or when the result is disposed. */
  attach(port: AttachmentPort): Disposable {
    const window = {};
    const attachment = new EngineAttachment(this.session, port, {
      setPresence: (state) => this.setPresence(window, state),
      onClosed: () => result.dispose(),
    });
    const result = this.attachments.add(
      toDisposable(() => {
        attachment.dispose();
        this.setPresence(window, undefined);
        this.attachments.delete(result);
      }),
    );
    return result;
  }

  // The window in which somebody was active last speaks for all.
  private setPresence(window: object, state: Uint8Array | undefined): void {
    const wasThere = this.presences.delete(window);
    if (state) this.presences.set(window, state);
    if (state || wasThere) this.session.setPresence([...this.presences.values()].at(-1));
  }

  dispose(): void {
    this.attachments.dispose();
  }
}
