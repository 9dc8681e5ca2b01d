import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as sync from 'y-protocols/sync';
import * as Y from 'yjs';
import { SocketPair } from '../../shared/testing/socket-pair.ts';
import { type RelayUnderTest, toServerSocket } from './relay-under-test.ts';

export interface YjsClientOptions {
  readonly token: string;
  readonly room?: string;
  readonly document?: string;
  readonly doc?: Y.Doc;
}

/** One client id of awareness as it came over the wire. */
export interface ReceivedAwareness {
  readonly clientId: number;
  readonly clock: number;
  readonly state: unknown;
}

/** A client on a socket in memory that speaks y-protocols with the library's own code. */
export class YjsClient {
  readonly doc: Y.Doc;
  readonly closes: { readonly code: number; readonly reason: string }[] = [];
  readonly denials: string[] = [];
  readonly awareness: ReceivedAwareness[] = [];
  /** Numbers of sync messages in the order in which they came: 0 step 1, 1 step 2, 2 update. */
  readonly syncMessages: number[] = [];
  pings = 0;
  /** Whether it answers pings. */
  isAlive = true;
  readonly pair: SocketPair;
  /** Whether it takes nothing from its socket. */
  isStalled = false;
  private readonly held: Uint8Array[] = [];
  private drainHeld: () => void = () => {};
  private isOpen = false;
  private isAccepted = false;
  private hasLeft = false;

  /** Connects, and does on opening what a stock provider does; `relay.settle()` delivers it. */
  constructor(relay: RelayUnderTest, { token, room = 'room', document = 'doc', doc }: YjsClientOptions) {
    this.doc = doc ?? new Y.Doc();
    this.pair = new SocketPair({
      onOpen: () => {
        this.isOpen = true;
        this.sendStep1();
      },
      onMessage: (frame) => {
        if (frame) this.receive(frame);
      },
      onClose: ({ code, reason }) => {
        this.isOpen = false;
        this.closes.push({ code, reason });
      },
    });
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this && this.isOpen) this.send(0, (encoder) => sync.writeUpdate(encoder, update));
    });
    relay.core.acceptYjs({
      room,
      document,
      token,
      complete: () => {
        if (this.hasLeft) return undefined;
        relay.adopt(this.pair);
        this.isAccepted = true;
        const socket = toServerSocket(this.pair.relay);
        const heldBytes = () => this.held.reduce((sum, { byteLength }) => sum + byteLength, 0);
        this.drainHeld = () => {
          while (this.held.length > 0) {
            for (const frame of this.held.splice(0)) socket.send(frame);
            noteDrain();
          }
        };
        let answerPing: (marker: number) => void = () => {};
        let noteDrain = () => {};
        return {
          ...socket,
          get bufferedBytes() {
            return heldBytes();
          },
          send: (frame) => {
            if (this.isStalled) this.held.push(frame);
            else socket.send(frame);
          },
          listen: (events) => {
            answerPing = (marker) => events.onPong?.(marker);
            noteDrain = () => events.onDrain();
            socket.listen(events);
          },
          ping: (marker = 0) => {
            this.pings++;
            if (this.isAlive) answerPing(marker);
          },
        };
      },
      abandon: () => this.leave(),
    });
  }

  get text(): Y.Text {
    return this.doc.getText('content');
  }

  /** Ends without a word, as when the network fails. */
  leave(): void {
    this.hasLeft = true;
    if (this.isAccepted) this.pair.cut();
  }

  /** Moves one frame, when there is one. */
  deliverOne(direction: 'to-client' | 'to-relay'): void {
    if (this.isAccepted) this.pair.deliverOne(direction);
  }

  sendStep1(): void {
    this.send(0, (encoder) => sync.writeSyncStep1(encoder, this.doc));
  }

  sendUpdate(update: Uint8Array): void {
    this.send(0, (encoder) => sync.writeUpdate(encoder, update));
  }

  /** Shows a state under a client id; null takes it back. */
  show(clientId: number, clock: number, state: unknown): void {
    this.showJson(clientId, clock, JSON.stringify(state));
  }

  showJson(clientId: number, clock: number, json: string): void {
    const update = encoding.createEncoder();
    encoding.writeVarUint(update, 1);
    encoding.writeVarUint(update, clientId);
    encoding.writeVarUint(update, clock);
    encoding.writeVarString(update, json);
    this.send(1, (encoder) => encoding.writeVarUint8Array(encoder, encoding.toUint8Array(update)));
  }

  queryAwareness(): void {
    this.send(3, () => {});
  }

  sendRaw(frame: Uint8Array): void {
    this.pair.client.send(frame);
  }

  /** What it would show of others now, by client id. */
  shown(): Map<number, unknown> {
    const shown = new Map<number, unknown>();
    for (const { clientId, state } of this.awareness) {
      if (state === null) shown.delete(clientId);
      else shown.set(clientId, state);
    }
    return shown;
  }

  /** Takes everything that waits, and what comes meanwhile. */
  drain(): void {
    this.drainHeld();
  }

  private send(code: number, write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, code);
    write(encoder);
    this.pair.client.send(encoding.toUint8Array(encoder));
  }

  private receive(frame: Uint8Array): void {
    const decoder = decoding.createDecoder(frame);
    const code = decoding.readVarUint(decoder);
    if (code === 0) this.receiveSync(decoder);
    else if (code === 1) this.receiveAwareness(decoding.readVarUint8Array(decoder));
    else if (code === 2 && decoding.readVarUint(decoder) === 0) this.denials.push(decoding.readVarString(decoder));
    else throw new Error(`unexpected message ${code}`);
  }

  private receiveSync(decoder: decoding.Decoder): void {
    const reply = encoding.createEncoder();
    encoding.writeVarUint(reply, 0);
    this.syncMessages.push(sync.readSyncMessage(decoder, reply, this.doc, this));
    if (encoding.length(reply) > 1) this.pair.client.send(encoding.toUint8Array(reply));
  }

  private receiveAwareness(update: Uint8Array): void {
    const decoder = decoding.createDecoder(update);
    for (let left = decoding.readVarUint(decoder); left > 0; left--) {
      const clientId = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      this.awareness.push({ clientId, clock, state: JSON.parse(decoding.readVarString(decoder)) });
    }
  }
}
