import type { Disposable } from '../../lifecycle/index.ts';

/** One end of a message channel between a window and the engine; messages are structured clones. Disposing closes it. */
export interface AttachmentPort extends Disposable {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): Disposable;
  /** Fires when the other end is gone. */
  onClose(listener: () => void): Disposable;
}
