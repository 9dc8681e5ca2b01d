import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { TurnBudget } from './turn-budget.ts';

const LONGEST_SEARCH_MS = 5_000;
/** How a file is called that has no name any more, on a network or in a user's file system too. */
const WITHOUT_NAME = / \(deleted\)$|\/\.(nfs|fuse_hidden)[^/]*$/;

export interface OpenElsewhere {
  /** Those that another program of this user has open, for sure. */
  readonly open: ReadonlySet<string>;
  /** None of the others is open in a program of this user that can be seen. */
  readonly isComplete: boolean;
}

/** Finds out which files that have no name any more, as `device:inode`, other programs have open. */
export type FindOpenElsewhere = (fileKeys: ReadonlySet<string>) => Promise<OpenElsewhere>;

/**
 * Asks Linux, which tells of programs of this user; on another system, or when it takes too long, the answer is not complete.
 * Goes through all that is open on the device: some 8 ms of work for 1,000 open files.
 */
export const findOpenElsewhere: FindOpenElsewhere = async (fileKeys) => {
  const open = new Set<string>();
  if (process.platform !== 'linux') return { open, isComplete: false };
  const budget = new TurnBudget();
  const startedMs = performance.now();
  for (const pid of namesIn('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const folder = `/proc/${pid}/fd`;
    for (const descriptor of namesIn(folder)) {
      const key = keyOf(`${folder}/${descriptor}`);
      if (key !== undefined && fileKeys.has(key)) open.add(key);
      await budget.pause();
      if (performance.now() - startedMs > LONGEST_SEARCH_MS) return { open, isComplete: false };
    }
  }
  return { open, isComplete: true };
};

/** Empty for what may not be looked at, or has just ended. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Undefined for a file that has its name: to look at that could wait for a server. */
function keyOf(link: string): string | undefined {
  try {
    if (!WITHOUT_NAME.test(readlinkSync(link))) return undefined;
    const { dev, ino } = statSync(link, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    // It was closed meanwhile.
    return undefined;
  }
}
