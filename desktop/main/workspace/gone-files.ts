import type { BaseIndex } from './base-index.ts';
import { type DiskMeans, isThere } from './disk-changes.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import type { MovedTexts } from './moved-texts.ts';
import { resolveInside } from './path-guard.ts';
import { locateOnDisk } from './path-kind.ts';
import type { SharedFiles } from './shared-files.ts';
import type { SubMounts } from './sub-mounts.ts';
import { toWorkspaceError, WorkspaceError } from './workspace-error.ts';

export interface GoneFilesOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly policy: MirrorPolicy;
  readonly mounts: SubMounts;
  readonly moved: MovedTexts;
  /** Throws WorkspaceError when the folder itself is not there, so that nothing in it counts as deleted. */
  readonly assertFolder: () => Promise<void>;
  /** Nothing more is begun. */
  readonly isStopped: () => boolean;
}

/** Between so many, others have their turn. */
const FILES_AT_A_TIME = 100;

/** Removes files from the room that were deleted on disk, many in one step. */
export class GoneFiles {
  private readonly options: GoneFilesOptions;

  constructor(options: GoneFilesOptions) {
    this.options = options;
  }

  /**
   * Removes those that are missing on disk for sure and have not changed in the room since. Resolves to the others, which
   * are to be looked at one by one. Rejects with WorkspaceError when the folder is not there.
   */
  async remove(fileIds: readonly string[]): Promise<readonly string[]> {
    const others: string[] = [];
    for (let start = 0; start < fileIds.length && !this.options.isStopped(); start += FILES_AT_A_TIME) {
      others.push(...(await this.removeSome(fileIds.slice(start, start + FILES_AT_A_TIME))));
    }
    return others;
  }

  private async removeSome(fileIds: readonly string[]): Promise<readonly string[]> {
    const { files, bases, moved, assertFolder } = this.options;
    const missing = await Promise.all(fileIds.map((fileId) => this.findMissing(fileId)));
    await assertFolder();
    // From here on nothing is waited for.
    const removed = missing.filter((file) => file !== undefined && this.isStillMissing(file));
    const removedIds = removed.flatMap((file) => file?.fileId ?? []);
    for (const fileId of removedIds) {
      bases.delete(fileId);
      moved.forget(fileId);
    }
    if (removedIds.length > 0) files.remove(removedIds);
    return fileIds.filter((fileId) => !removedIds.includes(fileId));
  }

  private async findMissing(fileId: string): Promise<MissingFile | undefined> {
    const { files, bases, policy, mounts, means } = this.options;
    const file = files.get(fileId);
    if (file?.kind !== 'text' || bases.pathFor(fileId) !== file.path || !policy.takesRemoval(fileId)) return undefined;
    try {
      const { kind } = await locateOnDisk(means.root, file.path);
      if (kind !== 'missing') return undefined;
      const absolutePath = await resolveInside(means.root, file.path);
      await files.whenTextReady(fileId);
      await mounts.assert(file.path);
      await this.makeSafe(absolutePath, file.path);
      return { fileId, path: file.path, absolutePath };
    } catch (error) {
      // Whatever keeps it from being looked at is told when it is looked at alone.
      if (error instanceof WorkspaceError) return undefined;
      throw error;
    }
  }

  /** Else a loss of power may bring it back, when it would be new to the room. */
  private async makeSafe(absolutePath: string, path: string): Promise<void> {
    try {
      await this.options.means.durability.syncFile(absolutePath);
    } catch (error) {
      throw toWorkspaceError(error, path, 'read');
    }
  }

  private isStillMissing({ fileId, path, absolutePath }: MissingFile): boolean {
    const { files, bases, policy } = this.options;
    const base = bases.get(fileId);
    return (
      base?.path === path &&
      base.hash !== '' &&
      files.get(fileId)?.path === path &&
      files.canKeep(fileId) &&
      policy.takesRemoval(fileId) &&
      files.readText(fileId) === base.text &&
      !isThere(absolutePath)
    );
  }
}

interface MissingFile {
  readonly fileId: string;
  readonly path: string;
  readonly absolutePath: string;
}
