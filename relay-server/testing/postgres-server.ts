import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import pg from 'pg';
import { provisionPostgres } from '../../scripts/runtimes/postgres.ts';
import type { ServerCertificate } from './certificate-authority.ts';
import { endProcess } from './end-process.ts';
import { findFreePort } from './free-port.ts';

const USER = 'tutti';
const PASSWORD = 'a password of the tests';
const START_ATTEMPTS = 20;
const RETRY_DELAY_MS = 250;

/** A user other than root, which the server refuses to be. */
interface Unprivileged {
  readonly uid: number;
  readonly gid: number;
}

/** A real Postgres server on 127.0.0.1 with a folder of its own. Whoever starts it calls {@link PostgresServer.dispose}. */
export class PostgresServer {
  private readonly binaries: string;
  private readonly folder: string;
  private readonly owner: Unprivileged | undefined;
  private readonly settings: readonly string[];
  private port = 0;
  private child: ChildProcess | undefined;
  private databases = 0;
  private output: string[] = [];
  // For a process of tests that ends before it has disposed the server.
  private readonly endAtExit = () => {
    this.child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  };

  private constructor(binaries: string, settings: readonly string[], tls: ServerCertificate | undefined) {
    this.binaries = binaries;
    this.owner = findUnprivileged();
    this.folder = mkdtempSync(join(tmpdir(), 'tutti-postgres-'));
    this.settings = tls ? [...settings, ...this.offerTls(tls)] : settings;
    if (this.owner) chownSync(this.folder, this.owner.uid, this.owner.gid);
    process.once('exit', this.endAtExit);
  }

  /** Makes a new server and starts it; `settings` are such as `max_connections=10`. With a certificate it offers TLS. */
  static async start(settings: readonly string[] = [], tls?: ServerCertificate): Promise<PostgresServer> {
    const server = new PostgresServer((await provisionPostgres()).folder, settings, tls);
    try {
      await server.initialize();
      await server.start();
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  /** The address of a database, as the relay takes it. */
  url(database: string, { user = USER, password = PASSWORD } = {}): string {
    return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${this.port}/${database}`;
  }

  /** The process that starts all others of it; undefined while it does not run. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** What it has written since it started last, a line each. */
  get log(): readonly string[] {
    return this.output;
  }

  /** Makes an empty database and gives its address. */
  async createDatabase(): Promise<string> {
    const name = `test_${++this.databases}`;
    await this.query(this.url('postgres'), `CREATE DATABASE ${name}`);
    return this.url(name);
  }

  /** Runs one statement on a connection of its own, for set-up and for looking behind the relay. */
  async query(url: string, statement: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts it again on the same port and data, after {@link stop} or {@link kill}. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.startOnce();
      } catch (error) {
        // Processes of a killed server take a moment to notice and to let go of its memory.
        if (attempt === START_ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
      }
    }
  }

  /** Ends it in good order, at once for those who are connected. */
  async stop(): Promise<void> {
    await this.end('SIGINT');
  }

  /** Ends it as a crash does, with everything that it started. */
  async kill(): Promise<void> {
    const pids = await this.processes();
    await this.end('SIGKILL');
    for (const pid of pids) signal(pid, 'SIGKILL');
  }

  /** It keeps its connections, and answers nothing until {@link resume}. */
  async stall(): Promise<void> {
    const [server, ...children] = await this.processes();
    if (server === undefined) return;
    // First the one that starts others.
    for (const pid of [server, ...children]) signal(pid, 'SIGSTOP');
  }

  async resume(): Promise<void> {
    for (const pid of await this.processes()) signal(pid, 'SIGCONT');
  }

  /** Ends it and deletes its data. */
  async dispose(): Promise<void> {
    await this.resume();
    // At once, without writing down what is deleted next.
    await this.end('SIGQUIT');
    process.off('exit', this.endAtExit);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async initialize(): Promise<void> {
    const passwordFile = this.writeFile('password', PASSWORD);
    await promisify(execFile)(
      join(this.binaries, 'initdb'),
      [
        ...['-D', this.data, '-U', USER, '--encoding=UTF8', '--locale=C', '--no-sync'],
        ...['--auth=scram-sha-256', `--pwfile=${passwordFile}`],
      ],
      { ...this.owner, cwd: this.folder, env: quietEnvironment() },
    );
  }

  private offerTls({ certificate, key }: ServerCertificate): readonly string[] {
    const files = { ssl_cert_file: certificate, ssl_key_file: key };
    return ['ssl=on', ...Object.entries(files).map(([name, text]) => `${name}=${this.writeFile(name, text)}`)];
  }

  /** Writes a file that only the server may read. */
  private writeFile(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    if (this.owner) chownSync(path, this.owner.uid, this.owner.gid);
    return path;
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  private async startOnce(): Promise<void> {
    this.port ||= await findFreePort();
    const settings = ['listen_addresses=127.0.0.1', `port=${this.port}`, 'unix_socket_directories=', ...this.settings];
    const child = spawn(
      join(this.binaries, 'postgres'),
      ['-D', this.data, ...settings.flatMap((setting) => ['-c', setting])],
      { ...this.owner, cwd: this.folder, env: quietEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.child = child;
    this.output = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        this.output.push(line);
        if (line.includes('database system is ready to accept connections')) resolve();
      });
      child.once('error', reject);
      child.once('close', (code) => reject(new Error(`Postgres ended with ${code}: ${this.output.join('\n')}`)));
    });
  }

  private async end(how: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await endProcess(child, how);
  }

  /** The server's process first, then those that it started. */
  private async processes(): Promise<number[]> {
    const pid = this.child?.pid;
    if (pid === undefined || this.child?.exitCode !== null || this.child.signalCode !== null) return [];
    const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
    const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
    return [pid, ...rows.flatMap(([child = 0, parent]) => (parent === pid ? [child] : []))];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It may have ended by itself.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Messages in English, and nothing that would make it another server than the tests mean. */
function quietEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

function findUnprivileged(): Unprivileged | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const account = accounts.find(([name]) => name === wanted);
    if (account) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new Error('Postgres does not run as root, and there is neither a user postgres nor a user nobody.');
}
