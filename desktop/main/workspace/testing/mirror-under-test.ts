import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ManualScheduler } from '../../../../shared/testing/manual-scheduler.ts';
import { isExecutable } from '../file-mode.ts';
import { FolderMirror, type FolderMirrorOptions } from '../folder-mirror.ts';
import { MemoryMirrorNotes, type MirrorNotes } from '../mirror-notes.ts';
import type { MirrorProblem } from '../shared-files.ts';
import type { ReplacedBlob } from '../blob-sync.ts';
import { type DiskWrites, systemDiskWrites } from '../text-file.ts';
import { DeviceMemory } from './device-memory.ts';
import { MemoryBlobs } from './memory-blobs.ts';
import { MemoryMirrorBases, MemorySharedFiles } from './memory-shared-files.ts';

/** What was not changed for this time is at rest. */
const REST_MS = 1_000;

/** A temporary folder that goes when the test is over. */
export class TestFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<TestFolder> {
    const folder = new TestFolder(await realpath(await mkdtemp(join(tmpdir(), 'tutti-workspace-'))));
    onTestFinished(() => rm(folder.path, { recursive: true, force: true }));
    for (const [path, content] of Object.entries(files)) await folder.write(path, content);
    return folder;
  }

  at(path: string): string {
    return join(this.path, path);
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(this.at(path)), { recursive: true });
    await writeFile(this.at(path), content);
  }

  read(path: string): Promise<string> {
    return readFile(this.at(path), 'utf8');
  }

  /** Whether a file may be run. */
  async isExecutable(path: string): Promise<boolean> {
    return isExecutable((await stat(this.at(path))).mode);
  }

  /** Path and content of every file, without .gitignore files. */
  async contents(): Promise<Record<string, string>> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.path.length + 1));
    const contents: Record<string, string> = {};
    for (const path of paths.sort()) contents[path] = await this.read(path);
    return contents;
  }
}

/** Writes that fail on demand. */
export class FailingWrites implements DiskWrites {
  private readonly disk: DiskWrites;
  /** While set, every write fails with this errno. */
  errno: string | undefined;
  /** The disk takes no notice of changed modes. */
  ignoresModes = false;
  /** Runs right before a file is replaced. */
  beforeSync: (() => Promise<void>) | undefined;
  /** Runs once, while something is being made safe from a loss of power. */
  whileMadeSafe: (() => Promise<void>) | undefined;

  constructor(disk: DiskWrites = systemDiskWrites) {
    this.disk = disk;
  }

  async writeAll(...[file, bytes]: Parameters<DiskWrites['writeAll']>): Promise<void> {
    if (this.errno !== undefined) throw Object.assign(new Error(this.errno), { code: this.errno });
    await this.disk.writeAll(file, bytes);
    const task = this.beforeSync;
    this.beforeSync = undefined;
    await task?.();
  }

  async chmod(...[file, mode, path]: Parameters<DiskWrites['chmod']>): Promise<void> {
    if (!this.ignoresModes) await this.disk.chmod(file, mode, path);
  }

  rename(from: string, to: string): void {
    this.disk.rename(from, to);
  }

  remove(path: string): void {
    this.disk.remove(path);
  }

  syncFile(path: string): Promise<void> {
    return this.disk.syncFile(path);
  }

  async syncFolder(path: string): Promise<void> {
    await this.disk.syncFolder(path);
    const task = this.whileMadeSafe;
    this.whileMadeSafe = undefined;
    await task?.();
  }
}

export interface MirrorTestOptions extends Pick<FolderMirrorOptions, 'concurrentSyncs' | 'notes' | 'policy'> {
  readonly memory?: DeviceMemory;
  readonly disk?: DiskWrites;
}

/** A folder and a room that mirrors can be started between, one after the other. */
export class MirrorUnderTest {
  readonly folder: TestFolder;
  readonly files: MemorySharedFiles;
  readonly bases: MemoryMirrorBases;
  readonly scheduler = new ManualScheduler();
  readonly blobs = new MemoryBlobs();
  readonly notes: MirrorNotes;
  readonly replaced: ReplacedBlob[] = [];
  readonly writes: FailingWrites;
  /** Of the mirror that runs. */
  readonly problems: MirrorProblem[] = [];
  private readonly options: Pick<FolderMirrorOptions, 'concurrentSyncs' | 'policy'>;
  private mirror: FolderMirror | undefined;

  constructor(
    folder: TestFolder,
    { memory = new DeviceMemory(), disk, notes = new MemoryMirrorNotes(), ...options }: MirrorTestOptions = {},
  ) {
    this.notes = notes;
    this.folder = folder;
    this.files = new MemorySharedFiles(memory);
    this.bases = new MemoryMirrorBases(memory);
    this.writes = new FailingWrites(disk);
    this.options = options;
    onTestFinished(() => this.stop());
  }

  get current(): FolderMirror {
    if (!this.mirror) throw new Error('no mirror runs');
    return this.mirror;
  }

  async start(): Promise<void> {
    this.problems.length = 0;
    this.mirror = new FolderMirror({
      ...this.options,
      folder: this.folder.path,
      files: this.files,
      bases: this.bases,
      notes: this.notes,
      scheduler: this.scheduler,
      onProblem: (problem) => this.problems.push(problem),
      isWatching: false,
      writes: this.writes,
      blobs: this.blobs,
      onReplaced: (replaced) => this.replaced.push(replaced),
    });
    await this.mirror.start();
    await this.flush();
  }

  /** Moves the clock, and lets what falls due come to its end. */
  async advance(ms: number): Promise<void> {
    this.scheduler.advance(ms);
    await this.current.whenIdle();
  }

  /** Stops without writing what waits. */
  async stop(): Promise<void> {
    this.mirror?.dispose();
    await this.mirror?.whenIdle();
    this.mirror = undefined;
  }

  /** Brings both sides in step, also where other programs have changed something just now. */
  async settle(): Promise<void> {
    await this.current.reconcile();
    await this.flush();
    await this.rest();
    // What was in the way of a file that waited may be seen only then.
    await this.rest();
  }

  /** Lets what other programs have changed just now become old enough to be taken for what it is meant to be. */
  async rest(): Promise<void> {
    await this.advance(REST_MS);
    await this.flush();
  }

  /** Lets everything come to its end, contents on their way too. */
  async flush(): Promise<void> {
    await this.current.flush();
    while (!this.blobs.isIdle) {
      await this.blobs.work();
      await this.current.flush();
    }
  }

  /** Problems that are not over, by id. */
  get openProblems(): readonly MirrorProblem[] {
    return openProblemsOf(this.problems);
  }
}

/** Those that are not over, of problems as they were reported. */
export function openProblemsOf(problems: readonly MirrorProblem[]): readonly MirrorProblem[] {
  const open = new Map<string, MirrorProblem>();
  for (const problem of problems) {
    if (problem.isResolved) open.delete(problem.id);
    else open.set(problem.id, problem);
  }
  return [...open.values()];
}

/** Starts a mirror between a folder with these files and an empty room. */
export async function startMirror(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<MirrorUnderTest> {
  const mirror = new MirrorUnderTest(await TestFolder.create(files));
  await mirror.start();
  return mirror;
}
