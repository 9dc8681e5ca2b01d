import * as Y from 'yjs';
import { createTypist } from './raw-client.ts';
import { openWebSocket, type WebSocketClient } from './websocket-client.ts';

const KEYSTROKE_MS = 25;
const HEARTBEAT_MS = 5_000;

/** Two people in a room of their own, one typing and one reading, as a measure of how others fare. */
export class QuietPair {
  private readonly doc = new Y.Doc();
  private readonly typist = createTypist(77);
  private readonly sentAtMs: number[] = [];
  private latenciesMs: number[] = [];
  private arrived = 0;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly writer: WebSocketClient;
  private readonly reader: WebSocketClient;

  static async join(url: string, room: string, tokens: readonly [string, string]): Promise<QuietPair> {
    const [writer, reader] = [await openWebSocket(url, room), await openWebSocket(url, room)];
    for (const [index, { client, until }] of [writer, reader].entries()) {
      client.hello(tokens[index] ?? '', `session-of-quiet-${index}`);
      await until('welcome');
      client.open(1, 'file');
      await until('sync', ({ isLast }) => isLast);
    }
    return new QuietPair(writer, reader);
  }

  private constructor(writer: WebSocketClient, reader: WebSocketClient) {
    this.writer = writer;
    this.reader = reader;
    let taken = 0;
    reader.socket.on('message', () => {
      const { received } = reader.client;
      for (; taken < received.length; taken++) {
        const message = received[taken];
        if (message?.type === 'update') this.take(message.payload);
      }
    });
  }

  start(): void {
    const typing = setInterval(() => {
      this.sentAtMs.push(performance.now());
      this.writer.client.update(1, this.sentAtMs.length, this.typist.type('x'));
    }, KEYSTROKE_MS);
    // Who is silent is taken for gone.
    const heartbeat = setInterval(() => this.reader.client.send({ type: 'ping', nonce: 1 }), HEARTBEAT_MS);
    this.timers.push(typing, heartbeat);
  }

  /** Latencies since the last call, from keystroke to reader, in ms. */
  takeLatencies(): readonly number[] {
    const latenciesMs = this.latenciesMs;
    this.latenciesMs = [];
    return latenciesMs;
  }

  /** Stops typing; when everything is acked gives how much was typed, and how much the reader has. */
  async stop(): Promise<{ readonly typed: number; readonly read: number }> {
    for (const timer of this.timers) clearInterval(timer);
    const typed = this.sentAtMs.length;
    await this.writer.until('ack', ({ clientSeq }) => clientSeq === typed);
    for (let wait = 0; wait < 100 && this.arrived < typed; wait++) await new Promise((done) => setTimeout(done, 20));
    return { typed, read: this.arrived };
  }

  private take(payload: Uint8Array): void {
    Y.applyUpdate(this.doc, payload);
    const nowMs = performance.now();
    // Each keystroke is one character.
    for (const { length } = this.doc.getText('content'); this.arrived < length; this.arrived++)
      this.latenciesMs.push(nowMs - (this.sentAtMs[this.arrived] ?? nowMs));
  }
}

/** The value that so large a part of the values does not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
