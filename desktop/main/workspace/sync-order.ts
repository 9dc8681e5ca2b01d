import type { BaseIndex } from './base-index.ts';
import type { SharedFiles } from './shared-files.ts';
import { WorkspaceError } from './workspace-error.ts';

/** So many files of which nobody edits a text are brought in step before others have their turn. */
export const UNHURRIED_AT_ONCE = 16;
const DEFAULT_CONCURRENT_SYNCS = 8;

export interface SyncOrderOptions {
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  /** How many files are brought in step at a time, where their order does not matter. */
  readonly concurrentSyncs: number | undefined;
  /** Nothing more is begun. */
  readonly isStopped: () => boolean;
  /**
   * Brings one file in step, while others are unless `isAlone`. Resolves to whether that was possible; it is to be done
   * alone else.
   */
  readonly sync: (fileId: string, isAlone: boolean) => Promise<boolean>;
  readonly onFailed: (fileId: string, error: unknown) => void;
}

/**
 * Which of these files may be brought in step after others: those that hold no text and are new to disk or room. However
 * many there are, they keep nobody waiting who edits a text.
 */
export function splitUnhurried(
  fileIds: Iterable<string>,
  listed: Pick<SyncOrderOptions, 'files' | 'bases'>,
): { readonly hurried: readonly string[]; readonly unhurried: readonly string[] } {
  const hurried: string[] = [];
  const unhurried: string[] = [];
  const isNew = (fileId: string) => (listed.bases.get(fileId)?.hash ?? '') === '';
  for (const fileId of fileIds) {
    const isText = listed.files.get(fileId)?.kind === 'text';
    (!isText && isStaying(fileId, listed) && isNew(fileId) ? unhurried : hurried).push(fileId);
  }
  return { hurried, unhurried };
}

/**
 * Brings files in step: first those that go, then those that move, one by one, then those that come or stay where they
 * are, texts before others, and at last those which the room has moved meanwhile. Where the name of one is another's
 * folder, it comes again after that one. Failures are told, and nothing rejects.
 */
export async function syncInOrder(fileIds: Iterable<string>, options: SyncOrderOptions): Promise<void> {
  const { files, concurrentSyncs = DEFAULT_CONCURRENT_SYNCS } = options;
  const going: string[] = [];
  const moving: string[] = [];
  const texts: string[] = [];
  const others: string[] = [];
  for (const fileId of fileIds) {
    const file = files.get(fileId);
    const staying = file?.kind === 'text' ? texts : others;
    (!file ? going : isStaying(fileId, options) ? staying : moving).push(fileId);
  }
  const waiting: string[] = [];
  await eachOf(going, concurrentSyncs, async (fileId) => {
    if (await mustWait(fileId, false, options)) waiting.push(fileId);
  });
  await syncMoving([...waiting, ...moving], options);
  const left: string[] = [];
  await eachOf([...texts, ...others], concurrentSyncs, async (fileId) => {
    if (!(await syncOne(fileId, false, options))) left.push(fileId);
  });
  await syncMoving(left, options);
}

/** Whether a file of the room comes to a path of its own, or stays there. */
function isStaying(fileId: string, { files, bases }: Pick<SyncOrderOptions, 'files' | 'bases'>): boolean {
  const path = files.get(fileId)?.path;
  return (
    path !== undefined &&
    [path, undefined].includes(bases.pathFor(fileId)) &&
    [fileId, undefined].includes(bases.ownerOf(path))
  );
}

async function syncMoving(fileIds: readonly string[], options: SyncOrderOptions): Promise<void> {
  const waiting: string[] = [];
  for (const fileId of fileIds) if (await mustWait(fileId, true, options)) waiting.push(fileId);
  if (waiting.length < fileIds.length) return syncMoving(waiting, options);
  for (const fileId of waiting) await syncOne(fileId, true, options);
}

/** Brings a file in step, unless the name of another is in its way or it has to be alone. */
async function mustWait(fileId: string, isAlone: boolean, options: SyncOrderOptions): Promise<boolean> {
  const { sync, onFailed, isStopped } = options;
  if (isStopped()) return false;
  try {
    return !(await sync(fileId, isAlone));
  } catch (error) {
    if (error instanceof WorkspaceError && error.code === 'name-taken') return true;
    onFailed(fileId, error);
  }
  return false;
}

/** Resolves to false when the file has to be alone. */
async function syncOne(fileId: string, isAlone: boolean, options: SyncOrderOptions): Promise<boolean> {
  const { sync, onFailed, isStopped } = options;
  if (isStopped()) return true;
  try {
    return await sync(fileId, isAlone);
  } catch (error) {
    onFailed(fileId, error);
    return true;
  }
}

async function eachOf<T>(items: readonly T[], concurrent: number, task: (item: T) => Promise<void>): Promise<void> {
  const next = items.values();
  const work = async () => {
    for (const item of next) await task(item);
  };
  await Promise.all(Array.from({ length: concurrent }, work));
}
