import { comparablePath, type SharedFile } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import { type DiskMeans, freeLocalCopy, moveFile } from './disk-changes.ts';
import { findOwner, respellFolders } from './disk-spelling.ts';
import type { FileMoves } from './file-moves.ts';
import { isOwnFile } from './own-files.ts';
import { resolveInside } from './path-guard.ts';
import { isSameFile } from './path-kind.ts';
import type { SetAsides } from './set-asides.ts';
import type { MirrorBase, SharedFiles } from './shared-files.ts';
import { type DiskFile, MAX_SHARED_TEXT_BYTES, readDiskFile } from './text-file.ts';
import { toWorkspaceError, WorkspaceError } from './workspace-error.ts';

export interface ArrivalOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly moves: FileMoves;
  readonly nowMs: () => number;
  readonly setAsides: SetAsides;
  /** A file that may be shared is left at this path. */
  readonly onLeft: (path: string) => void;
}

export interface Coming {
  readonly file: SharedFile;
  /** Files that wait for this one to leave their path. */
  readonly waiting: ReadonlySet<string>;
  /** Brings another file to where it belongs. `waits`: that cannot be told yet. */
  readonly visit: (fileId: string) => Promise<'done' | 'waits'>;
  /** What is missing is not just being replaced. */
  readonly isGoneForSure: boolean;
  /** No other file is being brought in step, so that files may be moved. */
  readonly isAlone: boolean;
}

type Arrived = 'here' | 'again' | 'waits' | 'gone' | 'alone';

/** Brings files to their paths in the folder. What is on disk is only ever moved there, never replaced. */
export class Arrival {
  private readonly options: ArrivalOptions;

  constructor(options: ArrivalOptions) {
    this.options = options;
  }

  /**
   * Makes the path of a file free for it, and brings it there from where it lay. Resolves to `again` when the disk or the
   * room has changed meanwhile, to `waits` when its path may be that of another file, to `gone` when it is missing and
   * that is not sure, and to `alone` when a file has to be moved and none may be. Rejects with WorkspaceError.
   */
  async arrive(coming: Coming): Promise<Arrived> {
    const { bases, means } = this.options;
    const { file, waiting, visit } = coming;
    await resolveInside(means.root, file.path);
    const ownerId = await findOwner(means.root, file.path, bases);
    const isFree = ownerId === undefined || ownerId === file.fileId;
    if (!coming.isAlone && (!isFree || bases.has(file.fileId))) return 'alone';
    if (isFree) return this.moveHere(coming);
    if (!waiting.has(ownerId)) {
      const outcome = await visit(ownerId);
      if ((await findOwner(means.root, file.path, bases)) !== ownerId) return 'again';
      if (outcome === 'done') this.assertLeaves(ownerId, file);
      return outcome === 'waits' ? 'waits' : 'again';
    }
    if (!(await this.park(ownerId, file.fileId))) return 'again';
    try {
      return await this.moveHere(coming);
    } catch (error) {
      // It waits for its own path elsewhere; until that can be had it is better off here.
      if (bases.has(ownerId)) await this.options.moves.move(ownerId, file.path);
      throw error;
    }
  }

  /** Moves what lies at a path out of the way of a file that comes there. The person is told by `SetAsides.tell`. */
  async setAside({ fileId, path }: SharedFile): Promise<void> {
    const { nowMs, means, setAsides } = this.options;
    const aside = await freeLocalCopy(means.root, path, nowMs());
    const from = await resolveInside(means.root, path);
    const to = await resolveInside(means.root, aside);
    await setAsides.begin({ fileId, path, aside });
    const folders = await moveFile({ from, to, path }, means);
    if (!folders) return setAsides.forget(aside);
    setAsides.add({ fileId, path, aside });
    try {
      await means.durability.syncFolders(folders);
    } catch (error) {
      throw toWorkspaceError(error, path, 'rename');
    }
  }

  private async moveHere(coming: Coming): Promise<Arrived> {
    const { bases, files, means, moves, onLeft } = this.options;
    const { file, waiting } = coming;
    const { fileId } = file;
    const noted = bases.get(fileId);
    if (!noted) return 'here';
    const [from, to] = [await resolveInside(means.root, noted.path), await resolveInside(means.root, file.path)];
    const here = await this.readOwn(noted);
    if (here.kind === 'missing') return this.follow(coming, noted);
    const base = this.adoptSaved(fileId, noted, here);
    if (isNested(base.path, file.path)) return this.moveNested(coming, base);
    const there = await this.read(to, file.path);
    if (!this.isKnown(fileId, here)) {
      // Bases may be older than the disk, as when a copy of this device's data was put back.
      if (there.kind === 'text' && there.hash === base.hash) {
        bases.set(fileId, { ...base, path: file.path });
        onLeft(base.path);
        return 'here';
      }
      if (this.isOthers(base.path, waiting)) {
        bases.delete(fileId);
        return 'here';
      }
    }
    const isOtherCase = from !== to && (await isSameFile(from, to));
    if (there.kind !== 'missing' && !isOtherCase) await this.setAside(file);
    if (!(await moves.move(fileId, file.path))) return 'again';
    if (isOtherCase) await respellFolders(file.path, files, means);
    return 'here';
  }

  /** Of two files at home at what is one path on this disk, only one can be there. */
  private assertLeaves(ownerId: string, { path }: SharedFile): void {
    const { bases, files } = this.options;
    const homePath = files.get(ownerId)?.path;
    if (homePath === undefined || homePath === path || homePath !== bases.pathFor(ownerId)) return;
    const message = `"${path}" cannot be put into the folder: its disk takes that name and "${homePath}" for one. Rename either in the room.`;
    throw new WorkspaceError('name-taken', path, message);
  }

  /** A file that has gone from where it lay may be at its new path already. */
  private async follow({ file, isGoneForSure }: Coming, base: MirrorBase): Promise<'here' | 'gone'> {
    const { bases, means } = this.options;
    const there = await this.read(await resolveInside(means.root, file.path), file.path);
    const isParked = isOwnFile(base.path.slice(base.path.lastIndexOf('/') + 1));
    if (there.kind === 'missing' && !isParked && !isGoneForSure) return 'gone';
    const isStranger = there.kind === 'text' && there.hash !== base.hash;
    // Where nobody knows it to be, its going is no deletion: it is written again, or meets what is there.
    if (isStranger || (isParked && there.kind === 'missing')) bases.delete(file.fileId);
    else bases.set(file.fileId, { ...base, path: file.path });
    return 'here';
  }

  /** One of the two paths is a folder of the other: the file has to be out of the way before its new place can be made. */
  private async moveNested(coming: Coming, base: MirrorBase): Promise<Arrived> {
    const { moves } = this.options;
    const { fileId, path } = coming.file;
    const outer = base.path.length < path.length ? base.path : path;
    if (!(await moves.park(fileId, outer))) return 'again';
    try {
      return await this.moveHere(coming);
    } catch (error) {
      await moves.move(fileId, base.path);
      throw error;
    }
  }

  /**
   * Moves a file out of the way of one that comes to its path, and for whose path it waits itself: the two are changing
   * places. Resolves to false when it has to be looked at again.
   */
  private async park(fileId: string, comingId: string): Promise<boolean> {
    const { bases, moves } = this.options;
    const base = bases.get(fileId);
    if (!base) return true;
    const disk = await this.readOwn(base);
    if (!this.isKnown(fileId, disk) && !(await this.isAtHome(comingId))) {
      // Either may be the other. Both are written again from the room, and what is there is kept beside them.
      bases.delete(fileId);
      bases.delete(comingId);
      return true;
    }
    this.adoptSaved(fileId, base, disk);
    if (disk.kind !== 'missing') return moves.park(fileId, base.path);
    // It is written again as well: in the midst of this nobody can tell whether it was deleted.
    bases.delete(fileId);
    return true;
  }

  /** Whether what is at a file's own path is surely that file. */
  private async isAtHome(fileId: string): Promise<boolean> {
    const base = this.options.bases.get(fileId);
    if (!base) return false;
    const disk = await this.readOwn(base);
    return disk.kind !== 'missing' && this.isKnown(fileId, disk);
  }

  /** Whether a text on disk is the one that was last written or taken from there. */
  private isKnown(fileId: string, disk: DiskFile): boolean {
    const { bases } = this.options;
    if (disk.kind !== 'text') return true;
    return [bases.get(fileId)?.hash, bases.savingOf(fileId)?.hash].includes(disk.hash);
  }

  /** What was written when the process ended is what disk and room agree on: see `savingOf`. */
  private adoptSaved(fileId: string, base: MirrorBase, disk: DiskFile): MirrorBase {
    const { bases } = this.options;
    const saving = bases.savingOf(fileId);
    if (disk.kind !== 'text' || saving?.hash !== disk.hash) return base;
    const saved = { ...saving, path: base.path };
    bases.set(fileId, saved);
    return saved;
  }

  /** Whether a file that is at no known path belongs to this one. */
  private isOthers(path: string, waiting: ReadonlySet<string>): boolean {
    const { bases, files } = this.options;
    return files.files.some(
      ({ fileId, path: listed }) => listed === path && !bases.has(fileId) && !waiting.has(fileId),
    );
  }

  private read(absolutePath: string, path: string): Promise<DiskFile> {
    return readDiskFile(absolutePath, { root: this.options.means.root, path, maxBytes: MAX_SHARED_TEXT_BYTES });
  }

  /** Reads where a file was last: a folder in its place is how a deleted file looks, too. */
  private async readOwn({ path }: MirrorBase): Promise<DiskFile> {
    try {
      return await this.read(await resolveInside(this.options.means.root, path), path);
    } catch (error) {
      if (error instanceof WorkspaceError && error.code === 'name-taken') return { kind: 'missing' };
      throw error;
    }
  }
}

function isNested(a: string, b: string): boolean {
  const [left, right] = [comparablePath(a), comparablePath(b)];
  return left.startsWith(`${right}/`) || right.startsWith(`${left}/`);
}
