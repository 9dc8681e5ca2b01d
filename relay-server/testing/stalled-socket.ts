import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ClientMessage, clientMessageCodec } from '../../shared/protocol/index.ts';
import { bulkTurns } from '../gateway/bulk-turns.ts';
import type { ServerSocket, ServerSocketEvents } from '../gateway/server-socket.ts';
import { RawClient } from './raw-client.ts';

/** A socket whose reader takes bytes only when the test says so. */
export class StalledSocket implements ServerSocket {
  readonly client = new RawClient((frame) => this.events?.onFrame(frame));
  readonly closes: number[] = [];
  bufferedBytes = 0;
  private readonly frames: Uint8Array[] = [];
  private events: ServerSocketEvents | undefined;

  listen(events: ServerSocketEvents): void {
    this.events = events;
  }

  /** Sends a message to the relay at once. */
  say(message: ClientMessage): void {
    this.events?.onFrame(clientMessageCodec.encode(message));
  }

  send(frame: Uint8Array): void {
    this.frames.push(frame);
    this.bufferedBytes += frame.byteLength;
  }

  close(code: number): void {
    this.closes.push(code);
    this.events?.onClose();
  }

  terminate(): void {
    this.frames.length = 0;
  }

  /** The reader takes everything that waits. */
  drain(): void {
    for (const frame of this.frames.splice(0)) this.client.take(frame);
    this.bufferedBytes = 0;
    this.events?.onDrain();
  }

  /** The reader takes everything there is, also what comes meanwhile. */
  async drainAll(): Promise<void> {
    // What is large comes in several turns of the event loop.
    for (let idleTurns = 0; idleTurns < 2; idleTurns++) {
      if (this.frames.length > 0 || bulkTurns.isBusy) idleTurns = 0;
      this.drain();
      await nextTurn();
    }
  }
}
