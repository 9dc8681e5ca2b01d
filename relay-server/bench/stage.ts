import { setTimeout as pause } from 'node:timers/promises';
import type { UpdateLog } from '../log/update-log.ts';
import type { BackendAddresses } from './cluster/shared-backends.ts';
import { type BenchClient, type BenchClientOptions, HEARTBEAT_INTERVAL_MS } from './load/bench-client.ts';
import type { ClientRequest, Installation, Peer } from './peers/peer.ts';
import { readCpuMs } from './processes/process-usage.ts';
import type { ServerProcess } from './processes/server-process.ts';

/** What something cost. */
export interface Usage {
  /** Of all nodes together. */
  readonly serverCpuMs: number;
  /** Of this process, which makes the load. */
  readonly generatorCpuMs: number;
  readonly wallMs: number;
}

export interface StageOptions {
  readonly peer: Peer;
  readonly installation: Installation;
  readonly isQuick: boolean;
  /** Arguments of Node for the server. */
  readonly nodeArguments: readonly string[];
}

const HEARTBEAT_SLOTS = 60;
const SYNCED_WITHIN_MS = 120_000;
const IDLE_STEP_MS = 250;
const IDLE_STEPS = 8;
/** What Linux counts in at the finest. A server that gets little of a busy machine still has more. */
const IDLE_STEP_CPU_MS = 10;

/** One server, or several nodes of one, with its clients, for one round of one work. */
export class Stage {
  readonly peer: Peer;
  readonly isQuick: boolean;
  private readonly installation: Installation;
  private readonly nodeArguments: readonly string[];
  private readonly heartbeats: NodeJS.Timeout;
  private clients: BenchClient[] = [];
  private slot = 0;
  private nodes: ServerProcess[] = [];
  private readonly owned: (() => Promise<void>)[] = [];
  private isDisposed = false;

  constructor({ peer, installation, isQuick, nodeArguments }: StageOptions) {
    this.peer = peer;
    this.installation = installation;
    this.isQuick = isQuick;
    this.nodeArguments = nodeArguments;
    this.heartbeats = setInterval(() => this.beatNext(), HEARTBEAT_INTERVAL_MS / HEARTBEAT_SLOTS);
  }

  /** The first node, and mostly the only one. */
  get server(): ServerProcess {
    return this.nodeAt(0);
  }

  /** `full`, or `quick` in a run that only shows that the bench works. */
  size(full: number, quick: number): number {
    return this.isQuick ? quick : full;
  }

  /** Makes the rooms and starts the server. */
  async start(rooms: readonly string[]): Promise<void> {
    await this.installation.createRooms(rooms);
    this.nodes = [await this.installation.start(this.nodeArguments)];
  }

  /** Starts so many nodes on the same backends, in place of what runs. */
  async startNodes(count: number, backends: BackendAddresses): Promise<void> {
    const { startNode } = this.installation;
    if (!startNode) throw new Error(`${this.peer.name} is not measured with several nodes`);
    this.closeClients();
    await this.endNodes('stop');
    for (let started = 0; started < count; started++) {
      this.nodes.push(await startNode(backends, this.nodeArguments));
      if (!this.isDisposed) continue;
      // Nobody else would end it.
      await this.endNodes('kill');
      throw new Error('the round ended while nodes started');
    }
  }

  /** Ends something with the stage, after all nodes. */
  async own(dispose: () => Promise<void>): Promise<void> {
    if (this.isDisposed) await dispose();
    else this.owned.push(dispose);
  }

  /** Ends the server, by itself or by force, and starts it on the same data. Its clients are closed. */
  async restart(how: 'stop' | 'kill'): Promise<void> {
    if (how === 'kill') await this.server.kill();
    this.closeClients();
    await this.endNodes('stop');
    this.nodes = [await this.installation.start(this.nodeArguments)];
  }

  /** Lets `fill` write to the log of a server that keeps one, while nobody is connected. */
  async fillLog(fill: (log: UpdateLog) => Promise<void>): Promise<void> {
    if (!this.installation.fillLog) throw new Error(`${this.peer.name} has no log that can be filled`);
    await this.installation.fillLog(fill);
  }

  /** A token for a client that does not connect from here. */
  createToken(room: string): Promise<string> {
    return this.installation.createToken(room);
  }

  /** Gives what connects a client, with its token made before. */
  async admit(request: ClientRequest): Promise<() => Promise<BenchClient>> {
    const token = await this.installation.createToken(request.room);
    return () => this.connect({ ...request, token, port: this.nodeAt(request.node ?? 0).port });
  }

  /** Connects a client and waits until it has the document. */
  async join(request: ClientRequest): Promise<BenchClient> {
    return (await this.admit(request))();
  }

  /** Connects many, so many at a time, and waits until all have their documents. In the order of `requests`. */
  async joinAll(requests: readonly ClientRequest[], atATime = 100): Promise<readonly BenchClient[]> {
    const clients: BenchClient[] = [];
    const rest = requests.entries();
    const joinNext = async () => {
      for (const [index, request] of rest) clients[index] = await this.join(request);
    };
    await Promise.all(Array.from({ length: Math.min(atATime, requests.length) }, joinNext));
    return clients;
  }

  /** Runs `work` and says what it cost. */
  async measure(work: () => Promise<void>): Promise<Usage> {
    const readServers = () => this.nodes.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
    const [serverBefore, generatorBefore, startMs] = [readServers(), readCpuMs(process.pid), performance.now()];
    await work();
    return {
      serverCpuMs: readServers() - serverBefore,
      generatorCpuMs: readCpuMs(process.pid) - generatorBefore,
      wallMs: performance.now() - startMs,
    };
  }

  /** Waits until the nodes have had next to nothing to do for two seconds, and at the longest so long. */
  async waitUntilIdle(withinMs: number): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    for (let idleSteps = 0; idleSteps < IDLE_STEPS && performance.now() < deadlineMs;) {
      const { serverCpuMs } = await this.measure(() => pause(IDLE_STEP_MS));
      idleSteps = serverCpuMs <= IDLE_STEP_CPU_MS ? idleSteps + 1 : 0;
    }
  }

  closeClients(): void {
    for (const client of this.clients) client.close();
    this.clients = [];
  }

  async dispose(): Promise<void> {
    this.isDisposed = true;
    clearInterval(this.heartbeats);
    this.closeClients();
    // A profile is written by a server that ends by itself.
    await this.endNodes(this.nodeArguments.length > 0 ? 'stop' : 'kill');
    for (const dispose of this.owned.splice(0)) await dispose();
  }

  private nodeAt(index: number): ServerProcess {
    const node = this.nodes[index];
    if (!node) throw new Error(`there is no server ${index} that runs`);
    return node;
  }

  private async endNodes(how: 'stop' | 'kill'): Promise<void> {
    await Promise.all(this.nodes.splice(0).map((node) => node[how]()));
  }

  private async connect(options: BenchClientOptions): Promise<BenchClient> {
    const client = await this.installation.connect(options);
    this.clients.push(client);
    const timeout = new AbortController();
    const tooLate = pause(SYNCED_WITHIN_MS, undefined, { signal: timeout.signal }).then(() => {
      throw new Error(`client ${options.id} was not synced within ${SYNCED_WITHIN_MS} ms`);
    });
    try {
      await Promise.race([client.synced, tooLate]);
    } finally {
      tooLate.catch(() => {});
      timeout.abort();
    }
    return client;
  }

  private beatNext(): void {
    this.slot = (this.slot + 1) % HEARTBEAT_SLOTS;
    for (let index = this.slot; index < this.clients.length; index += HEARTBEAT_SLOTS) this.clients[index]?.beat();
  }
}
