import type { BaseIndex } from './base-index.ts';
import type { SharedFiles } from './shared-files.ts';
import { WorkspaceError } from './workspace-error.ts';

export interface SyncOrderOptions {
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  /** How many files are brought in step at a time, where their order does not matter. */
  readonly concurrentSyncs: number;
  /** Nothing more is begun. */
  readonly isStopped: () => boolean;
  /** Brings one file in step. */
  readonly sync: (fileId: string) => Promise<void>;
  readonly onFailed: (fileId: string, error: unknown) => void;
}

/**
 * Brings files in step: first those that go, then those that move, one by one, at last those that come or stay where they
 * are. Where the name of one is another's folder, it comes again after that one. Failures are told, and nothing rejects.
 */
export async function syncInOrder(fileIds: Iterable<string>, options: SyncOrderOptions): Promise<void> {
  const { files, bases, concurrentSyncs } = options;
  const going: string[] = [];
  const moving: string[] = [];
  const staying: string[] = [];
  for (const fileId of fileIds) {
    const path = files.get(fileId)?.path;
    const isStaying =
      path !== undefined &&
      [path, undefined].includes(bases.pathFor(fileId)) &&
      [fileId, undefined].includes(bases.ownerOf(path));
    (path === undefined ? going : isStaying ? staying : moving).push(fileId);
  }
  const waiting: string[] = [];
  await eachOf(going, concurrentSyncs, async (fileId) => {
    if (await isNameTaken(fileId, options)) waiting.push(fileId);
  });
  await syncMoving([...waiting, ...moving], options);
  await eachOf(staying, concurrentSyncs, (fileId) => syncOne(fileId, options));
}

async function syncMoving(fileIds: readonly string[], options: SyncOrderOptions): Promise<void> {
  const waiting: string[] = [];
  for (const fileId of fileIds) if (await isNameTaken(fileId, options)) waiting.push(fileId);
  if (waiting.length < fileIds.length) return syncMoving(waiting, options);
  for (const fileId of waiting) await syncOne(fileId, options);
}

/** Brings a file in step, unless the name of another is in its way. */
async function isNameTaken(fileId: string, { sync, onFailed, isStopped }: SyncOrderOptions): Promise<boolean> {
  if (isStopped()) return false;
  try {
    await sync(fileId);
  } catch (error) {
    if (error instanceof WorkspaceError && error.code === 'name-taken') return true;
    onFailed(fileId, error);
  }
  return false;
}

async function syncOne(fileId: string, { sync, onFailed, isStopped }: SyncOrderOptions): Promise<void> {
  if (isStopped()) return;
  try {
    await sync(fileId);
  } catch (error) {
    onFailed(fileId, error);
  }
}

async function eachOf<T>(items: readonly T[], concurrent: number, task: (item: T) => Promise<void>): Promise<void> {
  const next = items.values();
  const work = async () => {
    for (const item of next) await task(item);
  };
  await Promise.all(Array.from({ length: concurrent }, work));
}
