import { rebaseOver, type SharedFile, type TextEdit } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import type { DiskRest } from './disk-rest.ts';
import { hasRoomChangedFormat, isSameFormat } from './format-changes.ts';
import { areComparedAtOnce, type MergeThread, rebaseHurriedly } from './merge-thread.ts';
import type { MirrorBase, SharedFiles } from './shared-files.ts';
import type { DiskFile } from './text-file.ts';
import { notKept } from './workspace-error.ts';

export interface DiskEditsOptions {
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly merges: MergeThread;
  readonly rest: Pick<DiskRest, 'restored'>;
}

/** What was changed on disk, in a text that whoever did so had before. */
interface OwnEdits {
  readonly before: string;
  readonly edits: readonly TextEdit[];
}

/** Edits that count in this text. */
interface Rebased {
  readonly text: string;
  readonly edits: readonly TextEdit[];
}

/** Where the room goes on changing a text, it is compared so many times before less detail has to do. */
const MAX_ROUNDS = 3;

/** Takes what was changed in a text on disk into the room. */
export class DiskEdits {
  private readonly options: DiskEditsOptions;

  constructor(options: DiskEditsOptions) {
    this.options = options;
  }

  /**
   * Resolves to `again` when the file has to be looked at again; nothing was taken then. `known`: of what was written on
   * disk, others had written all or some into the room. Rejects with WorkspaceError.
   */
  async take(file: SharedFile, disk: Extract<DiskFile, { kind: 'text' }>): Promise<'done' | 'known' | 'again'> {
    const { files, bases, rest } = this.options;
    const { fileId } = file;
    const base = this.findBase(fileId, disk.hash);
    if (!base) return 'again';
    const own = await this.findOwn(fileId, base.text, disk.text);
    const rebased = await this.rebase(fileId, own);
    // Nothing may be waited for any more: edits and base are kept in one step, or neither.
    if (this.findBase(fileId, disk.hash)?.hash !== base.hash || !files.get(fileId)) return 'again';
    if (files.readText(fileId) !== rebased.text) return 'again';
    if (!files.canKeep(fileId)) throw notKept(file.path);
    if (rebased.edits.length > 0) files.applyEdits(fileId, rebased.edits);
    if (!isSameFormat(disk, file) && !hasRoomChangedFormat(file, base)) files.update(fileId, disk.format);
    bases.set(fileId, { path: bases.pathFor(fileId) ?? base.path, hash: disk.hash, text: disk.text });
    rest.restored.saved(fileId, disk.text);
    return insertedLength(rebased) < insertedLength(own) ? 'known' : 'done';
  }

  /**
   * Takes what a file that was replaced by the room's text was changed to afterwards, from what it had then. As above
   * else.
   */
  async takeLate(file: SharedFile, before: string, after: string): Promise<'done' | 'again'> {
    const { files, merges } = this.options;
    const { fileId } = file;
    const own = { before, edits: await merges.compare(before, after) };
    const { text, edits } = await this.rebase(fileId, own);
    if (!files.get(fileId) || files.readText(fileId) !== text) return 'again';
    if (!files.canKeep(fileId)) throw notKept(file.path);
    if (edits.length > 0) files.applyEdits(fileId, edits);
    return 'done';
  }

  /**
   * What a file was changed by to be `after`. Right after it was written again, that may come from what it was when it was
   * deleted: else what others did meanwhile, and whoever makes it anew has never seen, would count as deleted.
   */
  private async findOwn(fileId: string, agreed: string, after: string): Promise<OwnEdits> {
    const { merges, rest } = this.options;
    let nearest = { before: agreed, edits: await merges.compare(agreed, after) };
    for (const before of rest.restored.knownTexts(fileId)) {
      const older = { before, edits: await merges.compare(before, after) };
      if (lengthOf(older) < lengthOf(nearest)) nearest = older;
    }
    return nearest;
  }

  /** Moves edits onto the text that the room has by then, all of which is kept on this device. */
  private async rebase(fileId: string, own: OwnEdits): Promise<Rebased> {
    const { files, merges } = this.options;
    for (let round = 0; ; round++) {
      await files.whenKept(fileId);
      const text = files.readText(fileId);
      if (round >= MAX_ROUNDS || areComparedAtOnce(own.before, text)) {
        return { text, edits: rebaseHurriedly(own.before, text, own.edits) };
      }
      const others = await merges.compare(own.before, text);
      await files.whenKept(fileId);
      if (files.readText(fileId) === text) return { text, edits: rebaseOver(own.edits, others) };
    }
  }

  /** What was written when the process ended is this device's own. */
  private findBase(fileId: string, diskHash: string): MirrorBase | undefined {
    const { bases } = this.options;
    const saving = bases.savingOf(fileId);
    return saving?.hash === diskHash ? saving : bases.get(fileId);
  }
}

function lengthOf({ edits }: OwnEdits): number {
  return edits.reduce((sum, { deleteLength, insert }) => sum + deleteLength + insert.length, 0);
}

function insertedLength({ edits }: { readonly edits: readonly TextEdit[] }): number {
  return edits.reduce((sum, { insert }) => sum + insert.length, 0);
}
