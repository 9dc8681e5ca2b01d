import { describeGitChange } from './bulk-label.ts';
import { findGitFolder, type GitState, readGitState, readHeadLog, readRebasedBranch } from './git-state.ts';

/** So many files that change together on disk are one event, whoever changed them. */
export const BULK_FILES = 20;
/** Git notes what it did only after it has changed the files, but no later than this before the change is noticed. */
const NOTED_BEFORE_MS = 5_000;

/** Keeps what was taken from disk together until it is known whether that was one act. */
export interface BulkLedger {
  /** Git as it was when the ledger was closed last; undefined when it never was. It outlives the mirror. */
  readonly git: GitState | undefined;
  /** How many files were changed from disk since the ledger was closed last, with those of `expectContent`. */
  readonly changedFiles: number;
  /** What is taken from now on is most likely part of one act: typing goes before it. */
  expectBulk(): void;
  /** A file was replaced by a content that is on its way to the relay, and belongs to what is taken now. */
  expectContent(fileId: string, blob: string): void;
  /** What was taken since the last time is one act of this name, or nothing in particular. */
  close(label: string | undefined, git: GitState | undefined): void;
  /** What was taken since the last time, in this process, belongs to nothing. */
  closeLoose(): void;
}

/** Tells changes of many files that were one act, such as a switch to another branch, from those that people make. */
export class BulkRecognition {
  private readonly folder: string;
  private readonly ledger: BulkLedger;
  private readonly nowMs: () => number;
  private sinceMs: number | undefined;

  /** `folder` is a real path. */
  constructor(folder: string, ledger: BulkLedger, nowMs: () => number) {
    this.folder = folder;
    this.ledger = ledger;
    this.nowMs = nowMs;
  }

  /** Something changed on disk; it is looked at later. */
  notice(): void {
    this.sinceMs ??= this.nowMs() - NOTED_BEFORE_MS;
  }

  /** Whether Git has done something to the files since the first notice that was not looked at yet. */
  async isGitAtWork(): Promise<boolean> {
    return (await this.describe())?.label !== undefined;
  }

  /** `paths` of the folder are about to be taken from disk. */
  async begin(paths: number): Promise<void> {
    if (paths >= BULK_FILES || (await this.isGitAtWork())) this.ledger.expectBulk();
  }

  /** All that belongs together was taken. What is shared for the first time is no act of its own. */
  async finish({ isFirst }: { readonly isFirst: boolean }): Promise<void> {
    const { ledger } = this;
    const described = await this.describe();
    this.sinceMs = undefined;
    const { changedFiles } = ledger;
    // What Git did is not noticed yet: the files of it come later.
    if (changedFiles === 0 && described?.label !== undefined) return ledger.close(undefined, undefined);
    const isMany = changedFiles >= BULK_FILES;
    const label = described?.label ?? (isMany ? `Changed ${changedFiles} files on disk` : undefined);
    ledger.close(changedFiles > 0 && !isFirst ? label : undefined, described?.after);
  }

  private async describe(): Promise<{ readonly label: string | undefined; readonly after: GitState } | undefined> {
    const git = await findGitFolder(this.folder);
    if (!git) return undefined;
    const after = await readGitState(git);
    const known = this.ledger.git;
    if (known?.gitDir !== after.gitDir) return { label: undefined, after };
    const before = withoutEarlier(known, after, this.sinceMs ?? 0);
    const headLog = await readHeadLog(git, before.headLogBytes);
    return { label: describeGitChange({ before, after, headLog, rebasedBranch: await readRebasedBranch(git) }), after };
  }
}

/** What Git did long before the files changed has nothing to do with them. */
function withoutEarlier(before: GitState, after: GitState, sinceMs: number): GitState {
  const { branch, commit, operation, headLogBytes, stashLogBytes } = after;
  return {
    ...before,
    ...(after.headMs < sinceMs ? { branch, commit, operation, headLogBytes } : {}),
    ...(after.stashMs < sinceMs ? { stashLogBytes } : {}),
  };
}
