import { type Disposable, reportUnexpectedError, toDisposable } from '../../lifecycle/index.ts';
import type { AttachmentPort } from './attachment-port.ts';

class DirectPort implements AttachmentPort {
  private readonly messageListeners = new Set<(message: unknown) => void>();
  private readonly closeListeners = new Set<() => void>();
  private waiting: unknown[] = [];
  private isDelivering = false;
  private isClosed = false;
  other: DirectPort | undefined;

  post(message: unknown): void {
    if (!this.isClosed) this.other?.enqueue(message);
  }

  onMessage(listener: (message: unknown) => void): Disposable {
    this.messageListeners.add(listener);
    this.deliverSoon();
    return toDisposable(() => this.messageListeners.delete(listener));
  }

  onClose(listener: () => void): Disposable {
    this.closeListeners.add(listener);
    return toDisposable(() => this.closeListeners.delete(listener));
  }

  dispose(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.waiting = [];
    void Promise.resolve().then(() => this.other?.closed());
  }

  private enqueue(message: unknown): void {
    if (this.isClosed) return;
    this.waiting.push(message);
    this.deliverSoon();
  }

  // Not at once: whoever posts must have finished what it is doing before the answer comes.
  private deliverSoon(): void {
    if (this.isDelivering || this.waiting.length === 0 || this.messageListeners.size === 0) return;
    this.isDelivering = true;
    void Promise.resolve().then(() => this.deliver());
  }

  private deliver(): void {
    this.isDelivering = false;
    const messages = this.waiting;
    this.waiting = [];
    for (const message of messages) {
      for (const listener of this.messageListeners) {
        try {
          listener(message);
        } catch (error) {
          reportUnexpectedError(error);
        }
      }
    }
  }

  private closed(): void {
    if (this.isClosed) return;
    // What was posted before the other end went still counts.
    this.deliver();
    this.isClosed = true;
    for (const listener of [...this.closeListeners]) listener();
  }
}

/**
 * The two ends of a channel between a window and an engine in the same page. Messages arrive at the end of the running
 * task, while those of a `MessageChannel` wait behind the page's input and painting. They are passed on, not copied:
 * neither end may change what it has posted.
 */
export function createDirectPorts(): readonly [AttachmentPort, AttachmentPort] {
  const first = new DirectPort();
  const second = new DirectPort();
  first.other = second;
  second.other = first;
  return [first, second];
}
