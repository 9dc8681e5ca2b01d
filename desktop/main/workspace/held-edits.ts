import type { SharedFile } from '../../../shared/workspace/index.ts';
import type { Arrival } from './arrival.ts';
import type { BaseIndex } from './base-index.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import type { MirrorBase, SharedFiles } from './shared-files.ts';
import type { DiskFile } from './text-file.ts';
import { notKept } from './workspace-error.ts';

export interface HeldEditsOptions {
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly policy: MirrorPolicy;
  readonly arrival: Arrival;
}

/** What becomes of a text that was changed on disk where that may not go into the room. */
export class HeldEdits {
  private readonly options: HeldEditsOptions;

  constructor(options: HeldEditsOptions) {
    this.options = options;
  }

  /**
   * The change stays in the file until the room has another text for it; then it is kept beside it. Resolves to `again`
   * when the file has to be written now. Rejects with WorkspaceError, `not-kept` where the room's text may be lost: what is
   * on disk may be all that there is of it.
   */
  async keep(file: SharedFile, base: MirrorBase, disk: Extract<DiskFile, { kind: 'text' }>): Promise<'done' | 'again'> {
    const { files, bases, policy, arrival } = this.options;
    const { fileId } = file;
    const text = files.readText(fileId);
    const saving = bases.savingOf(fileId);
    // What was written when the process ended is this device's own.
    const agreed = saving?.hash === disk.hash ? saving.text : text === disk.text ? text : undefined;
    if (agreed !== undefined) {
      if (!files.canKeep(fileId)) throw notKept(file.path);
      bases.set(fileId, { path: base.path, hash: disk.hash, text: agreed });
      policy.releaseFile(fileId);
      return text === agreed ? 'done' : 'again';
    }
    policy.holdFile(fileId);
    if (text === base.text) return 'done';
    if (!files.canKeep(fileId)) throw notKept(file.path);
    await arrival.setAside(file);
    bases.delete(fileId);
    policy.releaseFile(fileId);
    return 'again';
  }
}
