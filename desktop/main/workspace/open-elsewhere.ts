import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { TurnBudget } from './turn-budget.ts';
import { errnoOf } from './workspace-error.ts';

const LONGEST_SEARCH_MS = 5_000;
/** What Linux calls the set of all processes. */
const WHOLE_SYSTEM = 'pid:[4026531836]';
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
 * Asks Linux, which tells of programs of this user; on another system, where programs hide what they have open or this one
 * cannot see them, or when it takes too long, the answer is not complete.
 * Goes through all that is open on the device: some 8 ms of work for 1,000 open files.
 */
export const findOpenElsewhere: FindOpenElsewhere = (fileKeys) => findOpenIn('/proc', fileKeys);

/** As {@link findOpenElsewhere}; `proc` is where the system tells of its processes. */
export async function findOpenIn(proc: string, fileKeys: ReadonlySet<string>): Promise<OpenElsewhere> {
  const open = new Set<string>();
  if (process.platform !== 'linux') return { open, isComplete: false };
  const budget = new TurnBudget();
  const startedMs = performance.now();
  const pids = namesIn(proc);
  let isComplete = pids !== undefined && seesAll(proc);
  for (const pid of pids ?? []) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const folder = `${proc}/${pid}/fd`;
    const descriptors = namesIn(folder);
    if (!descriptors && isOwn(`${proc}/${pid}`)) isComplete = false;
    for (const descriptor of descriptors ?? []) {
      const key = keyOf(`${folder}/${descriptor}`);
      if (key !== undefined && fileKeys.has(key)) open.add(key);
      await budget.pause();
      if (performance.now() - startedMs > LONGEST_SEARCH_MS) return { open, isComplete: false };
    }
  }
  return { open, isComplete };
}

/** Empty for a process that has just ended, undefined for what may not be looked at. */
function namesIn(folder: string): readonly string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (error) {
    return ['ENOENT', 'ESRCH'].includes(errnoOf(error)) ? [] : undefined;
  }
}

/** In a container there are only the programs in it. */
function seesAll(proc: string): boolean {
  try {
    return readlinkSync(`${proc}/self/ns/pid`) === WHOLE_SYSTEM;
  } catch {
    return false;
  }
}

/** Whether a process is one of this user. */
function isOwn(folder: string): boolean {
  try {
    return statSync(folder).uid === process.getuid?.();
  } catch {
    return false;
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
