import type { Dirent } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Disposable, type Scheduler, scheduleEvery } from '../../../shared/lifecycle/index.ts';
import { codeOf, toLogFailure } from './folder-failure.ts';
import { isTemporaryName } from './write-whole.ts';

interface UnfinishedFilesServices {
  /** Folders of {@link FolderObjects}; they need not be there. */
  readonly folders: readonly string[];
  readonly scheduler: Scheduler;
  readonly reportProblem: (error: unknown) => void;
}

/** No write takes so long. */
const UNFINISHED_AFTER_MS = 60 * 60_000;
const SWEEP_INTERVAL_MS = 24 * 60 * 60_000;

/** Removes what crashes in the middle of a write have left, at once and every day. Disposing ends what is under way. */
export class UnfinishedFiles implements Disposable {
  private readonly services: UnfinishedFilesServices;
  private readonly timer: Disposable;
  private running: Promise<void> = Promise.resolve();
  private isDisposed = false;

  constructor(services: UnfinishedFilesServices) {
    this.services = services;
    this.timer = scheduleEvery(services.scheduler, () => this.sweepNext(), SWEEP_INTERVAL_MS);
    this.sweepNext();
  }

  /** Resolves when nothing is being removed. */
  async settled(): Promise<void> {
    await this.running;
  }

  private sweepNext(): void {
    this.running = this.running.then(async () => {
      for (const folder of this.services.folders) {
        try {
          await this.sweep(folder);
        } catch (error) {
          if (!this.isDisposed) this.services.reportProblem(error);
        }
      }
    });
  }

  private async sweep(folder: string): Promise<void> {
    const beforeMs = this.services.scheduler.now() - UNFINISHED_AFTER_MS;
    await this.sweepFiles(folder, beforeMs);
    for (const group of await foldersIn(folder)) {
      for (const document of await foldersIn(group)) {
        if (this.isDisposed) return;
        await this.sweepFiles(document, beforeMs);
      }
    }
  }

  private async sweepFiles(folder: string, beforeMs: number): Promise<void> {
    for (const { name } of await entriesOf(folder)) {
      if (this.isDisposed) return;
      if (isTemporaryName(name)) await removeOld(join(folder, name), beforeMs);
    }
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw toLogFailure(error, `Unfinished files in ${folder} cannot be looked for.`);
  }
}

async function removeOld(path: string, beforeMs: number): Promise<void> {
  try {
    if ((await stat(path)).mtimeMs < beforeMs) await rm(path, { force: true });
  } catch (error) {
    // Its write has come to its end.
    if (codeOf(error) === 'ENOENT') return;
    throw toLogFailure(error, `The unfinished file ${path} cannot be removed.`);
  }
}
