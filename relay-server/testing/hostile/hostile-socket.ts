import WebSocket from 'ws';
import { relayMessageCodec } from '../../../shared/protocol/index.ts';
import { encodeRaw } from './hostile-frames.ts';

const ANSWER_TIMEOUT_MS = 20_000;
const PONG = 11;
/** Beyond the numbers that hostile pings have. */
const FIRST_NONCE = 1_500_000_000_000_000;

/** How a socket stands after what was sent was handled: the close code, or that it is open. */
export type SocketState = number | 'open';

/** A socket on which anything is sent, and that finds out whether the relay is through with it. */
export class HostileSocket {
  private readonly socket: WebSocket;
  private readonly waiting = new Set<() => void>();
  private closeCode: number | undefined;
  private pongs = 0;
  private pings = 0;

  static async open(url: string): Promise<HostileSocket> {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 });
    const hostile = new HostileSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_request, response) => reject(new Error(`answered ${response.statusCode}`)));
      socket.once('close', () => resolve());
    });
    return hostile;
  }

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      this.closeCode = code;
      this.wake();
    });
    socket.on('pong', () => this.notePong(this.pings));
    socket.on('message', (data) => {
      // Messages of y-websocket have no such code.
      if (!Buffer.isBuffer(data) || data[0] !== PONG) return;
      const message = relayMessageCodec.decode(data);
      if (message.type === 'pong' && message.nonce >= FIRST_NONCE) this.notePong(message.nonce - FIRST_NONCE);
    });
  }

  send(frame: Uint8Array | string): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(frame);
  }

  /** Waits until what was sent was handled, by a ping of the protocol or, for y-websocket, of the transport. */
  async settle(by: 'message' | 'transport'): Promise<SocketState> {
    const wanted = ++this.pings;
    if (by === 'message') this.send(encodeRaw({ code: 8, fields: [{ kind: 'uint', value: FIRST_NONCE + wanted }] }));
    else if (this.socket.readyState === WebSocket.OPEN) this.socket.ping();
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the relay does not answer')), ANSWER_TIMEOUT_MS);
      const check = () => {
        if (this.closeCode === undefined && this.pongs < wanted) return;
        clearTimeout(timer);
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
      check();
    });
    return this.closeCode ?? 'open';
  }

  end(): void {
    this.socket.terminate();
  }

  private notePong(count: number): void {
    if (count <= this.pings) this.pongs = Math.max(this.pongs, count);
    this.wake();
  }

  private wake(): void {
    for (const check of [...this.waiting]) check();
  }
}
