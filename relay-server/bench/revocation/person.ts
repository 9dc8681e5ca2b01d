import {
  type ClientMessage,
  clientMessageCodec,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  relayMessageCodec,
} from '../../../shared/protocol/index.ts';
import { WebSocketClient } from '../load/web-socket-client.ts';

const HEARTBEAT_INTERVAL_MS = 10_000;
const REVOKED = 4403;

export interface PersonOptions {
  readonly port: number;
  readonly room: string;
  readonly subject: string;
  readonly token: string;
}

/** Somebody who is in a room, and does nothing there but wait to be thrown out. */
export class Person {
  readonly subject: string;
  readonly port: number;
  /** When the socket was closed because access was taken back, by `performance.now()`. Rejects when it was closed else. */
  readonly thrownOutAtMs: Promise<number>;
  private readonly socket: WebSocketClient;
  private readonly heartbeat: NodeJS.Timeout;

  static async enter({ port, room, subject, token }: PersonOptions): Promise<Person> {
    const thrownOut = Promise.withResolvers<number>();
    const welcomed = Promise.withResolvers<void>();
    let closeCode = 0;
    const socket = await WebSocketClient.connect(port, `/sync/${room}`, {
      onMessage(frame) {
        const message = relayMessageCodec.decode(frame);
        if (message.type === 'welcome') welcomed.resolve();
        if (message.type === 'goodbye') ({ closeCode } = message);
      },
      onClose(reason) {
        const error = new Error(`${subject} was closed with ${closeCode}: ${reason}`);
        welcomed.reject(error);
        if (closeCode === REVOKED) thrownOut.resolve(performance.now());
        else thrownOut.reject(error);
      },
    });
    // Whoever leaves by themselves is not waited for.
    thrownOut.promise.catch(() => {});
    const person = new Person(socket, { subject, port, thrownOutAtMs: thrownOut.promise });
    const sessionId = `bench-${crypto.randomUUID()}`;
    const [version, oldestVersion] = [PROTOCOL_VERSION, OLDEST_PROTOCOL_VERSION];
    person.send({ type: 'hello', version, oldestVersion, token, sessionId, client: 'bench', features: [] });
    await welcomed.promise;
    return person;
  }

  private constructor(
    socket: WebSocketClient,
    { subject, port, thrownOutAtMs }: Pick<Person, 'subject' | 'port' | 'thrownOutAtMs'>,
  ) {
    this.socket = socket;
    this.subject = subject;
    this.port = port;
    this.thrownOutAtMs = thrownOutAtMs;
    this.heartbeat = setInterval(() => this.send({ type: 'ping', nonce: 1 }), HEARTBEAT_INTERVAL_MS);
    void thrownOutAtMs.then(
      () => clearInterval(this.heartbeat),
      () => clearInterval(this.heartbeat),
    );
  }

  leave(): void {
    clearInterval(this.heartbeat);
    this.socket.destroy();
  }

  private send(message: ClientMessage): void {
    this.socket.send(clientMessageCodec.encode(message));
  }
}
