import type { BaseIndex } from './base-index.ts';
import { type DiskMeans, freeLocalCopy } from './disk-changes.ts';
import type { DiskEdits } from './disk-edits.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import { resolveInside } from './path-guard.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { ReplacedFile, ReplacedFiles } from './replaced-files.ts';
import type { SharedFiles } from './shared-files.ts';
import { hasLostEnd } from './disk-rest.ts';
import { MAX_SHARED_TEXT_BYTES, saveFile } from './text-file.ts';
import { decodeText } from './text-format.ts';

export interface LateSavesOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly policy: MirrorPolicy;
  readonly problems: ProblemBoard;
  readonly replaced: ReplacedFiles;
  readonly edits: DiskEdits;
  readonly nowMs: () => number;
}

/** Takes what other programs have written to files that were replaced under them into the room, or keeps it beside them. */
export class LateSaves {
  private readonly options: LateSavesOptions;

  constructor(options: LateSavesOptions) {
    this.options = options;
  }

  /** `isLast`: nobody looks any more afterwards. Rejects with WorkspaceError when something can be put nowhere. */
  take(isLast: boolean): Promise<void> {
    return this.options.replaced.take((file, bytes) => this.takeOne(file, bytes, isLast), { isLast });
  }

  private async takeOne(replaced: ReplacedFile, bytes: Uint8Array<ArrayBuffer>, isLast: boolean): Promise<boolean> {
    const { files, policy, edits } = this.options;
    const { fileId } = replaced;
    const decoded = decodeText(bytes);
    const file = files.get(fileId);
    const isWelcome = file?.kind === 'text' && policy.takesEdits(fileId) && bytes.length <= MAX_SHARED_TEXT_BYTES;
    if (!isWelcome || decoded.kind !== 'text') return this.keepAside(replaced, bytes);
    if (decoded.text === replaced.text) return true;
    // Half of a save would delete the other half for everybody.
    if (isLast && hasLostEnd(replaced.text, decoded.text)) return this.keepAside(replaced, bytes);
    if ((await edits.takeLate(file, replaced.text, decoded.text)) === 'again') return false;
    replaced.text = decoded.text;
    return true;
  }

  private async keepAside(replaced: ReplacedFile, bytes: Uint8Array): Promise<boolean> {
    const { means, nowMs, problems, files } = this.options;
    const { fileId } = replaced;
    const path = files.get(fileId)?.path ?? replaced.path;
    replaced.aside ??= await freeLocalCopy(means.root, path, nowMs());
    const absolutePath = await resolveInside(means.root, replaced.aside);
    await saveFile(absolutePath, bytes, { path: replaced.aside, writes: means.writes });
    problems.tell({
      id: `late:${fileId}`,
      severity: 'warning',
      path,
      title: `${path} was saved by another program while Tutti replaced it.`,
      detail: `What that program has written is beside it as ${replaced.aside}.`,
    });
    return true;
  }
}
