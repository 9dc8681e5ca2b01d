import { createHash, type Hash } from 'node:crypto';
import { dirname } from 'node:path';
import type { BaseIndex } from './base-index.ts';
import { type DiskMeans, freeLocalCopy, makeFolder } from './disk-changes.ts';
import type { DiskEdits } from './disk-edits.ts';
import { type DiskHashes, type HashedFile, isUnchanged } from './disk-hashes.ts';
import { hasLostEnd } from './disk-rest.ts';
import type { ReplacedFile } from './kept-file.ts';
import type { LateContent } from './late-content.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import { resolveInside } from './path-guard.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { LossReason, ReplacedFiles } from './replaced-files.ts';
import type { SharedFiles } from './shared-files.ts';
import { MAX_SHARED_TEXT_BYTES, saveFile } from './text-file.ts';
import { decodeText } from './text-format.ts';
import { toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/** What is put beside a file gives way to whatever comes to its name meanwhile, so often. */
const MAX_ASIDE_ATTEMPTS = 5;

export interface LateSavesOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly policy: MirrorPolicy;
  readonly problems: ProblemBoard;
  readonly replaced: ReplacedFiles;
  readonly hashes: DiskHashes;
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
    const taker = {
      take: (file: ReplacedFile, content: LateContent) => this.takeOne(file, content),
      tellLost: (file: ReplacedFile, reason: LossReason) => this.tellLost(file, reason),
    };
    return this.options.replaced.take(taker, { isLast });
  }

  private async takeOne(replaced: ReplacedFile, content: LateContent): Promise<boolean> {
    const { files, policy, edits } = this.options;
    const { fileId, path } = replaced;
    const file = files.get(fileId);
    const isWelcome = file?.kind === 'text' && policy.takesEdits(fileId) && content.sizeBytes <= MAX_SHARED_TEXT_BYTES;
    if (!isWelcome) return this.keepAside(replaced, content);
    const bytes = await content.read().catch((error: unknown) => {
      throw toWorkspaceError(error, path, 'read');
    });
    const decoded = decodeText(bytes);
    if (decoded.kind !== 'text') return this.keepAside(replaced, content);
    if (decoded.text === replaced.text) return true;
    // Half of a save would delete the other half for everybody.
    if (content.isFinal && hasLostEnd(replaced.text, decoded.text)) return this.keepAside(replaced, content);
    if ((await edits.takeLate(file, replaced.text, decoded.text)) === 'again') return false;
    replaced.text = decoded.text;
    return true;
  }

  private async keepAside(replaced: ReplacedFile, content: LateContent): Promise<boolean> {
    const { problems, files } = this.options;
    const { fileId, aside: before } = replaced;
    const path = files.get(fileId)?.path ?? replaced.path;
    for (let attempt = 0; !(await this.tryAside(replaced, path, content)); attempt++) {
      if (attempt >= MAX_ASIDE_ATTEMPTS) throw cannotKeepAside(path);
    }
    const { aside } = replaced;
    const earlier =
      before && aside && before.path !== aside.path
        ? ` ${before.path} was changed since it was put there, and is left as it is.`
        : '';
    problems.tell({
      id: `late:${fileId}`,
      severity: 'warning',
      path,
      title: `${path} was saved by another program while Tutti replaced it.`,
      detail: `What that program has written is beside it as ${aside?.path ?? ''}.${earlier}`,
    });
    return true;
  }

  /** Resolves to false when something has come to the name meanwhile. */
  private async tryAside(replaced: ReplacedFile, path: string, content: LateContent): Promise<boolean> {
    const { means, nowMs } = this.options;
    const known = await this.findAside(replaced);
    const aside = known?.path ?? (await freeLocalCopy(means.root, path, nowMs()));
    const absolutePath = await resolveInside(means.root, aside);
    const folders = await makeFolder(dirname(absolutePath)).catch((error: unknown) => {
      throw toWorkspaceError(error, aside, 'write');
    });
    const hash = createHash('sha256');
    const hashed = hashing(content.chunks(), hash);
    const isStillWanted = () => isUnchanged(absolutePath, known?.file);
    if (!(await saveFile(absolutePath, hashed, { path: aside, writes: means.writes, isStillWanted }))) return false;
    replaced.aside = { path: aside, sha256: hash.digest('hex') };
    await means.durability.syncFolders(folders).catch((error: unknown) => {
      throw toWorkspaceError(error, aside, 'write');
    });
    return true;
  }

  /** Where it was kept before, and what is there now; undefined when somebody has changed that. */
  private async findAside({ aside }: ReplacedFile): Promise<KnownAside | undefined> {
    const { means, hashes } = this.options;
    if (!aside) return undefined;
    try {
      const file = await hashes.of(await resolveInside(means.root, aside.path), aside.path);
      return !file || file.sha256 === aside.sha256 ? { path: aside.path, file } : undefined;
    } catch (error) {
      // Whatever has come to its name, it is not what was put there.
      if (error instanceof WorkspaceError) return undefined;
      throw error;
    }
  }

  private tellLost({ fileId, path: pathThen }: ReplacedFile, reason: LossReason): void {
    const { problems, files } = this.options;
    const path = files.get(fileId)?.path ?? pathThen;
    const { title, detail } = LOSSES[reason];
    problems.tell({ id: `late-lost:${fileId}`, severity: 'warning', path, title: `${path} ${title}`, detail });
  }
}

const LOSSES = {
  unreadable: {
    title: 'may have been saved by another program while Tutti replaced it.',
    detail: 'If so, that cannot be read any more, and is neither in the file nor beside it. Save it there once more.',
  },
  'too-many': {
    title: 'is open in another program, which does not see that Tutti has replaced it.',
    detail:
      'Too many files are so for Tutti to follow them all: what that program writes from now on is lost. Have it open the file anew.',
  },
} as const satisfies Record<LossReason, { readonly title: string; readonly detail: string }>;

interface KnownAside {
  readonly path: string;
  /** Undefined when nothing is there any more. */
  readonly file: HashedFile | undefined;
}

async function* hashing(chunks: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

function cannotKeepAside(path: string): WorkspaceError {
  const message = `What another program has written to "${path}" could not be kept beside it: other files keep coming to its name. Retry when the folder rests.`;
  return new WorkspaceError('io', path, message);
}
