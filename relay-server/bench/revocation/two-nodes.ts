import { fileURLToPath } from 'node:url';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { loadRelayIdentity } from '../../access/relay-identity.ts';
import { DEFAULT_TENANT, type NewGrant, TokenAuthority } from '../../access/token-authority.ts';
import { DataFolder } from '../../data-folder.ts';
import { openPostgresStorage, type PostgresStorage } from '../../log/postgres.ts';
import { PostgresServer } from '../../testing/postgres-server.ts';
import { RedisServer } from '../../testing/redis-server.ts';
import { ServerProcess } from '../processes/server-process.ts';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));
const READY = /^tutti-relay listening on http:\/\/\S+:(\d+)$/;
const TOKEN_LIFETIME_MS = 3_600_000;
const SETTLED_MS = 2_000;

/** Two relays on one Postgres and one Redis, each a process of its own. Whoever starts them disposes them. */
export class TwoNodes {
  readonly ports: readonly [number, number];
  readonly redis: RedisServer;
  private readonly postgres: PostgresServer;
  private readonly storage: PostgresStorage;
  private readonly authority: TokenAuthority;
  private readonly nodes: readonly ServerProcess[];

  static async start(folder: string): Promise<TwoNodes> {
    const data = new DataFolder(folder);
    const authority = new TokenAuthority(await loadRelayIdentity(data.path), systemScheduler);
    const postgres = await PostgresServer.start();
    const redis = await RedisServer.start();
    const url = await postgres.createDatabase();
    const storage = await openPostgresStorage(url, { reportProblem: (error) => console.error(error) });
    const backends = ['--postgres', url, '--redis', redis.url()];
    const launch = () =>
      ServerProcess.start({
        args: ['--max-semi-space-size=4', MAIN, 'serve', '--data', folder, '--port', '0', ...backends],
        ready: READY,
      });
    const [first, second] = [await launch(), await launch()];
    return new TwoNodes({
      postgres,
      redis,
      storage,
      authority,
      nodes: [first, second],
      ports: [first.port, second.port],
    });
  }

  private constructor(parts: {
    readonly postgres: PostgresServer;
    readonly redis: RedisServer;
    readonly storage: PostgresStorage;
    readonly authority: TokenAuthority;
    readonly nodes: readonly ServerProcess[];
    readonly ports: readonly [number, number];
  }) {
    this.postgres = parts.postgres;
    this.redis = parts.redis;
    this.storage = parts.storage;
    this.authority = parts.authority;
    this.nodes = parts.nodes;
    this.ports = parts.ports;
  }

  async createRoom(room: string): Promise<void> {
    await this.storage.directory.createRoom({ tenant: DEFAULT_TENANT, room, name: '', createdAtMs: Date.now() });
  }

  async sign(grant: Pick<NewGrant, 'room' | 'subject' | 'role' | 'linkId'>): Promise<string> {
    const expiresAtMs = Date.now() + TOKEN_LIFETIME_MS;
    const signed = await this.authority.signRoomToken({
      ...grant,
      tenant: DEFAULT_TENANT,
      name: grant.subject,
      expiresAtMs,
    });
    return signed.token;
  }

  /** Waits until nobody's coming is noted any more. */
  async waitUntilNoted(room: string): Promise<void> {
    const readVersion = async () => (await this.storage.access.readVersions([{ tenant: DEFAULT_TENANT, room }]))[0];
    for (let version = await readVersion(); ;) {
      await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
      const now = await readVersion();
      if (now === version) return;
      version = now;
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.storage.close();
    await Promise.all([this.postgres.dispose(), this.redis.dispose()]);
  }
}
