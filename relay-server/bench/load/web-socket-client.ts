import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface WebSocketClientEvents {
  /** One binary message: a view that is valid during the call only. */
  onMessage(message: Uint8Array): void;
  onClose(reason: string): void;
}

const OPCODE_BINARY = 2;
const OPCODE_CLOSE = 8;
const OPCODE_PING = 9;
const OPCODE_PONG = 10;
const MASK_BYTES = 4;
const HEADER_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);

/**
 * A WebSocket client that costs little: it masks with zeros, so that nothing has to be computed, and reads frames in
 * place. Servers must not send fragmented messages.
 */
export class WebSocketClient {
  /** Binary messages that came. */
  messagesReceived = 0;
  private readonly socket: Socket;
  private readonly events: WebSocketClientEvents;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private neededBytes = 0;

  private constructor(socket: Socket, events: WebSocketClientEvents) {
    this.socket = socket;
    this.events = events;
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('close', () => events.onClose('the connection ended'));
    // What ended it does not matter: `close` follows.
    socket.on('error', () => socket.destroy());
  }

  /** Resolves once the server has switched to WebSocket. */
  static connect(port: number, path: string, events: WebSocketClientEvents): Promise<WebSocketClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    return new Promise((resolve, reject) => {
      let head: Buffer = NOTHING;
      const failed = (error: Error) => reject(error);
      const closed = () => reject(new Error('the connection ended before it was upgraded'));
      const read = (chunk: Buffer) => {
        head = head.byteLength === 0 ? chunk : Buffer.concat([head, chunk]);
        const end = head.indexOf(HEADER_END);
        if (end < 0) return;
        socket.off('data', read);
        socket.off('error', failed);
        socket.off('close', closed);
        if (!head.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) {
          socket.destroy();
          return reject(new Error(`the upgrade was refused: ${head.toString('latin1').slice(0, 200)}`));
        }
        const client = new WebSocketClient(socket, events);
        resolve(client);
        const rest = head.subarray(end + HEADER_END.byteLength);
        // Whoever awaits the client gets to see it before its first message.
        if (rest.byteLength > 0) queueMicrotask(() => queueMicrotask(() => client.take(rest)));
      };
      socket.on('data', read);
      socket.on('error', failed);
      socket.on('close', closed);
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
      );
    });
  }

  /** Everything that came over the connection, the upgrade included. */
  get bytesReceived(): number {
    return this.socket.bytesRead;
  }

  get bytesSent(): number {
    return this.socket.bytesWritten;
  }

  send(message: Uint8Array): void {
    this.sendFrame(OPCODE_BINARY, message);
  }

  /** Ends the connection at once; `onClose` follows. */
  destroy(): void {
    this.socket.destroy();
  }

  private sendFrame(opcode: number, payload: Uint8Array): void {
    const { byteLength } = payload;
    const lengthBytes = byteLength < 126 ? 0 : byteLength < 65_536 ? 2 : 8;
    // The mask stays zero.
    const frame = Buffer.alloc(2 + lengthBytes + MASK_BYTES + byteLength);
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | (lengthBytes === 0 ? byteLength : lengthBytes === 2 ? 126 : 127);
    if (lengthBytes === 2) frame.writeUInt16BE(byteLength, 2);
    else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(byteLength), 2);
    frame.set(payload, 2 + lengthBytes + MASK_BYTES);
    this.socket.write(frame);
  }

  private take(chunk: Buffer): void {
    if (this.waitingBytes > 0) {
      this.waiting.push(chunk);
      this.waitingBytes += chunk.byteLength;
      if (this.waitingBytes < this.neededBytes) return;
      chunk = Buffer.concat(this.waiting, this.waitingBytes);
      this.waiting = [];
      this.waitingBytes = 0;
    }
    let position = 0;
    while (position < chunk.byteLength) {
      const taken = this.takeFrame(chunk, position);
      if (taken === 0) {
        const rest = chunk.subarray(position);
        this.waiting = [rest];
        this.waitingBytes = rest.byteLength;
        return;
      }
      position += taken;
    }
  }

  /** Takes the frame at `position` and gives its size; 0 when it is not complete, `neededBytes` says how much it is. */
  private takeFrame(chunk: Buffer, position: number): number {
    const available = chunk.byteLength - position;
    this.neededBytes = 2;
    if (available < 2) return 0;
    const opcode = (chunk[position] ?? 0) & 0x0f;
    const shortLength = (chunk[position + 1] ?? 0) & 0x7f;
    const headBytes = shortLength < 126 ? 2 : shortLength === 126 ? 4 : 10;
    this.neededBytes = headBytes;
    if (available < headBytes) return 0;
    let byteLength = shortLength;
    if (shortLength === 126) byteLength = chunk.readUInt16BE(position + 2);
    else if (shortLength === 127) byteLength = Number(chunk.readBigUInt64BE(position + 2));
    this.neededBytes = headBytes + byteLength;
    if (available < this.neededBytes) return 0;
    const start = position + headBytes;
    this.takeMessage(opcode, chunk.subarray(start, start + byteLength));
    return headBytes + byteLength;
  }

  private takeMessage(opcode: number, payload: Buffer): void {
    switch (opcode) {
      case OPCODE_BINARY:
        this.messagesReceived++;
        return this.events.onMessage(payload);
      case OPCODE_PING:
        return this.sendFrame(OPCODE_PONG, payload);
      case OPCODE_PONG:
        return;
      case OPCODE_CLOSE: {
        const code = payload.byteLength >= 2 ? payload.readUInt16BE(0) : 1005;
        this.events.onClose(`the server closed with ${code} ${payload.subarray(2).toString('utf8')}`);
        return this.destroy();
      }
      default:
        this.events.onClose(`a frame with the opcode ${opcode} came, which this client does not read`);
        this.destroy();
    }
  }
}
