import { type RelayMessage, relayMessageCodec } from '../../../shared/protocol/index.ts';
import type { ConnectSocket } from '../../../shared/sync/index.ts';

/** These share a lane of the relay: what is held keeps its order. */
const HELD: readonly RelayMessage['type'][] = ['update', 'committed'];

interface HeldFrame {
  readonly isUpdate: boolean;
  readonly deliver: () => void;
}

/** A network that brings an engine the others' live updates only when a test lets them through. */
export class HeldUpdates {
  readonly connect: ConnectSocket;
  private held: HeldFrame[] = [];
  private letThrough = 0;
  private arrived = 0;
  private awaited = 0;
  private notifyArrived: (() => void) | undefined;
  private wanted = 0;
  private notifyReached: (() => void) | undefined;

  constructor(connect: ConnectSocket) {
    this.connect = (url, events) =>
      connect(url, {
        onOpen: () => events.onOpen(),
        onClose: (close) => events.onClose(close),
        onMessage: (frame) => {
          const type = frame && relayMessageCodec.decode(frame).type;
          if (type === undefined || !HELD.includes(type)) return events.onMessage(frame);
          if (type === 'update') this.noteArrival();
          this.held.push({ isUpdate: type === 'update', deliver: () => events.onMessage(frame) });
          this.deliver();
        },
      });
  }

  /** Resolves when so many updates have come from the relay in all, whether they were let through or not. */
  async whenArrived(count: number): Promise<void> {
    if (count <= this.arrived) return;
    await new Promise<void>((resolve) => {
      this.awaited = count;
      this.notifyArrived = resolve;
    });
  }

  private noteArrival(): void {
    if (++this.arrived >= this.awaited) this.notifyArrived?.();
  }

  /** Lets updates through until there were `count` in all; resolves when the engine has taken them in. */
  async letThroughUpdates(count: number): Promise<void> {
    if (count <= this.letThrough) return;
    await new Promise<void>((resolve) => {
      this.wanted = count;
      this.notifyReached = resolve;
      this.deliver();
    });
    // The engine applies what came in a turn at its end.
    await new Promise(setImmediate);
  }

  /** Holds nothing any more. */
  open(): void {
    this.wanted = Infinity;
    this.deliver();
  }

  private deliver(): void {
    for (let next = this.held[0]; next && (!next.isUpdate || this.letThrough < this.wanted); next = this.held[0]) {
      this.held.shift();
      if (next.isUpdate) this.letThrough++;
      next.deliver();
    }
    if (this.letThrough < this.wanted) return;
    this.notifyReached?.();
    this.notifyReached = undefined;
  }
}
