import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as Y from 'yjs';
import { openPostgresStorage } from '../log/postgres.ts';
import type { DocumentKey } from '../log/update-log.ts';
import { PostgresServer } from './postgres-server.ts';
import { RedisServer } from './redis-server.ts';
import { launchRelay, type RelayProcess, runCli } from './relay-process.ts';
import { S3Server } from './s3-server.ts';
import { TcpProxy } from './tcp-proxy.ts';

const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

/** A relay node of a cluster: a process on a port of its own, with proxies to cut it off. */
export interface RelayNode {
  readonly url: string;
  /** Everything that it wrote to stderr, in all of its lives. */
  errors(): string;
  /** Ends it and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
  readonly toPostgres: TcpProxy;
  readonly toRedis: TcpProxy;
  readonly toS3: TcpProxy;
}

/** Relay processes on a real Postgres, a real Redis and a real S3 server. Whoever starts it disposes it. */
export class RelayCluster {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly s3: S3Server;
  readonly nodes: RelayNode[] = [];
  readonly databaseUrl: string;
  private readonly bucket: string;
  private readonly folder = mkdtempSync(join(tmpdir(), 'tutti-cluster-'));

  static async start(nodeCount: number): Promise<RelayCluster> {
    const [postgres, redis, s3] = await Promise.all([PostgresServer.start(), RedisServer.start(), S3Server.start()]);
    const cluster = new RelayCluster(postgres, redis, s3, await postgres.createDatabase());
    try {
      for (let count = 0; count < nodeCount; count++) cluster.nodes.push(await cluster.createNode());
      return cluster;
    } catch (error) {
      await cluster.dispose();
      throw error;
    }
  }

  private constructor(postgres: PostgresServer, redis: RedisServer, s3: S3Server, databaseUrl: string) {
    this.postgres = postgres;
    this.redis = redis;
    this.s3 = s3;
    this.databaseUrl = databaseUrl;
    this.bucket = s3.createBucket();
  }

  /** A token for a room, which is made when needed. */
  async createToken(room: string): Promise<string> {
    const shared = ['--data', this.folder, '--postgres', this.databaseUrl];
    const { code, stdout, stderr } = await runCli('token', ...shared, '--room', room, '--ttl', '1h');
    if (code !== 0) throw new Error(`no token: ${stderr}`);
    return stdout.trim();
  }

  /** What the database has of a document. */
  async readText(key: DocumentKey): Promise<Y.Doc> {
    const storage = await openPostgresStorage(this.databaseUrl, { reportProblem: () => undefined });
    const doc = new Y.Doc();
    try {
      for (const { payload } of await storage.log.readUpdates(key, ALL)) Y.applyUpdate(doc, payload);
    } finally {
      await storage.close();
    }
    return doc;
  }

  async dispose(): Promise<void> {
    for (const node of this.nodes) {
      await node.end('SIGKILL');
      for (const proxy of [node.toPostgres, node.toRedis, node.toS3]) await proxy.dispose();
    }
    await Promise.all([this.postgres.dispose(), this.redis.dispose(), this.s3.dispose()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async createNode(): Promise<RelayNode> {
    const { databaseUrl, bucket, folder } = this;
    const [toPostgres, toRedis, toS3] = await Promise.all([
      TcpProxy.start(Number(new URL(databaseUrl).port)),
      TcpProxy.start(this.redis.port),
      TcpProxy.start(Number(new URL(this.s3.endpoint).port)),
    ]);
    const database = new URL(databaseUrl);
    database.port = String(toPostgres.port);
    const s3 = `s3://${bucket}?endpoint=http://127.0.0.1:${toS3.port}&region=us-east-1&path-style=true`;
    const proxies = ['--trusted-proxies', '127.0.0.1'];
    const backends = ['--postgres', database.href, '--redis', `redis://127.0.0.1:${toRedis.port}`, '--s3', s3];
    const launch = async (port: string) =>
      launchRelay('--data', folder, '--port', port, '--drain', '2s', ...proxies, ...backends).ready;
    let errors = '';
    let current: RelayProcess = await launch('0');
    const { url } = current;
    return {
      url,
      toPostgres,
      toRedis,
      toS3,
      errors: () => errors + current.errors(),
      end: (signal) => current.end(signal),
      async start() {
        errors += current.errors();
        current = await launch(new URL(url).port);
      },
    };
  }
}
