import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Role } from '../../shared/access/index.ts';
import { systemScheduler } from '../../shared/lifecycle/index.ts';
import { loadRelayIdentity } from '../access/relay-identity.ts';
import { type NewGrant, TokenAuthority } from '../access/token-authority.ts';
import { contentHash } from '../log/content-hash.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import type { RelayStorage } from '../log/relay-storage.ts';
import { launchRelay } from './relay-process.ts';

const BYTES = { 'Content-Type': 'application/octet-stream' };

export interface ApiAnswer {
  readonly status: number;
  /** Empty when the answer is no JSON. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly headers: Headers;
}

export interface ApiRequest {
  readonly token?: string | undefined;
  /** Sent as JSON unless it is a text or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What {@link ApiRelay.sign} is told of a token; what is left out is an editor's for one hour. */
export type TokenWish = Partial<NewGrant> & { readonly room: string };

/** A relay process that the tests of a file share, whose key and database they have as well. */
export class ApiRelay {
  readonly url: string;
  readonly data: string;
  readonly authority: TokenAuthority;
  readonly storage: RelayStorage;
  /** Everything that the relay wrote to stderr. */
  readonly errors: () => string;
  private readonly endRelay: () => Promise<unknown>;

  static async start(...args: readonly string[]): Promise<ApiRelay> {
    const data = mkdtempSync(join(tmpdir(), 'tutti-api-'));
    const { url, errors, end } = await launchRelay('--port', '0', '--data', data, ...args).ready;
    const authority = new TokenAuthority(await loadRelayIdentity(data), systemScheduler);
    const storage = openSqliteStorage(join(data, 'relay.db'));
    return new ApiRelay({ url, data, authority, storage, errors }, () => end('SIGKILL'));
  }

  private constructor(
    parts: Pick<ApiRelay, 'url' | 'data' | 'authority' | 'storage' | 'errors'>,
    endRelay: () => Promise<unknown>,
  ) {
    this.url = parts.url;
    this.data = parts.data;
    this.authority = parts.authority;
    this.storage = parts.storage;
    this.errors = parts.errors;
    this.endRelay = endRelay;
  }

  async dispose(): Promise<void> {
    this.storage.dispose();
    await this.endRelay();
    rmSync(this.data, { recursive: true, force: true });
  }

  /** Makes a room with an owner, whose token it gives. */
  async createRoom(room: string, tenant = 'default'): Promise<string> {
    await this.storage.directory.createRoom({ tenant, room, name: '', createdAtMs: Date.now() });
    return this.sign({ tenant, room, role: 'owner', subject: 'ana', name: 'Ana' });
  }

  async sign(wish: TokenWish): Promise<string> {
    const role: Role = wish.role ?? 'editor';
    const { token } = await this.authority.signRoomToken({
      tenant: 'default',
      role,
      subject: `some-${role}`,
      name: `Some ${role}`,
      linkId: undefined,
      expiresAtMs: Date.now() + 3_600_000,
      ...wish,
    });
    return token;
  }

  /** Asks `METHOD /path`. */
  async ask(request: string, { token, body, headers }: ApiRequest = {}): Promise<ApiAnswer> {
    const [method = '', path = ''] = request.split(' ');
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(body === undefined || body instanceof Uint8Array ? {} : { 'Content-Type': 'application/json' }),
        ...(body instanceof Uint8Array && { ...BYTES, 'X-Content-SHA256': contentHash(body) }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: encodeBody(body) }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    const parsed = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: response.status, body: parsed, text, bytes, headers: response.headers };
  }
}

function encodeBody(body: unknown): string | Blob {
  if (body instanceof Uint8Array) return new Blob([new Uint8Array(body)]);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** One relay for all tests of a file. */
export function shareApiRelay(...args: readonly string[]): () => ApiRelay {
  let relay: ApiRelay | undefined;
  beforeAll(async () => {
    relay = await ApiRelay.start(...args);
  });
  afterAll(() => relay?.dispose());
  return () => {
    if (!relay) throw new Error('the relay has not started');
    return relay;
  };
}
