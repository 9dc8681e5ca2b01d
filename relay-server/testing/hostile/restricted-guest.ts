import { expect, onTestFinished } from 'vitest';
import { runCli } from '../relay-process.ts';
import { openWebSocket, type WebSocketClient } from '../websocket-client.ts';

const HEARTBEAT_MS = 5_000;
const REJOIN_MS = 200;

/**
 * Somebody whose link names paths, and who is always in a room: the relay itself follows the room's list of files for as
 * long. Joins again when the connection ends; ended with the test at the latest.
 */
export class RestrictedGuest {
  private readonly url: string;
  private readonly room: string;
  private readonly secret: string;
  private isEnded = false;

  static async join(url: string, data: string, room: string): Promise<RestrictedGuest> {
    const made = await runCli(
      'link',
      'create',
      '--data',
      data,
      '--room',
      room,
      '--role',
      'editor',
      '--paths',
      'src/**',
    );
    const secret = /#([\w-]{20,})/.exec(made.stdout)?.[1] ?? '';
    expect([made.code, secret.length > 0]).toEqual([0, true]);
    const guest = new RestrictedGuest(url, room, secret);
    onTestFinished(() => guest.end());
    await guest.stay();
    return guest;
  }

  private constructor(url: string, room: string, secret: string) {
    this.url = url;
    this.room = room;
    this.secret = secret;
  }

  /** Comes in once more, and waits until the list of files was sent. */
  async readList(): Promise<void> {
    const { until, socket, client } = await this.enter('session-of-a-late-one');
    client.open(1, 'index');
    await until('sync', ({ handle, isLast }) => handle === 1 && isLast);
    socket.terminate();
  }

  end(): void {
    this.isEnded = true;
  }

  private async stay(): Promise<void> {
    const { client, until, closed } = await this.enter('session-of-a-guest-01');
    client.open(1, 'index');
    await until('sync', ({ handle, isLast }) => handle === 1 && isLast);
    const heartbeat = setInterval(() => client.send({ type: 'ping', nonce: 1 }), HEARTBEAT_MS);
    void closed.then(() => {
      clearInterval(heartbeat);
      if (!this.isEnded) setTimeout(() => void this.stay().catch(() => undefined), REJOIN_MS);
    });
  }

  private async enter(sessionId: string): Promise<WebSocketClient> {
    const response = await fetch(`${this.url}/api/rooms/${this.room}/tokens`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ secret: this.secret, name: 'Guest' }),
    });
    const { token } = (await response.json()) as { readonly token?: string };
    const connected = await openWebSocket(this.url, this.room);
    connected.client.hello(token ?? '', sessionId);
    await connected.until('welcome');
    return connected;
  }
}
