import { inflateRawSync } from 'node:zlib';
import {
  ChunkAssembler,
  type ClientMessage,
  clientMessageCodec,
  DEFLATE_FEATURE,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_LIMITS,
  PROTOCOL_VERSION,
  type RelayMessage,
  relayMessageCodec,
  splitIntoChunks,
} from '../../../shared/protocol/index.ts';
import type { BenchClient, BenchClientOptions, DocumentCursor } from './bench-client.ts';
import { WebSocketClient } from './web-socket-client.ts';

type Message<T extends RelayMessage['type']> = Extract<RelayMessage, { type: T }>;

/** A Tutti client stores its cursor, and tells how far it has stored the document, no more often than this. */
const APPLIED_INTERVAL_MS = 500;
const DOCUMENT = 'file';

/** Speaks the Tutti protocol. */
export class TuttiClient implements BenchClient {
  readonly socket: WebSocketClient;
  readonly synced: Promise<void>;
  refusals = 0;
  private readonly options: BenchClientOptions;
  private readonly assembler = new ChunkAssembler();
  private readonly settleSynced: { resolve(): void; reject(error: Error): void };
  private handle = 1;
  private clientSeq = 0;
  private stream = 0;
  private nonce = 0;
  private epoch = '';
  private seq = 0;
  private isSynced = false;
  private appliedTimer: NodeJS.Timeout | undefined;

  private constructor(socket: WebSocketClient, options: BenchClientOptions) {
    this.socket = socket;
    this.options = options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.synced = promise;
    this.settleSynced = { resolve, reject };
    const sessionId = `bench-session-${options.id}-${process.pid}`;
    const [version, oldestVersion] = [PROTOCOL_VERSION, OLDEST_PROTOCOL_VERSION];
    const features = [DEFLATE_FEATURE];
    this.send({ type: 'hello', version, oldestVersion, token: options.token, sessionId, client: 'bench', features });
  }

  static async connect(options: BenchClientOptions): Promise<TuttiClient> {
    const socket = await WebSocketClient.connect(options.port, `/sync/${options.room}`, {
      onMessage: (message) => client.receive(relayMessageCodec.decode(message)),
      onClose: (reason) => client.closed(reason),
    });
    // Nothing is read from the socket before this.
    const client: TuttiClient = new TuttiClient(socket, options);
    return client;
  }

  get cursor(): DocumentCursor | undefined {
    return this.isSynced ? { epoch: this.epoch, seq: this.seq } : undefined;
  }

  sendUpdate(payload: Uint8Array): void {
    this.send({ type: 'update', handle: this.handle, clientSeq: ++this.clientSeq, payload });
  }

  showPresence(state: string): void {
    this.send({ type: 'presence', state: Buffer.from(state) });
  }

  beat(): void {
    this.send({ type: 'ping', nonce: ++this.nonce });
  }

  close(): void {
    clearTimeout(this.appliedTimer);
    this.socket.destroy();
  }

  private send(message: ClientMessage): void {
    const encoded = clientMessageCodec.encode(message);
    if (encoded.byteLength <= PROTOCOL_LIMITS.maxFrameBytes) return this.socket.send(encoded);
    for (const chunk of splitIntoChunks(this.stream++, encoded)) this.socket.send(clientMessageCodec.encode(chunk));
  }

  private receive(message: RelayMessage): void {
    switch (message.type) {
      case 'welcome':
        return this.open();
      case 'opened':
        this.epoch = message.epoch;
        return;
      case 'sync':
        return this.takeSync(message, message.payload);
      case 'deflated-sync':
        return this.takeSync(message, inflateRawSync(message.payload));
      case 'update':
        this.options.onUpdate?.(message.payload);
        return this.reached(message.committedSeq);
      case 'committed':
        return this.reached(message.seq);
      case 'ack':
        return this.options.onAcked?.(message.clientSeq);
      case 'refused':
        this.refusals++;
        return;
      case 'presence':
        return this.options.onPresence?.(() => readStates(message));
      case 'document-closed':
        return this.reopen(message);
      case 'chunk': {
        const { offset, totalBytes, payload } = message;
        if (totalBytes > (this.options.ignoresBeyond ?? Infinity)) {
          if (offset + payload.byteLength === totalBytes) this.options.onIgnored?.();
          return;
        }
        const whole = this.assembler.add(message);
        if (whole) this.receive(relayMessageCodec.decode(whole));
        return;
      }
      case 'goodbye':
        return this.closed(`the relay closed with ${message.closeCode}: ${message.explanation}`);
      case 'access':
      case 'compared':
      case 'digests':
      case 'seen':
      case 'renewed':
      case 'pong':
    }
  }

  private open(): void {
    const { held } = this.options;
    const { epoch, seq: afterSeq } = this.cursor ?? held?.cursor ?? { epoch: '', seq: 0 };
    const stateVector = held?.stateVector ?? new Uint8Array(0);
    this.send({ type: 'open', handle: this.handle, document: DOCUMENT, epoch, afterSeq, stateVector });
  }

  private reopen({ reason, explanation }: Message<'document-closed'>): void {
    if (reason !== 'reopen') return this.closed(`the document was closed: ${explanation}`);
    this.handle++;
    this.open();
  }

  private takeSync({ isLast, throughSeq }: Message<'sync' | 'deflated-sync'>, payload: Uint8Array): void {
    if (payload.byteLength > 0) this.options.onUpdate?.(payload);
    if (!isLast) return;
    this.isSynced = true;
    this.reached(throughSeq);
    this.settleSynced.resolve();
  }

  private reached(seq: number): void {
    if (!this.isSynced || seq <= this.seq) return;
    this.seq = seq;
    this.appliedTimer ??= setTimeout(() => {
      this.appliedTimer = undefined;
      this.send({ type: 'applied', handle: this.handle, seq: this.seq });
    }, APPLIED_INTERVAL_MS);
  }

  private closed(reason: string): void {
    clearTimeout(this.appliedTimer);
    this.settleSynced.reject(new Error(reason));
    // Whoever never waits for it has closed the connection on purpose.
    this.synced.catch(() => {});
  }
}

function readStates({ entries }: Message<'presence'>): readonly string[] {
  return entries.flatMap(({ state }) => (state && state.byteLength > 0 ? [Buffer.from(state).toString('utf8')] : []));
}
