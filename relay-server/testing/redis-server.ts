import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { provisionRedis } from '../../scripts/runtimes/redis.ts';
import { endProcess } from './end-process.ts';
import { findFreePort } from './free-port.ts';

/** A real Redis server on 127.0.0.1 that keeps nothing. Whoever starts it calls {@link RedisServer.dispose}. */
export class RedisServer {
  private readonly executablePath: string;
  private readonly settings: readonly string[];
  private readonly folder = mkdtempSync(join(tmpdir(), 'tutti-redis-'));
  private boundPort = 0;
  private child: ChildProcess | undefined;
  // For a process of tests that ends before it has disposed the server.
  private readonly endAtExit = () => {
    this.child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  };

  private constructor(executablePath: string, settings: readonly string[]) {
    this.executablePath = executablePath;
    this.settings = settings;
    process.once('exit', this.endAtExit);
  }

  /** Makes a new server and starts it; `settings` are arguments such as `--requirepass`, `secret`. */
  static async start(settings: readonly string[] = []): Promise<RedisServer> {
    const server = await RedisServer.prepare(settings);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  /** Makes a server that does not run yet; it has its port already. */
  static async prepare(settings: readonly string[] = []): Promise<RedisServer> {
    const server = new RedisServer((await provisionRedis()).executablePath, settings);
    server.boundPort = await findFreePort();
    return server;
  }

  get port(): number {
    return this.boundPort;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Its address; `login` is such as `user:password`. */
  url(login = ''): string {
    return `redis://${login && `${login}@`}127.0.0.1:${this.boundPort}`;
  }

  /** Starts it again on the same port, after {@link stop} or {@link kill}. */
  async start(): Promise<void> {
    const fixed = ['--port', String(this.boundPort), '--bind', '127.0.0.1', '--dir', this.folder];
    const volatile = ['--save', '', '--appendonly', 'no', '--daemonize', 'no'];
    const child = spawn(this.executablePath, [...fixed, ...volatile, ...this.settings], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    const output: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const take = (line: string) => {
        output.push(line);
        if (/ready to accept connections/i.test(line)) resolve();
      };
      createInterface({ input: child.stdout }).on('line', take);
      createInterface({ input: child.stderr }).on('line', take);
      child.once('error', reject);
      child.once('close', (code) => reject(new Error(`Redis ended with ${code}:\n${output.join('\n')}`)));
    });
  }

  /** Ends it in good order. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** It keeps its connections, and answers nothing until {@link resume}. */
  stall(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Ends it and deletes its folder. */
  async dispose(): Promise<void> {
    await this.kill();
    process.off('exit', this.endAtExit);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async end(how: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await endProcess(child, how);
  }
}
