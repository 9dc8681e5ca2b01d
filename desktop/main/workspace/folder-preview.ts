import { comparablePath, type SharedFile } from '../../../shared/workspace/index.ts';
import { DiskHashes } from './disk-hashes.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { MemoryMirrorNotes } from './mirror-notes.ts';
import { resolveInside } from './path-guard.ts';
import { isSameFile } from './path-kind.ts';
import type { SharedFiles } from './shared-files.ts';
import { type DiskFile, MAX_SHARED_TEXT_BYTES, readDiskFile } from './text-file.ts';
import { walkFolder, type WalkedFile } from './walk-folder.ts';
import { WorkspaceError } from './workspace-error.ts';

export interface PreviewOptions {
  /** Real path. */
  readonly folder: string;
  /** The room's files; their texts must be there. Nothing is written to them. */
  readonly files: Pick<SharedFiles, 'files' | 'readText'>;
  /** Whether folder and room are in step on a file already, so that there is nothing to say about it. */
  readonly isAgreed?: (file: SharedFile) => boolean;
}

/** A file of the folder. */
export interface LocalFile {
  readonly path: string;
  readonly absolutePath: string;
  readonly sizeBytes: number;
  /** SHA-256 of its bytes, in hex; empty when it is no text. */
  readonly hash: string;
}

/** A text that differs in folder and room. */
export interface DifferentFile extends LocalFile {
  readonly fileId: string;
  /** The room's text, as it was when it was compared. */
  readonly roomText: string;
}

/** A file that stays as it is in both places. */
export interface LeftOutFile {
  readonly path: string;
  readonly reason: string;
}

/** What mirroring a room to a folder would bring together. Lists are sorted by path. */
export interface FolderPreview {
  readonly folder: string;
  readonly same: readonly string[];
  readonly onlyHere: readonly LocalFile[];
  readonly onlyInRoom: readonly string[];
  readonly different: readonly DifferentFile[];
  readonly leftOut: readonly LeftOutFile[];
  /** Only in the folder, and more than the room takes of one file: nothing happens to it. */
  readonly tooLarge: readonly LocalFile[];
}

const OTHER_CONTENT =
  'It is another file in the room. That comes to the folder, and the file of the folder is kept beside it.';

interface Lists {
  readonly same: string[];
  readonly onlyHere: LocalFile[];
  readonly onlyInRoom: string[];
  readonly different: DifferentFile[];
  readonly leftOut: LeftOutFile[];
  readonly tooLarge: LocalFile[];
}

/** Compares a folder with the room's files. Writes nothing. Rejects with WorkspaceError when the folder cannot be read. */
export async function previewFolder(options: PreviewOptions): Promise<FolderPreview> {
  const { folder, files } = options;
  const lists: Lists = { same: [], onlyHere: [], onlyInRoom: [], different: [], leftOut: [], tooLarge: [] };
  const listed = [...files.files];
  for (const file of listed) {
    await lookUp(file, options, lists);
  }
  const byKey = new Map(listed.map((file) => [comparablePath(file.path), file]));
  const leaveOut = (path: string, reason: string) => void lists.leftOut.push({ path, reason });
  const walk = walkFolder({
    rootRealPath: folder,
    rules: new IgnoreRules(folder),
    onProblem: ({ path, message }) => leaveOut(path, message),
    onIgnoredFolder: (absolutePath) =>
      leaveOut(absolutePath.slice(folder.length + 1), 'It is left out by rules such as those of .gitignore.'),
  });
  for await (const batch of walk) {
    for (const found of batch) {
      const twin = byKey.get(comparablePath(found.path));
      if (twin?.path === found.path) continue;
      if (twin && (await isTwin(found, twin, folder))) continue;
      await takeOwn(found, folder, lists);
    }
  }
  return { folder, ...sortAll(lists) };
}

/** What is in the folder in a room file's place. The disk says it, whatever it makes of case and Unicode forms. */
async function lookUp(file: SharedFile, { folder, files, isAgreed }: PreviewOptions, lists: Lists): Promise<void> {
  const { path, fileId } = file;
  if (isAgreed?.(file)) return void lists.same.push(path);
  const maxBytes = MAX_SHARED_TEXT_BYTES;
  const found = await readOrExplain(() => resolveInside(folder, path), { root: folder, path, maxBytes });
  if (found.kind === 'unreadable') return void lists.leftOut.push({ path, reason: found.reason });
  if (found.kind === 'missing') return void lists.onlyInRoom.push(path);
  if (file.kind !== 'text') {
    // What cannot be read any more counts as another.
    const here = await new DiskHashes(folder, new MemoryMirrorNotes())
      .of(found.absolutePath, path)
      .catch(() => undefined);
    if (file.blob !== undefined && here?.sha256 === file.blob) return void lists.same.push(path);
    return void lists.leftOut.push({ path, reason: OTHER_CONTENT });
  }
  if (found.kind !== 'text') return void lists.leftOut.push({ path, reason: OTHER_CONTENT });
  const roomText = files.readText(fileId);
  if (roomText === found.text) return void lists.same.push(path);
  const { absolutePath, sizeBytes, hash } = found;
  lists.different.push({ path, fileId, absolutePath, sizeBytes, hash, roomText });
}

/** Whether a file is that of the room under another spelling, on a disk that tells no difference. */
async function isTwin(found: WalkedFile, { path }: SharedFile, folder: string): Promise<boolean> {
  try {
    return await isSameFile(found.absolutePath, await resolveInside(folder, path));
  } catch (error) {
    if (error instanceof WorkspaceError) return false;
    throw error;
  }
}

async function takeOwn({ path, absolutePath }: WalkedFile, folder: string, lists: Lists): Promise<void> {
  const found = await readOrExplain(async () => absolutePath, { root: folder, path });
  if (found.kind === 'unreadable') return void lists.leftOut.push({ path, reason: found.reason });
  if (found.kind === 'missing') return;
  const own = { path, absolutePath, sizeBytes: found.sizeBytes, hash: found.kind === 'text' ? found.hash : '' };
  (found.kind === 'oversized' ? lists.tooLarge : lists.onlyHere).push(own);
}

type Found = (DiskFile & { readonly absolutePath: string }) | { readonly kind: 'unreadable'; readonly reason: string };

async function readOrExplain(
  locate: () => Promise<string>,
  options: { readonly root: string; readonly path: string; readonly maxBytes?: number },
): Promise<Found> {
  try {
    const absolutePath = await locate();
    return { ...(await readDiskFile(absolutePath, options)), absolutePath };
  } catch (error) {
    if (error instanceof WorkspaceError) return { kind: 'unreadable', reason: error.message };
    throw error;
  }
}

// As people count: file2 before file10.
const pathOrder = new Intl.Collator('en', { numeric: true });

function sortAll({ same, onlyHere, onlyInRoom, different, leftOut, tooLarge }: Lists): Lists {
  const byPath = (a: { readonly path: string }, b: { readonly path: string }) => pathOrder.compare(a.path, b.path);
  return {
    same: same.toSorted(pathOrder.compare),
    onlyHere: onlyHere.toSorted(byPath),
    onlyInRoom: onlyInRoom.toSorted(pathOrder.compare),
    different: different.toSorted(byPath),
    leftOut: leftOut.toSorted(byPath),
    tooLarge: tooLarge.toSorted(byPath),
  };
}

/** Whether a person who saw `seen` has seen all of the folder's own that `now` lists. */
export function isCovered(now: FolderPreview, seen: FolderPreview): boolean {
  const known = new Set(ownFilesOf(seen).map(toKey));
  return ownFilesOf(now).every((file) => known.has(toKey(file)));
}

/** What mirroring could touch: everything of the folder that the room does not have. */
export function ownFilesOf({ onlyHere, different }: FolderPreview): readonly LocalFile[] {
  return [...onlyHere, ...different];
}

function toKey(file: LocalFile): string {
  const kind = 'fileId' in file ? 'different' : 'own';
  return `${kind} ${file.hash} ${file.sizeBytes} ${file.path}`;
}
