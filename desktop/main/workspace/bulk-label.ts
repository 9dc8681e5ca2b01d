import type { GitState } from './git-state.ts';

/** Two looks at what Git has done to a folder. */
export interface GitChange {
  readonly before: GitState;
  readonly after: GitState;
  /** What Git noted of HEAD in between, oldest first. */
  readonly headLog: readonly string[];
  /** The branch that is being rebased, while one is. */
  readonly rebasedBranch: string | undefined;
}

const MAX_LABEL_LENGTH = 200;
const SHORT_COMMIT_LENGTH = 7;
/** What is noted of HEAD that leaves the files as they were. */
const LEAVES_FILES = /^(?:commit|branch|clone|initial)\b/i;

/** What Git did to the files of a folder, in words; undefined when it did nothing to them. */
export function describeGitChange(change: GitChange): string | undefined {
  const label = describe(change);
  // A branch may be called anything.
  return label && [...label.replace(/\p{Cc}/gu, ' ')].slice(0, MAX_LABEL_LENGTH).join('');
}

function describe({ before, after, headLog, rebasedBranch }: GitChange): string | undefined {
  const acts = headLog.filter((entry) => !LEAVES_FILES.test(entry));
  if (after.operation === 'rebase' || acts.some((entry) => entry.startsWith('rebase'))) {
    const branch = rebasedBranch ?? after.branch;
    return branch === undefined ? 'Rebased' : `Rebased ${branch}`;
  }
  if (before.branch !== after.branch || isDetachedMove(before, after)) return describeSwitch(after);
  if (after.stashLogBytes > before.stashLogBytes) return 'Stashed changes';
  if (after.stashLogBytes < before.stashLogBytes) return 'Applied a stash';
  const last = acts.at(-1);
  if (last !== undefined) return describeAct(last, after);
  if (after.operation !== undefined && after.operation !== before.operation) return describeOperation(after);
  return undefined;
}

/** A repository may keep no log. */
function isDetachedMove(before: GitState, after: GitState): boolean {
  return after.branch === undefined && after.commit !== undefined && before.commit !== after.commit;
}

function describeSwitch(after: GitState): string {
  if (after.branch !== undefined) return `Switched to branch ${after.branch}`;
  return `Switched to commit ${shortCommit(after)}`;
}

function describeAct(entry: string, after: GitState): string {
  const where = after.branch ?? shortCommit(after);
  const merged = /^merge (.+?):/.exec(entry)?.[1];
  if (merged !== undefined) return `Merged ${merged} into ${where}`;
  if (entry.startsWith('reset:')) return `Reset ${where} to ${shortCommit(after)}`;
  if (entry.startsWith('pull')) return `Pulled into ${where}`;
  if (entry.startsWith('cherry-pick')) return `Cherry-picked onto ${where}`;
  if (entry.startsWith('revert')) return `Reverted a commit on ${where}`;
  if (entry.startsWith('am')) return `Applied patches to ${where}`;
  return `Moved ${where} to ${shortCommit(after)}`;
}

function describeOperation(after: GitState): string {
  const where = after.branch ?? shortCommit(after);
  if (after.operation === 'merge') return `Merged into ${where}`;
  if (after.operation === 'cherry-pick') return `Cherry-picked onto ${where}`;
  return `Reverted a commit on ${where}`;
}

function shortCommit({ commit = '' }: GitState): string {
  return commit.slice(0, SHORT_COMMIT_LENGTH);
}
