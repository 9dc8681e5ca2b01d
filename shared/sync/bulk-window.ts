import type { Scheduler } from '../lifecycle/index.ts';
import type { ClientMessage, RelayMessage } from '../protocol/index.ts';

/** More than this, or so many messages, and the relay is not sent anything more of a bulk change before it answers. */
const WINDOW_BYTES = 128 * 1024;
const WINDOW_MESSAGES = 32;
/** So many documents are opened at once at first: what comes of each is not known. */
const FIRST_OPENINGS = 4;
/** With answers that stand for longer behind others, fewer are opened at once; below half of it, more. */
const MAX_HOLD_MS = 500;

interface Unanswered {
  /** Undefined for the opening of a document. */
  readonly clientSeq: number | undefined;
  readonly byteLength: number;
  readonly sentAtMs: number;
}

/**
 * How much of a bulk change is on its way to the relay. What the network has taken cannot be overtaken any more, so that
 * little of it may be under way at a time if a keystroke is not to wait behind it. Nor may much be under way in answer to
 * it, behind which what others type would wait: how many documents are opened at once follows how quickly that comes.
 */
export class BulkWindow {
  private readonly unanswered = new Map<number, Unanswered[]>();
  private readonly clock: Pick<Scheduler, 'elapsedMs'>;
  private maxOpenings = FIRST_OPENINGS;
  private openings = 0;
  private shortestMs = Infinity;
  private messages = 0;
  private bytes = 0;

  constructor(clock: Pick<Scheduler, 'elapsedMs'>) {
    this.clock = clock;
  }

  /** Whether a message may be sent now; of one that is larger than all that may be under way, nothing else is. */
  hasRoomFor({ type }: ClientMessage, byteLength: number): boolean {
    if (this.messages === 0) return true;
    if (type === 'open' && this.openings >= this.maxOpenings) return false;
    return this.messages < WINDOW_MESSAGES && this.bytes + byteLength <= WINDOW_BYTES;
  }

  /** A message was handed to the network. */
  sent(message: ClientMessage, byteLength: number): void {
    if (message.type === 'close') this.forget(message.handle, () => true);
    if (message.type !== 'open' && message.type !== 'update') return;
    const { handle } = message;
    const waiting = this.unanswered.get(handle) ?? [];
    const clientSeq = message.type === 'update' ? message.clientSeq : undefined;
    if (clientSeq === undefined) this.openings++;
    waiting.push({ clientSeq, byteLength, sentAtMs: this.clock.elapsedMs() });
    this.unanswered.set(handle, waiting);
    this.messages++;
    this.bytes += byteLength;
  }

  /** Takes what the relay says. Returns whether it answered something that was waited for. */
  answered(message: RelayMessage): boolean {
    if (this.messages === 0) return false;
    switch (message.type) {
      case 'opened':
        this.noteOpened(message.handle);
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
    this.openings = 0;
    this.messages = 0;
    this.bytes = 0;
  }

  private noteOpened(handle: number): void {
    const opening = this.unanswered.get(handle)?.find(({ clientSeq }) => clientSeq === undefined);
    if (!opening) return;
    const tookMs = this.clock.elapsedMs() - opening.sentAtMs;
    this.shortestMs = Math.min(this.shortestMs, tookMs);
    const heldMs = tookMs - this.shortestMs;
    if (heldMs > MAX_HOLD_MS) this.maxOpenings = Math.max(1, Math.floor(this.maxOpenings / 2));
    else if (heldMs < MAX_HOLD_MS / 2) this.maxOpenings = Math.min(WINDOW_MESSAGES, this.maxOpenings + 1);
  }

  private forget(handle: number, isAnswered: (message: Unanswered) => boolean): boolean {
    const waiting = this.unanswered.get(handle);
    if (!waiting) return false;
    const left = waiting.filter((message) => !isAnswered(message));
    for (const message of waiting) {
      if (left.includes(message)) continue;
      this.messages--;
      if (message.clientSeq === undefined) this.openings--;
      this.bytes -= message.byteLength;
    }
    if (left.length > 0) this.unanswered.set(handle, left);
    else this.unanswered.delete(handle);
    return left.length < waiting.length;
  }
}
