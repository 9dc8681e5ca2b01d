import type { SharedFile } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import { type DiskMeans, writeBytes } from './disk-changes.ts';
import type { ExecutableBits } from './executable-bits.ts';
import { encodeOver, type Replaced } from './format-changes.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import type { ReplacedFiles } from './replaced-files.ts';
import type { SharedFiles } from './shared-files.ts';
import { hashBytes } from './text-format.ts';
import { notKept } from './workspace-error.ts';

export interface TextWritesOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly bits: ExecutableBits;
  readonly policy: MirrorPolicy;
  readonly replaced: ReplacedFiles;
}

/** Writes texts of the room to the disk. */
export class TextWrites {
  private readonly options: TextWritesOptions;

  constructor(options: TextWritesOptions) {
    this.options = options;
  }

  /**
   * Writes the text of a file in the place of what was read there; undefined where nothing was. Resolves to `again` when
   * the disk has changed meanwhile. Rejects with WorkspaceError.
   */
  async write(file: SharedFile, absolutePath: string, replaced: Replaced | undefined): Promise<'done' | 'again'> {
    const { files, bases, bits, means, policy, replaced: kept } = this.options;
    const { fileId, path } = file;
    policy.releaseFile(fileId);
    await files.whenKept(fileId);
    if (bases.pathFor(fileId) !== path) await bases.whenFree(path);
    if (!files.canKeep(fileId)) throw notKept(path);
    const text = files.readText(fileId);
    const bytes = encodeOver(text, file, replaced);
    const hash = hashBytes(bytes);
    if (hash === replaced?.hash) {
      // Not every text can be read from disk as it was written.
      bases.set(fileId, { path, hash, text });
      return 'done';
    }
    const executable = bits.wanted(file, absolutePath);
    const saving = { path, hash, text, executable };
    await bases.beginSave(fileId, saving);
    const target = { absolutePath, path, bytes, replaces: replaced?.hash, executable };
    const replace = () => writeBytes(target, means);
    const before = replaced?.text;
    const isWritten =
      before === undefined ? await replace() : await kept.keep(absolutePath, { fileId, path, text: before }, replace);
    if (!isWritten) return 'again';
    bases.set(fileId, saving);
    return 'done';
  }
}
