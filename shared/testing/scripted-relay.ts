import * as Y from 'yjs';
import type { Role } from '../access/index.ts';
import {
  type ClientMessage,
  clientMessageCodec,
  ChunkAssembler,
  type RelayMessage,
  relayMessageCodec,
} from '../protocol/index.ts';
import type { ConnectSocket } from '../sync/message-socket.ts';
import { SocketPair } from './socket-pair.ts';

export type MessageOfType<M extends { readonly type: string }, T extends M['type']> = Extract<M, { readonly type: T }>;

/** The fields of `welcome` that tests change. */
export interface WelcomeFields {
  readonly heartbeatIntervalMs: number;
  readonly tokenLifetimeMs: number;
  readonly maxUpdateBytes: number;
  readonly nowMs: number;
  readonly version: number;
  readonly role: Role;
  readonly features: readonly string[];
}

/** One connection that a test answers by hand, frame by frame. */
export class ScriptedConnection {
  readonly url: string;
  readonly pair: SocketPair;
  /** Everything that the client has sent, chunks put together. */
  readonly received: ClientMessage[] = [];
  /** How many frames were longer than one frame may be. */
  longestFrameBytes = 0;
  closedWith: number | undefined;
  private readonly assembler = new ChunkAssembler();

  constructor(url: string, pair: SocketPair) {
    this.url = url;
    this.pair = pair;
    pair.relay.listen({
      onMessage: (frame) => this.take(frame),
      onClose: ({ code }) => {
        this.closedWith = code;
      },
    });
  }

  private take(frame: Uint8Array): void {
    this.longestFrameBytes = Math.max(this.longestFrameBytes, frame.byteLength);
    const message = clientMessageCodec.decode(frame);
    if (message.type !== 'chunk') {
      this.received.push(message);
      return;
    }
    const whole = this.assembler.add(message);
    if (whole) this.received.push(clientMessageCodec.decode(whole));
  }

  ofType<T extends ClientMessage['type']>(type: T): MessageOfType<ClientMessage, T>[] {
    this.pair.deliverAll();
    return this.received.filter((message): message is MessageOfType<ClientMessage, T> => message.type === type);
  }

  last<T extends ClientMessage['type']>(type: T): MessageOfType<ClientMessage, T> {
    const message = this.ofType(type).at(-1);
    if (!message) throw new Error(`the client sent no ${type}`);
    return message;
  }

  send(...messages: readonly RelayMessage[]): void {
    for (const message of messages) this.pair.relay.send(relayMessageCodec.encode(message));
    this.pair.deliverAll();
  }

  sendFrame(frame: Uint8Array): void {
    this.pair.relay.send(frame);
    this.pair.deliverAll();
  }

  welcome(fields: Partial<WelcomeFields> = {}): void {
    this.pair.deliverAll();
    const nowMs = fields.nowMs ?? 0;
    this.send({
      type: 'welcome',
      version: fields.version ?? 1,
      connectionId: 'connection',
      presenceId: 1,
      room: 'room',
      subject: 'me',
      name: 'Me',
      role: fields.role ?? 'editor',
      nowMs,
      tokenExpiresAtMs: nowMs + (fields.tokenLifetimeMs ?? 3_600_000),
      heartbeatIntervalMs: fields.heartbeatIntervalMs ?? 10_000,
      maxUpdateBytes: fields.maxUpdateBytes ?? 1024 * 1024,
      features: fields.features ?? [],
    });
  }

  /** Answers the last `open` with a document that holds `state`. Returns its handle. */
  answerOpen(state?: Y.Doc, options: { epoch?: string; seq?: number; access?: 'read' | 'write' } = {}): number {
    const { handle, stateVector } = this.last('open');
    const doc = state ?? new Y.Doc();
    const { epoch = 'e1', seq = 0, access = 'write' } = options;
    this.send(
      { type: 'opened', handle, epoch, headSeq: seq, stateVector: Y.encodeStateVector(doc), access },
      { type: 'sync', handle, throughSeq: seq, isLast: true, payload: Y.encodeStateAsUpdate(doc, stateVector) },
    );
    return handle;
  }

  /** Answers every ping, also those that come because of it: so large messages arrive as a whole (SPEC CH5). */
  answerPings(): void {
    for (let answered = 0; ;) {
      const pings = this.ofType('ping').slice(answered);
      if (pings.length === 0) return;
      for (const { nonce } of pings) this.send({ type: 'pong', nonce });
      answered += pings.length;
    }
  }

  goodbye(closeCode: number, explanation = '', retryAfterMs = 0): void {
    this.send({ type: 'goodbye', closeCode, retryAfterMs, explanation });
    this.pair.relay.close(closeCode, '');
    this.pair.deliverAll();
  }
}

/** Accepts connections for a test to answer. */
export class ScriptedRelay {
  readonly connections: ScriptedConnection[] = [];

  readonly connect: ConnectSocket = (url, events) => {
    const pair = new SocketPair(events);
    this.connections.push(new ScriptedConnection(url, pair));
    return pair.client;
  };

  get latest(): ScriptedConnection {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error('nobody has connected');
    return connection;
  }
}

/** Lets promises that are already resolvable run their course. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
