import { request as requestHttp } from 'node:http';
import { connect } from 'node:net';
import type { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { hostileFrames, encodeRaw, rawMessages } from './hostile-frames.ts';
import { hostileRequest } from './hostile-requests.ts';
import { HostileSocket } from './hostile-socket.ts';
import type { HostileTokens } from './hostile-tokens.ts';
import { hostileYjsFrame, YJS_STEP_1 } from './hostile-yjs-frames.ts';
import { mutateBytes } from './odd-values.ts';

export interface AttackOptions {
  readonly url: string;
  readonly room: string;
  /** Of a share link of the room. */
  readonly secret: string;
  /** Tokens of people who may come in. */
  readonly tokens: readonly string[];
  readonly hostileTokens: HostileTokens;
  readonly random: SeededRandom;
}

/** How often something ended how: `frames 4409`, `http 400`. */
export type Outcomes = Map<string, number>;

const MAX_BURST = 3;
const REQUEST_TIMEOUT_MS = 20_000;

/** One who sends a relay what no client would send, one thing after the other. */
export class Attack {
  readonly outcomes: Outcomes = new Map();
  /** How much was sent: frames, chunked messages, tokens and bodies. */
  sent = 0;
  private readonly options: AttackOptions;

  constructor(options: AttackOptions) {
    this.options = options;
  }

  async step(): Promise<void> {
    const kind = this.options.random.below(100);
    if (kind < 55) return this.sendFrames();
    if (kind < 70) return this.sendYjsFrames();
    if (kind < 80) return this.showToken();
    if (kind < 97) return this.request();
    return this.sendRaw();
  }

  private async sendFrames(): Promise<void> {
    const { random, tokens } = this.options;
    const token = random.pick(tokens);
    const socket = await this.openSync();
    if (random.chance(0.8)) socket.send(encodeRaw(at(rawMessages(random, token), 'hello')));
    if (random.chance(0.8)) socket.send(encodeRaw(at(rawMessages(random, token), 'open')));
    let state = await socket.settle('message');
    while (state === 'open' && random.chance(0.9)) {
      for (let count = random.below(MAX_BURST); count >= 0; count--) {
        for (const frame of hostileFrames(random, token)) socket.send(frame);
        this.sent++;
      }
      if (random.chance(0.02)) socket.send('text');
      state = await socket.settle('message');
    }
    this.note('frames', state);
    socket.end();
  }

  private async sendYjsFrames(): Promise<void> {
    const { random, tokens } = this.options;
    const socket = await this.openYjs(random.pick(tokens));
    socket.send(YJS_STEP_1);
    let state = await socket.settle('transport');
    while (state === 'open' && random.chance(0.9)) {
      for (let count = random.below(MAX_BURST); count >= 0; count--, this.sent++) socket.send(hostileYjsFrame(random));
      state = await socket.settle('transport');
    }
    this.note('yjs', state);
    socket.end();
  }

  private async showToken(): Promise<void> {
    const { random, hostileTokens } = this.options;
    const token = await hostileTokens.next();
    this.sent++;
    if (random.chance(0.3)) {
      const socket = await this.openYjs(token);
      this.note('yjs token', await socket.settle('transport'));
      return socket.end();
    }
    const socket = await this.openSync();
    socket.send(encodeRaw(at(rawMessages(random, token), 'hello')));
    this.note('token', await socket.settle('message'));
    socket.end();
  }

  private async request(): Promise<void> {
    const { random, room, secret, tokens, hostileTokens, url } = this.options;
    const bearer = random.chance(0.5) ? random.pick(tokens) : await hostileTokens.next();
    const token = random.chance(0.5) ? random.pick(tokens) : await hostileTokens.next();
    const { method, path, headers, body } = hostileRequest(random, { room, secret, token, bearer });
    this.sent++;
    const status = await new Promise<string>((resolve, reject) => {
      const request = requestHttp(`${url}${path}`, { method, headers, timeout: REQUEST_TIMEOUT_MS });
      request.on('response', (response) => {
        response.resume();
        response.on('end', () => resolve(String(response.statusCode)));
        response.on('error', () => resolve('reset'));
      });
      request.on('timeout', () => reject(new Error(`${method} ${path} is not answered`)));
      request.on('error', () => resolve('reset'));
      request.end(body);
    });
    this.note('http', status);
  }

  /** Bytes that are no HTTP or no WebSocket frames. */
  private async sendRaw(): Promise<void> {
    const { random, room, tokens, url } = this.options;
    const { hostname, port } = new URL(url);
    const upgrade = [
      `GET /yjs/${room}/file?token=${random.pick(tokens)} HTTP/1.1`,
      ...[`Host: ${hostname}`, 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'],
      ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''],
    ].join('\r\n');
    const head = Buffer.from(upgrade);
    const bytes = random.chance(0.5) ? mutateBytes(random, head) : head;
    const garbage = Uint8Array.from({ length: 1 + random.below(64) }, () => random.below(256));
    this.sent++;
    await new Promise<void>((resolve) => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.setTimeout(200, () => socket.destroy());
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
      socket.on('data', () => undefined);
      socket.write(bytes);
      socket.write(garbage);
    });
    this.note('raw', 'sent');
  }

  private openSync(): Promise<HostileSocket> {
    return HostileSocket.open(`${this.options.url.replace('http', 'ws')}/sync/${this.options.room}`);
  }

  private openYjs(token: string): Promise<HostileSocket> {
    const query = `token=${encodeURIComponent(token.toWellFormed())}`;
    return HostileSocket.open(`${this.options.url.replace('http', 'ws')}/yjs/${this.options.room}/file?${query}`);
  }

  private note(kind: string, outcome: string | number): void {
    const name = `${kind} ${outcome}`;
    this.outcomes.set(name, (this.outcomes.get(name) ?? 0) + 1);
  }
}

function at<T>(values: Readonly<Record<string, T>>, name: string): T {
  const value = values[name];
  if (value === undefined) throw new Error(`there is no ${name}`);
  return value;
}
