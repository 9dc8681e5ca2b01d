import { DEFAULT_TENANT } from '../../access/token-authority.ts';
import { openPostgresStorage } from '../../log/postgres.ts';
import { PostgresServer } from '../../testing/postgres-server.ts';
import { RedisServer } from '../../testing/redis-server.ts';
import { S3Server } from '../../testing/s3-server.ts';
import { readCpuMs, readFamilyCpuMs } from '../processes/process-usage.ts';
import { readRedisCounters } from './redis-counters.ts';

/** What nodes are told of the servers that they share. */
export interface BackendAddresses {
  readonly postgresUrl: string;
  readonly redisUrl: string;
  readonly s3Url: string;
  /** For the environment of a node: what gives it access to the S3 server. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What the servers have done since they started. */
export interface BackendUsage {
  /** Of all servers together. */
  readonly cpuMs: number;
  readonly postgresCpuMs: number;
  readonly redisCpuMs: number;
  readonly redisMessages: number;
  readonly redisSentBytes: number;
}

const S3_ENVIRONMENT = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' } as const;

/** A Postgres, a Redis and an S3 protocol server, each a process of its own. Whoever starts them disposes them. */
export class SharedBackends {
  private readonly postgres: PostgresServer;
  private readonly redis: RedisServer;
  private readonly s3: S3Server;

  private constructor(postgres: PostgresServer, redis: RedisServer, s3: S3Server) {
    this.postgres = postgres;
    this.redis = redis;
    this.s3 = s3;
  }

  /** Installs what is missing, where it can. Rejects with words for people where it cannot. */
  static async start(): Promise<SharedBackends> {
    const [postgres, redis, s3] = await Promise.allSettled([
      PostgresServer.start(),
      RedisServer.start(),
      S3Server.start(),
    ]);
    if (postgres.status === 'fulfilled' && redis.status === 'fulfilled' && s3.status === 'fulfilled') {
      return new SharedBackends(postgres.value, redis.value, s3.value);
    }
    const reasons: unknown[] = [];
    for (const start of [postgres, redis, s3]) {
      if (start.status === 'fulfilled') await start.value.dispose();
      else reasons.push(start.reason);
    }
    throw reasons.length === 1 ? reasons[0] : new AggregateError(reasons, reasons.map(String).join('\n'));
  }

  /** An empty database with these rooms, and an empty bucket. */
  async prepare(rooms: readonly string[]): Promise<BackendAddresses> {
    const postgresUrl = await this.postgres.createDatabase();
    const problems: unknown[] = [];
    const storage = await openPostgresStorage(postgresUrl, { reportProblem: (error) => problems.push(error) });
    try {
      for (const room of rooms) {
        await storage.directory.createRoom({ tenant: DEFAULT_TENANT, room, name: '', createdAtMs: Date.now() });
      }
    } finally {
      await storage.close();
    }
    if (problems.length > 0) throw new AggregateError(problems, problems.map(String).join('\n'));
    const bucket = this.s3.createBucket();
    const s3Url = `s3://${bucket}?endpoint=${this.s3.endpoint}&region=us-east-1&path-style=true`;
    return { postgresUrl, redisUrl: this.redis.url(), s3Url, environment: S3_ENVIRONMENT };
  }

  async readUsage(): Promise<BackendUsage> {
    const { publishedMessages, sentBytes } = await readRedisCounters(this.redis.port);
    const postgresCpuMs = readFamilyCpuMs(running(this.postgres));
    const redisCpuMs = readCpuMs(running(this.redis));
    return {
      cpuMs: postgresCpuMs + redisCpuMs + readCpuMs(running(this.s3)),
      postgresCpuMs,
      redisCpuMs,
      redisMessages: publishedMessages,
      redisSentBytes: sentBytes,
    };
  }

  async dispose(): Promise<void> {
    await Promise.all([this.postgres.dispose(), this.redis.dispose(), this.s3.dispose()]);
  }
}

function running({ pid }: { readonly pid: number | undefined }): number {
  if (pid === undefined) throw new Error('a server that the nodes share has ended');
  return pid;
}
