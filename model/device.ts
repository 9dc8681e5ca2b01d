import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { MirrorProblem } from '../desktop/main/workspace/shared-files.ts';
import { openProblemsOf } from '../desktop/main/workspace/testing/mirror-under-test.ts';
import type { SessionProblem } from '../shared/sync/index.ts';
import type { ManualScheduler } from '../shared/testing/manual-scheduler.ts';
import type { SeededRandom } from '../shared/testing/seeded-random.ts';
import type { SocketPair } from '../shared/testing/socket-pair.ts';
import { CrashableDatabase, cutLog } from './crashable-database.ts';
import { DeviceFolder } from './device-folder.ts';
import { DeviceProcess } from './device-process.ts';
import { Engine } from './engine.ts';
import type { ModelRelay } from './model-relay.ts';
import { whileTimePasses } from './quiet.ts';

export interface DeviceOptions {
  readonly name: string;
  readonly scheduler: ManualScheduler;
  readonly random: SeededRandom;
  readonly relay: ModelRelay;
  readonly nextClientId: () => number;
}

/** How a process ends before its time. */
export type Misfortune = 'end of the process' | 'loss of power';

/** A person's computer: its disk outlives the app, which can end well or badly at any time and starts again on it. */
export class Device {
  readonly name: string;
  readonly process: DeviceProcess;
  /** What the person was told, and what went wrong without their knowing. */
  readonly problems: SessionProblem[] = [];
  readonly failures: unknown[] = [];
  readonly disagreements: string[] = [];
  /** All that was ever told about the folder. */
  readonly told: string[] = [];
  private readonly options: DeviceOptions;
  private readonly dataFolder: string;
  private mirrorProblems: MirrorProblem[] = [];
  private pairs: SocketPair[] = [];
  private database: CrashableDatabase | undefined;
  private running: Engine | undefined;
  private deviceFolder: DeviceFolder | undefined;
  private starts = 0;
  private copies = 0;
  /** Where the room's database lies. */
  private path: string;
  private copied: string | undefined;
  /** How much of the log of the copy a loss of power leaves; undefined when all of it is safe. */
  private safeBytes: number | undefined;
  private lastFiles: ReadonlyMap<string, string> = new Map();
  private isStoreFull = false;
  private hasMirrored = false;
  isOnline = true;
  /** When the process ended before its time last, by the time that passes; undefined when it never did. */
  endedMs: number | undefined;

  /** What it keeps goes when the test is over. */
  constructor(options: DeviceOptions) {
    this.options = options;
    this.name = options.name;
    const dataFolder = realpathSync(mkdtempSync(join(tmpdir(), 'tutti-device-')));
    onTestFinished(() => rmSync(dataFolder, { recursive: true, force: true }));
    this.dataFolder = dataFolder;
    this.path = join(dataFolder, '0', 'room.sqlite');
    this.process = new DeviceProcess(() => this.noteEnd());
  }

  /** Gives it a folder to mirror the room to, from its next start on. */
  async addFolder(files: Readonly<Record<string, string>>, isRepository = false): Promise<DeviceFolder> {
    this.deviceFolder = await DeviceFolder.create(this.process, files, isRepository);
    this.hasMirrored = Object.keys(files).length > 0;
    return this.deviceFolder;
  }

  get folder(): DeviceFolder | undefined {
    return this.deviceFolder;
  }

  /** The app, while it runs. */
  get engine(): Engine | undefined {
    return this.process.hasEnded ? undefined : this.running;
  }

  /** Whether the app was started and has not quit, be it alive or not. */
  get isStarted(): boolean {
    return this.running !== undefined;
  }

  /** Which file lies at a path of the folder, as the app knows, or knew when it ran last. */
  fileAt(path: string): string | undefined {
    return (this.engine?.filesOnDisk ?? this.lastFiles).get(path);
  }

  /** Every text that the app has in memory, though its process may have ended. */
  textsInMemory(): string[] {
    return [...(this.running?.texts ?? [])];
  }

  /** Of these documents, every text that the app has kept; none while it does not run. */
  textsInStore(documents: ReadonlySet<string>): string[] {
    return this.engine ? (this.database?.readTexts(documents) ?? []) : [];
  }

  /** Every text in the folder. */
  async textsOnDisk(): Promise<string[]> {
    return [...((await this.deviceFolder?.read())?.values() ?? [])];
  }

  /** Whether the process has ended and nobody has noticed. */
  get hasEnded(): boolean {
    return this.process.hasEnded && this.running !== undefined;
  }

  /** Problems of the folder that are not over. */
  get openProblems(): readonly MirrorProblem[] {
    return openProblemsOf(this.mirrorProblems);
  }

  /** The process will end at one of its next steps. */
  planEnd(steps: number): void {
    if (this.engine) this.process.plan(steps);
  }

  planNoEnd(): void {
    if (!this.process.hasEnded) this.process.beginAnew();
  }

  get storeIsFull(): boolean {
    return this.isStoreFull;
  }

  set storeIsFull(isFull: boolean) {
    this.isStoreFull = isFull;
    if (this.database && this.engine) this.database.isFull = isFull;
  }

  /** Starts the app; the folder is followed as soon as that can be. */
  start(): void {
    if (this.running) throw new Error(`${this.name} runs already`);
    const { name, scheduler, random, nextClientId } = this.options;
    this.process.beginAnew();
    this.mirrorProblems = [];
    this.pairs = [];
    const { pairs, mirrorProblems } = this;
    this.database = new CrashableDatabase(this.path, scheduler, this.process);
    this.database.isFull = this.isStoreFull;
    const engine = new Engine({
      name,
      sessionId: `session-of-${name}-${++this.starts}`,
      database: this.database,
      scheduler,
      random,
      nextClientId,
      connect: (_url, events) => {
        const pair = this.options.relay.connect(events, this.isOnline && !this.process.hasEnded);
        pairs.push(pair);
        return pair.client;
      },
      folder: this.deviceFolder,
      onSessionProblem: (problem) => this.problems.push(problem),
      onMirrorProblem: (problem) => {
        mirrorProblems.push(problem);
        this.told.push(problem.detail);
      },
      onDiffers: (document) => this.disagreements.push(`${name}'s ${document}`),
    });
    this.running = engine;
    if (this.deviceFolder) void this.follow(engine);
  }

  /** The network of this device works, or does not. */
  setOnline(isOnline: boolean): void {
    this.isOnline = isOnline;
    if (!isOnline) for (const pair of this.pairs) pair.cut();
  }

  /** The person quits; it may go wrong on the way. */
  async quit(): Promise<void> {
    const engine = this.running;
    if (!engine) return;
    this.lastFiles = this.engine?.filesOnDisk ?? this.lastFiles;
    await whileTimePasses(this.options.scheduler, engine.quit(), `${this.name} quits`).catch((error: unknown) => {
      if (!this.process.hasEnded) throw error;
    });
    if (!this.process.hasEnded) this.running = undefined;
  }

  /** What is left of a process that has ended goes, and with it whatever the disk did not have. */
  async clearAway(cause: Misfortune): Promise<void> {
    const { running, database, options } = this;
    if (!running || !database) return;
    this.process.end();
    const { random } = options;
    for (const pair of this.pairs) pair.cut();
    const safeBytes = cause === 'loss of power' ? this.safeBytes : undefined;
    this.lastFiles = running.filesOnDisk ?? this.lastFiles;
    await whileTimePasses(options.scheduler, running.end(), `the end of ${this.name}`).catch((error: unknown) => {
      if (!(error instanceof Error) || error.message !== 'the process has ended') throw error;
    });
    this.running = undefined;
    if (this.copied === undefined) throw new Error('the database was not copied');
    this.path = this.copied;
    if (safeBytes !== undefined) cutLog(this.path, safeBytes);
    if (cause === 'loss of power') await this.deviceFolder?.losePower((unsafe) => random.below(unsafe + 1));
  }

  /** In the very moment at which the process ends. */
  private noteEnd(): void {
    const { database } = this;
    if (!database || !this.running) return;
    this.endedMs = this.options.scheduler.elapsedMs();
    this.copied = join(this.dataFolder, String(++this.copies), 'room.sqlite');
    database.copyTo(this.copied);
    this.safeBytes = database.pickSafeBytes(this.options.random);
    for (const pair of this.pairs) {
      pair.drop('to-relay');
      pair.drop('to-client');
    }
  }

  private async follow(engine: Engine): Promise<void> {
    try {
      await engine.startMirror(!this.hasMirrored);
      this.hasMirrored = true;
    } catch (error) {
      if (!this.process.hasEnded || this.running !== engine) this.failures.push(error);
    }
  }
}
