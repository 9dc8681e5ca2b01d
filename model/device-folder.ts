import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GitRepository } from '../desktop/testing/git-repository.ts';
import { isExecutable } from '../desktop/main/workspace/file-mode.ts';
import { CrashingDisk } from '../desktop/main/workspace/testing/crashing-disk.ts';
import { FailingWrites, TestFolder } from '../desktop/main/workspace/testing/mirror-under-test.ts';
import { Announcements } from './announcements.ts';
import type { DeviceProcess } from './device-process.ts';

const LOCAL_COPY = /\.local-\d{8}T/;

/** Whether a device keeps the file beside the room's, for itself alone. */
export function isLocalCopy(path: string): boolean {
  return LOCAL_COPY.test(path);
}

/** The folder of a device: what lies in it, how other programs change it, and what a bad disk makes of it. */
export class DeviceFolder {
  readonly path: string;
  readonly writes: FailingWrites;
  readonly git: GitRepository | undefined;
  readonly announcements: Announcements;
  private readonly disk: CrashingDisk;

  private constructor(path: string, disk: CrashingDisk, git: GitRepository | undefined) {
    this.path = path;
    this.announcements = new Announcements(path);
    this.disk = disk;
    this.writes = new FailingWrites(disk);
    this.git = git;
  }

  /** Of a process that may end; with `isRepository` it is under version control. Goes when the test is over. */
  static async create(
    process: DeviceProcess,
    files: Readonly<Record<string, string>>,
    isRepository: boolean,
  ): Promise<DeviceFolder> {
    const { path } = await TestFolder.create(files);
    const git = isRepository ? await GitRepository.create(path, files) : undefined;
    return new DeviceFolder(path, await CrashingDisk.create(process), git);
  }

  /** Path and bytes of every file but those of Git, as text. */
  async read(): Promise<ReadonlyMap<string, string>> {
    const contents = new Map<string, string>();
    const walk = async (folder: string): Promise<void> => {
      const entries = await readdir(join(this.path, folder), { withFileTypes: true });
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) {
          if (path !== '.git') await walk(path);
          continue;
        }
        const bytes = await ifThere(readFile(join(this.path, path), 'utf8'));
        if (bytes !== undefined) contents.set(path, bytes);
      }
    };
    await walk('');
    return contents;
  }

  /** Writes a file in place; what the disk has of it is lost with the power. */
  async edit(path: string, content: string): Promise<void> {
    await this.disk.writeByOther(join(this.path, path), content);
  }

  /** Makes or replaces a file. */
  async write(path: string, content: string): Promise<void> {
    await mkdir(dirname(join(this.path, path)), { recursive: true });
    await writeFile(join(this.path, path), content);
    this.disk.settle();
  }

  /** Whether a file may be run; one that is not there may not. */
  async isExecutable(path: string): Promise<boolean> {
    return (await ifThere(stat(join(this.path, path)).then(({ mode }) => isExecutable(mode)))) ?? false;
  }

  /** Changes that; it is lost with the power. */
  async setExecutable(path: string, executable: boolean): Promise<void> {
    await this.disk.chmodByOther(join(this.path, path), executable);
  }

  async rename(from: string, to: string): Promise<void> {
    await mkdir(dirname(join(this.path, to)), { recursive: true });
    await rename(join(this.path, from), join(this.path, to));
    this.disk.settle();
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.path, path));
    this.disk.settle();
  }

  /** Runs git, which may refuse; resolves to whether it did what it was told. */
  async runGit(...args: readonly string[]): Promise<boolean> {
    if (!this.git) throw new Error('the folder is under no version control');
    try {
      await this.git.git(...args);
      return true;
    } catch {
      return false;
    } finally {
      this.disk.settle();
    }
  }

  /** All that was done is safe: it was long enough ago. */
  settle(): void {
    this.disk.settle();
  }

  /** Undoes so many of the latest changes that were not safe yet. */
  losePower(pickCount: (unsafe: number) => number): Promise<void> {
    return this.disk.losePower(pickCount);
  }
}

/** What is being replaced or moved may be gone by now. */
async function ifThere<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
