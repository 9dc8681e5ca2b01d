import { comparablePath, type SharedFile, TakenPaths } from '../../../shared/workspace/index.ts';
import { DiskHashes } from './disk-hashes.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { MemoryMirrorNotes } from './mirror-notes.ts';
import { resolveInside } from './path-guard.ts';
import { isSameFile, locateOnDisk } from './path-kind.ts';
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
  /** Whether a file differs, if in nothing else, in that it is executable in one of the two. */
  readonly isOtherwiseDifferent?: (file: SharedFile) => boolean;
}

/** A file of the folder. */
export interface LocalFile {
  readonly path: string;
  readonly absolutePath: string;
  readonly sizeBytes: number;
  /** SHA-256 of its bytes, in hex; empty when they were not looked at. */
  readonly hash: string;
  /** Its name differs from that of a file of the room only in case. */
  readonly twin?: { readonly path: string; readonly sharedAs: string };
}

/** A text that differs in folder and room. */
export interface DifferentFile extends LocalFile {
  readonly fileId: string;
  /** The room's text, as it was when it was compared. */
  readonly roomText: string;
}

/**
 * A file that is another in folder and room, and no text in one of the two: the room's takes its place, and the folder's
 * stays beside it under a name of its own, unless the folder's is chosen.
 */
export interface ReplacedFile extends LocalFile {
  readonly fileId: string;
  /** The room's text, as it was when it was compared; undefined when it is no text. */
  readonly roomText: string | undefined;
  /** The room's content, when it is no text. */
  readonly roomBlob: string | undefined;
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
  readonly replaced: readonly ReplacedFile[];
  /** Files of the room that cannot come to the folder. */
  readonly blocked: readonly LeftOutFile[];
  /** Of the folder. */
  readonly leftOut: readonly LeftOutFile[];
  /** Only in the folder, and more than the room takes of one file: nothing happens to it. */
  readonly tooLarge: readonly LocalFile[];
}

const NOT_THERE_YET = 'The room does not have its content yet. The file of the folder stays until that comes.';

interface Lists {
  readonly same: string[];
  readonly onlyHere: LocalFile[];
  readonly onlyInRoom: string[];
  readonly different: DifferentFile[];
  readonly replaced: ReplacedFile[];
  readonly blocked: LeftOutFile[];
  readonly leftOut: LeftOutFile[];
  readonly tooLarge: LocalFile[];
}

/** Compares a folder with the room's files. Writes nothing. Rejects with WorkspaceError when the folder cannot be read. */
export async function previewFolder(options: PreviewOptions): Promise<FolderPreview> {
  const { folder, files } = options;
  const lists: Lists = {
    same: [],
    onlyHere: [],
    onlyInRoom: [],
    different: [],
    replaced: [],
    blocked: [],
    leftOut: [],
    tooLarge: [],
  };
  const listed = [...files.files];
  for (const file of listed) {
    await lookUp(file, options, lists);
  }
  const names = new RoomNames(listed, lists, options);
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
      await takeOwn(found, { folder, lists, names, twin });
    }
  }
  return { folder, ...sortAll(lists) };
}

/** What is in the folder in a room file's place. The disk says it, whatever it makes of case and Unicode forms. */
async function lookUp(file: SharedFile, options: PreviewOptions, lists: Lists): Promise<void> {
  const { folder, files, isAgreed, isOtherwiseDifferent } = options;
  const { path, fileId } = file;
  if (isAgreed?.(file)) return void lists.same.push(path);
  const maxBytes = MAX_SHARED_TEXT_BYTES;
  const found = await readOrExplain(() => resolveInside(folder, path), { root: folder, path, maxBytes });
  if (found.kind === 'unreadable') return void lists.blocked.push({ path, reason: found.reason });
  if (found.kind === 'missing') {
    const inTheWay = await findFileInTheWay(folder, path);
    if (inTheWay === undefined) return void lists.onlyInRoom.push(path);
    const reason = `"${inTheWay}" is a file in the folder, and a folder in the room. Rename one of the two.`;
    return void lists.blocked.push({ path, reason });
  }
  if (file.kind !== 'text' || found.kind !== 'text') return lookUpContent(file, found, options, lists);
  const roomText = files.readText(fileId);
  if (roomText === found.text && !isOtherwiseDifferent?.(file)) return void lists.same.push(path);
  const { absolutePath, sizeBytes, hash } = found;
  lists.different.push({ path, fileId, absolutePath, sizeBytes, hash, roomText });
}

/** Compares what is no text in the room or in the folder. */
async function lookUpContent(
  file: SharedFile,
  { absolutePath }: { readonly absolutePath: string },
  { folder, files }: PreviewOptions,
  lists: Lists,
): Promise<void> {
  const { path, fileId, kind, blob } = file;
  if (kind !== 'text' && blob === undefined) return void lists.blocked.push({ path, reason: NOT_THERE_YET });
  try {
    const here = await new DiskHashes(folder, new MemoryMirrorNotes()).of(absolutePath, path);
    if (!here) return void lists.onlyInRoom.push(path);
    const { sha256: hash, sizeBytes } = here;
    if (hash === blob) return void lists.same.push(path);
    const roomText = kind === 'text' ? files.readText(fileId) : undefined;
    lists.replaced.push({ path, fileId, absolutePath, sizeBytes, hash, roomText, roomBlob: blob });
  } catch (error) {
    if (!(error instanceof WorkspaceError)) throw error;
    lists.blocked.push({ path, reason: error.message });
  }
}

/** The part of a path that is a file of the folder where a folder would have to be. */
async function findFileInTheWay(folder: string, path: string): Promise<string | undefined> {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const { kind } = await locateOnDisk(folder, path.slice(0, end));
    if (kind === 'folder') return undefined;
    if (kind !== 'missing') return path.slice(0, end);
  }
  return undefined;
}

/** Names under which files of the folder would come into the room, where they differ from one of the room only in case. */
class RoomNames {
  private readonly taken = new TakenPaths();
  /** Room files that folder and room agree on once the mirror begins. */
  private readonly agreed: ReadonlySet<string>;

  constructor(listed: readonly SharedFile[], { different, replaced }: Lists, { isAgreed }: PreviewOptions) {
    for (const { path } of listed) this.taken.claim(path);
    const agreed = listed.filter((file) => isAgreed?.(file)).map(({ fileId }) => fileId);
    this.agreed = new Set([
      ...agreed,
      ...different.map(({ fileId }) => fileId),
      ...replaced.map(({ fileId }) => fileId),
    ]);
  }

  /** Undefined: it stays out of the room. */
  sharedAs(path: string, twin: SharedFile): string | undefined {
    return this.agreed.has(twin.fileId) ? undefined : this.taken.claim(path);
  }
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

interface OwnFileContext {
  readonly folder: string;
  readonly lists: Lists;
  readonly names: RoomNames;
  /** The file of the room that has the name in other case. */
  readonly twin: SharedFile | undefined;
}

async function takeOwn({ path, absolutePath }: WalkedFile, context: OwnFileContext): Promise<void> {
  const { folder, lists, names, twin } = context;
  const found = await readOrExplain(async () => absolutePath, { root: folder, path });
  if (found.kind === 'unreadable') return void lists.leftOut.push({ path, reason: found.reason });
  if (found.kind === 'missing') return;
  const own = { path, absolutePath, sizeBytes: found.sizeBytes, hash: found.kind === 'text' ? found.hash : '' };
  if (found.kind === 'oversized') return void lists.tooLarge.push(own);
  if (!twin) return void lists.onlyHere.push(own);
  const sharedAs = names.sharedAs(path, twin);
  if (sharedAs !== undefined) return void lists.onlyHere.push({ ...own, twin: { path: twin.path, sharedAs } });
  const reason = `Its name differs from "${twin.path}" only in case, which not every disk can tell. Rename it to share it.`;
  lists.leftOut.push({ path, reason });
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

function sortAll({ same, onlyInRoom, ...lists }: Lists): Lists {
  const byPath = (a: { readonly path: string }, b: { readonly path: string }) => pathOrder.compare(a.path, b.path);
  return {
    same: same.toSorted(pathOrder.compare),
    onlyInRoom: onlyInRoom.toSorted(pathOrder.compare),
    onlyHere: lists.onlyHere.toSorted(byPath),
    different: lists.different.toSorted(byPath),
    replaced: lists.replaced.toSorted(byPath),
    blocked: lists.blocked.toSorted(byPath),
    leftOut: lists.leftOut.toSorted(byPath),
    tooLarge: lists.tooLarge.toSorted(byPath),
  };
}

/** Whether a person who saw `seen` has seen all of the folder's own that `now` lists. */
export function isCovered(now: FolderPreview, seen: FolderPreview): boolean {
  const known = new Set(ownFilesOf(seen).map(toKey));
  return ownFilesOf(now).every((file) => known.has(toKey(file)));
}

/** What mirroring could touch: everything of the folder that the room does not have like that. */
export function ownFilesOf({ onlyHere, different, replaced }: FolderPreview): readonly LocalFile[] {
  return [...onlyHere, ...different, ...replaced];
}

function toKey(file: LocalFile): string {
  const kind = 'fileId' in file ? 'different' : 'own';
  return `${kind} ${file.hash} ${file.sizeBytes} ${file.path}`;
}
