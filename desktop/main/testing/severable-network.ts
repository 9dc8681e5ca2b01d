import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import type { ConnectSocket, MessageSocket, SocketEvents } from '../../../shared/sync/index.ts';

const CUT_OFF = { code: 1006, reason: 'the network is cut off' };

/** A network that a test can cut off and mend. */
export class SeverableNetwork {
  readonly connect: ConnectSocket;
  private readonly open = new Map<MessageSocket, SocketEvents>();
  private severed = false;

  constructor(connect: ConnectSocket) {
    this.connect = (url, events) => {
      if (this.severed) {
        const failing = systemScheduler.schedule(() => events.onClose(CUT_OFF), 0);
        return { send: () => {}, close: () => {}, bufferedBytes: 0, dispose: () => failing.dispose() };
      }
      const socket = connect(url, {
        ...events,
        onOpen: () => events.onOpen(),
        onMessage: (frame) => events.onMessage(frame),
        onClose: (close) => {
          this.open.delete(socket);
          events.onClose(close);
        },
      });
      this.open.set(socket, events);
      return {
        send: (frame) => socket.send(frame),
        close: (code, reason) => socket.close(code, reason),
        get bufferedBytes() {
          return socket.bufferedBytes;
        },
        dispose: () => {
          this.open.delete(socket);
          socket.dispose();
        },
      };
    };
  }

  get isSevered(): boolean {
    return this.severed;
  }

  /** Ends every connection without a word and lets none come about. */
  sever(): void {
    this.severed = true;
    const ended = [...this.open];
    this.open.clear();
    for (const [socket, events] of ended) {
      socket.dispose();
      events.onClose(CUT_OFF);
    }
  }

  mend(): void {
    this.severed = false;
  }
}
