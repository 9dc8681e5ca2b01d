import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { S3Options } from '../log/s3.ts';
import { endProcess } from './end-process.ts';
import { findFreePort } from './free-port.ts';

const READY = /S3rver listening on/i;

/** A server that speaks the S3 protocol, in a process of its own on 127.0.0.1. Whoever starts it disposes it. */
export class S3Server {
  private readonly folder = mkdtempSync(join(tmpdir(), 'tutti-s3-'));
  private port = 0;
  private child: ChildProcess | undefined;
  private buckets = 0;
  // For a process of tests that ends before it has disposed the server.
  private readonly endAtExit = () => {
    this.child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  };

  private constructor() {
    process.once('exit', this.endAtExit);
  }

  static async start(): Promise<S3Server> {
    const server = new S3Server();
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** How a store reaches it; `bucket` is a new one unless it is named. */
  options(bucket = this.createBucket()): S3Options {
    const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
    return { bucket, endpoint: this.endpoint, region: 'us-east-1', forcePathStyle: true, credentials };
  }

  createBucket(): string {
    const bucket = `bucket-${++this.buckets}`;
    mkdirSync(join(this.folder, bucket));
    return bucket;
  }

  /** Overwrites the bytes of the one object whose key ends so. */
  damage(keyEnd: string): void {
    const suffix = `${keyEnd}._S3rver_object`;
    const path = readdirSync(this.folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith(suffix));
    if (path === undefined) throw new Error(`there is no object ${keyEnd}`);
    writeFileSync(join(this.folder, path), new Uint8Array([1, 2, 4]));
  }

  /** Starts it again on the same port and data, after {@link kill}. */
  async start(): Promise<void> {
    this.port ||= await findFreePort();
    const program = join(dirname(createRequire(import.meta.url).resolve('s3rver/package.json')), 'bin', 's3rver.js');
    const options = ['-d', this.folder, '-a', '127.0.0.1', '-p', String(this.port), '--no-vhost-buckets'];
    // It marks the pages of a list with a cipher that OpenSSL counts as legacy.
    const child = spawn(process.execPath, ['--openssl-legacy-provider', '--no-deprecation', program, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    const output: string[] = [];
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          output.push(line);
          if (READY.test(line)) resolve();
        });
      }
      child.once('error', reject);
      child.once('close', (code) => reject(new Error(`the S3 server ended with ${code}: ${output.join('\n')}`)));
    });
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await endProcess(child, 'SIGKILL');
  }

  /** It keeps its connections, and answers nothing until {@link resume}. */
  stall(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Ends it and deletes its data. */
  async dispose(): Promise<void> {
    await this.kill();
    process.off('exit', this.endAtExit);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
