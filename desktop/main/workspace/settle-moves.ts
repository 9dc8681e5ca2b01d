import { comparablePath } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import { identifyFile, locateOnDisk } from './path-kind.ts';
import type { MirrorBase, MirrorMove } from './shared-files.ts';
import { MAX_SHARED_TEXT_BYTES, readDiskFile } from './text-file.ts';
import { errnoOf, WorkspaceError } from './workspace-error.ts';

interface Place {
  readonly path: string;
  readonly isSameFile: boolean;
  /** Undefined where it cannot be read, or is no text. */
  readonly hash: string | undefined;
}

/**
 * Finds out, for each move that the end of the process or a loss of power may have cut short, where the file is now. One
 * for which that stays in doubt loses its base: what is on disk and what the room has then meet as strangers.
 */
export async function settleMoves(root: string, bases: BaseIndex): Promise<void> {
  for (const { fileId, move } of bases.listMoves()) {
    const base = bases.get(fileId);
    if (base) await settle(root, bases, { fileId, base, move });
    bases.endMove(fileId, move);
  }
}

interface Moved {
  readonly fileId: string;
  readonly base: MirrorBase;
  readonly move: MirrorMove;
}

async function settle(root: string, bases: BaseIndex, { fileId, base, move }: Moved): Promise<void> {
  const saving = bases.savingOf(fileId);
  const places: Place[] = [];
  for (const path of new Set([base.path, move.from, move.to])) {
    const place = await lookAt(root, path, move.identity);
    if (place) places.push(place);
  }
  const isLike = ({ hash }: Place) => hash !== undefined && [base.hash, saving?.hash].includes(hash);
  const own = places.filter((place) => place.isSameFile || isLike(place) || !isClaimed(place.path, fileId, bases));
  const found = own.length > 1 ? choose(own, isLike, move.from) : own[0];
  if (found) {
    // What was written when the process ended is this device's own.
    const known = saving !== undefined && saving.hash === found.hash ? saving : base;
    if (found.path !== base.path || known !== base) bases.set(fileId, { ...known, path: found.path });
  } else if (own.length > 1 || isClaimed(base.path, fileId, bases)) {
    bases.delete(fileId);
  }
}

/** The place at which a file is, of several; undefined when that stays in doubt. */
function choose(places: readonly Place[], isLike: (place: Place) => boolean, from: string): Place | undefined {
  const same = places.filter(({ isSameFile }) => isSameFile);
  const alike = places.filter(isLike);
  // Both names may lead to the one file, where the disk does not tell case: it is moved once more then.
  if (same.length > 1) return same.find(({ path }) => path === from);
  const [found] = same;
  if (found) return alike.length === 0 || alike.includes(found) ? found : undefined;
  return alike.length === 1 ? alike[0] : undefined;
}

/** Whether another file may be at a path. */
function isClaimed(path: string, fileId: string, bases: BaseIndex): boolean {
  const isOther = (other: { readonly fileId: string }) => other.fileId !== fileId;
  const isHere = (other: string) => comparablePath(other) === key;
  const key = comparablePath(path);
  return (
    bases.list().some((other) => isOther(other) && isHere(other.path)) ||
    bases.listMoves().some((other) => isOther(other) && [other.move.from, other.move.to].some(isHere))
  );
}

async function lookAt(root: string, path: string, identity: string): Promise<Place | undefined> {
  const { kind, absolutePath } = await locateOnDisk(root, path);
  if (kind === 'missing' || kind === 'folder' || kind === 'link') return undefined;
  try {
    const isSameFile = (await identifyFile(absolutePath)) === identity;
    const disk = await readDiskFile(absolutePath, { root, path, maxBytes: MAX_SHARED_TEXT_BYTES });
    return { path, isSameFile, hash: disk.kind === 'text' ? disk.hash : undefined };
  } catch (error) {
    // It is there all the same.
    if (error instanceof WorkspaceError || errnoOf(error) !== '') return { path, isSameFile: false, hash: undefined };
    throw error;
  }
}
