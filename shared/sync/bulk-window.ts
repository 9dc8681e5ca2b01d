import type { ClientMessage, RelayMessage } from '../protocol/index.ts';

/** More than this, or so many messages, and the relay is not sent anything more of a bulk change before it answers. */
const WINDOW_BYTES = 128 * 1024;
const WINDOW_MESSAGES = 32;

interface Unanswered {
  /** Undefined for the opening of a document. */
  readonly clientSeq: number | undefined;
  readonly byteLength: number;
}

/**
 * How much of a bulk change is on its way to the relay. What the network has taken cannot be overtaken any more, so that
 * little of it may be under way at a time if a keystroke is not to wait behind it.
 */
export class BulkWindow {
  private readonly unanswered = new Map<number, Unanswered[]>();
  private messages = 0;
  private bytes = 0;

  /** Whether something may be sent now; of a message that is larger than all that may be under way, nothing else is. */
  hasRoomFor(byteLength: number): boolean {
    if (this.messages === 0) return true;
    return this.messages < WINDOW_MESSAGES && this.bytes + byteLength <= WINDOW_BYTES;
  }

  /** A message was handed to the network. */
  sent(message: ClientMessage, byteLength: number): void {
    if (message.type === 'close') this.forget(message.handle, () => true);
    if (message.type !== 'open' && message.type !== 'update') return;
    const { handle } = message;
    const waiting = this.unanswered.get(handle) ?? [];
    waiting.push({ clientSeq: message.type === 'update' ? message.clientSeq : undefined, byteLength });
    this.unanswered.set(handle, waiting);
    this.messages++;
    this.bytes += byteLength;
  }

  /** Takes what the relay says. Returns whether it answered something that was waited for. */
  answered(message: RelayMessage): boolean {
    if (this.messages === 0) return false;
    switch (message.type) {
      case 'opened':
        return this.forget(message.handle, ({ clientSeq }) => clientSeq === undefined);
      case 'ack':
        return this.forget(
          message.handle,
          ({ clientSeq }) => clientSeq === undefined || clientSeq <= message.clientSeq,
        );
      case 'refused':
        return this.forget(message.handle, ({ clientSeq }) => clientSeq === message.clientSeq);
      case 'document-closed':
        return this.forget(message.handle, () => true);
      default:
        return false;
    }
  }

  /** Nothing is waited for any more. */
  clear(): void {
    this.unanswered.clear();
    this.messages = 0;
    this.bytes = 0;
  }

  private forget(handle: number, isAnswered: (message: Unanswered) => boolean): boolean {
    const waiting = this.unanswered.get(handle);
    if (!waiting) return false;
    const left = waiting.filter((message) => !isAnswered(message));
    for (const message of waiting) {
      if (left.includes(message)) continue;
      this.messages--;
      this.bytes -= message.byteLength;
    }
    if (left.length > 0) this.unanswered.set(handle, left);
    else this.unanswered.delete(handle);
    return left.length < waiting.length;
  }
}
