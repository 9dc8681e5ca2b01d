import * as Y from 'yjs';
import {
  ChunkAssembler,
  type ClientMessage,
  clientMessageCodec,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_LIMITS,
  PROTOCOL_VERSION,
  type RelayMessage,
  relayMessageCodec,
  splitIntoChunks,
} from '../../shared/protocol/index.ts';

type MessageOfType<T extends RelayMessage['type']> = Extract<RelayMessage, { type: T }>;

/** A client that speaks the protocol and nothing more: what it sends and gets is the test's business. */
export class RawClient {
  readonly received: RelayMessage[] = [];
  private readonly assembler = new ChunkAssembler();
  private readonly transmit: (frame: Uint8Array) => void;
  private stream = 0;

  constructor(transmit: (frame: Uint8Array) => void) {
    this.transmit = transmit;
  }

  send(message: ClientMessage): void {
    const encoded = clientMessageCodec.encode(message);
    if (encoded.byteLength <= PROTOCOL_LIMITS.maxFrameBytes) return this.transmit(encoded);
    for (const chunk of splitIntoChunks(this.stream++, encoded)) this.transmit(clientMessageCodec.encode(chunk));
  }

  sendRaw(frame: Uint8Array): void {
    this.transmit(frame);
  }

  /** Takes a frame from the relay; returns the message that it completed. */
  take(frame: Uint8Array): RelayMessage | undefined {
    let message = relayMessageCodec.decode(frame.slice());
    if (message.type === 'chunk') {
      const whole = this.assembler.add(message);
      if (!whole) return undefined;
      message = relayMessageCodec.decode(whole);
    }
    this.received.push(message);
    return message;
  }

  all<T extends RelayMessage['type']>(type: T): MessageOfType<T>[] {
    return this.received.filter((message): message is MessageOfType<T> => message.type === type);
  }

  /** The newest message of a type. Throws when there is none. */
  last<T extends RelayMessage['type']>(type: T): MessageOfType<T> {
    const message = this.all(type).at(-1);
    if (!message) throw new Error(`no ${type} came; there were ${this.received.map((other) => other.type).join(', ')}`);
    return message;
  }

  hello(token: string, sessionId = 'session-0123456789', features: readonly string[] = []): void {
    const [version, oldestVersion] = [PROTOCOL_VERSION, OLDEST_PROTOCOL_VERSION];
    this.send({ type: 'hello', version, oldestVersion, token, sessionId, client: 'test', features });
  }

  open(
    handle: number,
    document: string,
    has: { epoch?: string; afterSeq?: number; stateVector?: Uint8Array } = {},
  ): void {
    const { epoch = '', afterSeq = 0, stateVector = new Uint8Array(0) } = has;
    this.send({ type: 'open', handle, document, epoch, afterSeq, stateVector });
  }

  update(handle: number, clientSeq: number, payload: Uint8Array): void {
    this.send({ type: 'update', handle, clientSeq, payload });
  }

  /** The text of everything that came for a handle. */
  textOf(handle: number): string {
    const doc = new Y.Doc();
    for (const message of this.received) {
      if ((message.type !== 'sync' && message.type !== 'update') || message.handle !== handle) continue;
      if (message.payload.byteLength > 0) Y.applyUpdate(doc, message.payload);
    }
    return doc.getText('content').toString();
  }
}

/** Makes Yjs updates of typing at the end of one text. */
export function createTypist(clientID: number): { readonly doc: Y.Doc; type(text: string): Uint8Array } {
  const doc = new Y.Doc();
  doc.clientID = clientID;
  return {
    doc,
    type(text) {
      const before = Y.encodeStateVector(doc);
      const content = doc.getText('content');
      content.insert(content.length, text);
      return Y.encodeStateAsUpdate(doc, before);
    },
  };
}
