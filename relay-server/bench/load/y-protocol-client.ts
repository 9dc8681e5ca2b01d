import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { BenchClient, BenchClientOptions } from './bench-client.ts';
import { WebSocketClient } from './web-socket-client.ts';

const MESSAGE = { sync: 0, awareness: 1, auth: 2, syncReply: 4, close: 7, syncStatus: 8 } as const;
const SYNC = { step1: 0, step2: 1, update: 2 } as const;
const AUTH = { token: 0, permissionDenied: 1, authenticated: 2 } as const;
/** An update, and a state vector, of nothing. */
const EMPTY_UPDATE = new Uint8Array([0, 0]);
const EMPTY_STATE_VECTOR = new Uint8Array([0]);
/** What y-protocols shows of somebody who has said nothing. */
const NO_PRESENCE = '{}';

/** `hocuspocus`: each message begins with the document's name, and a token comes first. */
export type YProtocolDialect = 'y-websocket' | 'hocuspocus';

/** Speaks y-protocols, as y-websocket and Hocuspocus frame it. */
export class YProtocolClient implements BenchClient {
  readonly socket: WebSocketClient;
  readonly synced: Promise<void>;
  readonly cursor = undefined;
  refusals = 0;
  private readonly dialect: YProtocolDialect;
  private readonly options: BenchClientOptions;
  private readonly settleSynced: { resolve(): void; reject(error: Error): void };
  private acked = 0;
  private awarenessClock = 0;
  private presence = NO_PRESENCE;

  private constructor(socket: WebSocketClient, dialect: YProtocolDialect, options: BenchClientOptions) {
    this.socket = socket;
    this.dialect = dialect;
    this.options = options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.synced = promise;
    this.settleSynced = { resolve, reject };
    if (dialect === 'hocuspocus') this.authenticate();
    else this.start();
  }

  static async connect(dialect: YProtocolDialect, options: BenchClientOptions): Promise<YProtocolClient> {
    const path = dialect === 'hocuspocus' ? '/' : `/${options.room}`;
    const socket = await WebSocketClient.connect(options.port, path, {
      onMessage: (message) => client.receive(message),
      onClose: (reason) => client.closed(reason),
    });
    // Nothing is read from the socket before this.
    const client: YProtocolClient = new YProtocolClient(socket, dialect, options);
    return client;
  }

  sendUpdate(update: Uint8Array): void {
    this.sendSync(SYNC.update, update);
  }

  showPresence(state: string): void {
    this.presence = state;
    this.beat();
  }

  /** A stock client says again what it shows, so that it is not taken for gone. */
  beat(): void {
    const awareness = encoding.createEncoder();
    encoding.writeVarUint(awareness, 1);
    encoding.writeVarUint(awareness, this.options.id);
    encoding.writeVarUint(awareness, ++this.awarenessClock);
    encoding.writeVarString(awareness, this.presence);
    const encoder = this.begin(MESSAGE.awareness);
    encoding.writeVarUint8Array(encoder, encoding.toUint8Array(awareness));
    this.socket.send(encoding.toUint8Array(encoder));
  }

  close(): void {
    this.socket.destroy();
  }

  private begin(type: number): encoding.Encoder {
    const encoder = encoding.createEncoder();
    if (this.dialect === 'hocuspocus') encoding.writeVarString(encoder, this.options.room);
    encoding.writeVarUint(encoder, type);
    return encoder;
  }

  private authenticate(): void {
    const encoder = this.begin(MESSAGE.auth);
    encoding.writeVarUint(encoder, AUTH.token);
    encoding.writeVarString(encoder, this.options.token);
    this.socket.send(encoding.toUint8Array(encoder));
  }

  private start(): void {
    this.sendSync(SYNC.step1, this.options.held?.stateVector ?? EMPTY_STATE_VECTOR);
    this.beat();
  }

  private sendSync(step: number, content: Uint8Array): void {
    const encoder = this.begin(MESSAGE.sync);
    encoding.writeVarUint(encoder, step);
    encoding.writeVarUint8Array(encoder, content);
    this.socket.send(encoding.toUint8Array(encoder));
  }

  private receive(message: Uint8Array): void {
    if (message.byteLength > (this.options.ignoresBeyond ?? Infinity)) return this.options.onIgnored?.();
    const decoder = decoding.createDecoder(message);
    // The document's name: a client has one document.
    if (this.dialect === 'hocuspocus') decoding.readVarUint8Array(decoder);
    switch (decoding.readVarUint(decoder)) {
      case MESSAGE.sync:
      case MESSAGE.syncReply:
        return this.receiveSync(decoder);
      case MESSAGE.awareness: {
        const awareness = decoding.readVarUint8Array(decoder);
        return this.options.onPresence?.(() => readStates(awareness));
      }
      case MESSAGE.auth:
        return this.receiveAuth(decoder);
      case MESSAGE.syncStatus:
        if (decoding.readVarUint(decoder) === 1) this.options.onAcked?.(++this.acked);
        else this.refusals++;
        return;
      case MESSAGE.close:
        return this.closed('the server closed the document');
    }
  }

  private receiveSync(decoder: decoding.Decoder): void {
    switch (decoding.readVarUint(decoder)) {
      case SYNC.step1:
        return this.sendSync(SYNC.step2, this.options.held?.answer ?? EMPTY_UPDATE);
      case SYNC.step2:
        this.options.onUpdate?.(decoding.readVarUint8Array(decoder));
        return this.settleSynced.resolve();
      case SYNC.update:
        return this.options.onUpdate?.(decoding.readVarUint8Array(decoder));
    }
  }

  private receiveAuth(decoder: decoding.Decoder): void {
    const type = decoding.readVarUint(decoder);
    if (type === AUTH.authenticated) this.start();
    else if (type === AUTH.permissionDenied) this.closed('the server denied access');
  }

  private closed(reason: string): void {
    this.settleSynced.reject(new Error(reason));
    // Whoever never waits for it has closed the connection on purpose.
    this.synced.catch(() => {});
  }
}

function readStates(awareness: Uint8Array): readonly string[] {
  const decoder = decoding.createDecoder(awareness);
  const states: string[] = [];
  for (let count = decoding.readVarUint(decoder); count > 0; count--) {
    decoding.readVarUint(decoder);
    decoding.readVarUint(decoder);
    states.push(decoding.readVarString(decoder));
  }
  return states;
}
