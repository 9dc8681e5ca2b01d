import { type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** What Git had done to a folder when it was looked at; plain data, so that it can be kept. */
export interface GitState {
  /** Tells the repository from others. */
  readonly gitDir: string;
  /** Undefined while no branch is checked out, and where there is no repository. */
  readonly branch: string | undefined;
  /** Undefined before the first commit. */
  readonly commit: string | undefined;
  /** What is under way, such as a merge that met conflicts. */
  readonly operation: GitOperation | undefined;
  /** Sizes of the logs that Git keeps of HEAD and of the stash; 0 when there is none. */
  readonly headLogBytes: number;
  readonly stashLogBytes: number;
  /** When HEAD and the stash may have changed last, by the clock of the file system. */
  readonly headMs: number;
  readonly stashMs: number;
}

export const GIT_OPERATIONS = ['merge', 'rebase', 'cherry-pick', 'revert'] as const;
export type GitOperation = (typeof GIT_OPERATIONS)[number];

/** Where a repository keeps what belongs to a folder. */
export interface GitFolder {
  /** Real path of the folder that is under version control. */
  readonly workTree: string;
  /** What belongs to this working tree alone. */
  readonly gitDir: string;
  /** What its working trees share; mostly the same folder. */
  readonly commonDir: string;
}

const MAX_SMALL_BYTES = 64 * 1024;
const MAX_PACKED_REFS_BYTES = 16 * 1024 * 1024;
const BRANCH_PREFIX = 'refs/heads/';
const OPERATIONS: readonly (readonly [string, GitOperation])[] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
];

/** The repository that a folder, given by its real path, is in; undefined when it is in none, or that cannot be read. */
export async function findGitFolder(folder: string): Promise<GitFolder | undefined> {
  for (let workTree = folder; ; workTree = dirname(workTree)) {
    const gitDir = await findGitDir(workTree);
    if (gitDir !== undefined) {
      const common = (await readSmallFile(join(gitDir, 'commondir')))?.trim();
      return { workTree, gitDir, commonDir: common ? resolve(gitDir, common) : gitDir };
    }
    if (dirname(workTree) === workTree) return undefined;
  }
}

/** What Git has done so far, read without running it. What cannot be read counts as missing. */
export async function readGitState({ gitDir, commonDir }: GitFolder): Promise<GitState> {
  const [head = '', operation, headFile, log, stash, logs] = await Promise.all([
    readSmallFile(join(gitDir, 'HEAD')),
    readOperation(gitDir),
    look(join(gitDir, 'HEAD')),
    look(headLog(gitDir)),
    look(join(commonDir, 'logs', 'refs', 'stash')),
    look(join(commonDir, 'logs', 'refs')),
  ]);
  const ref = /^ref: (\S+)/.exec(head)?.[1];
  const branch = ref?.startsWith(BRANCH_PREFIX) ? ref.slice(BRANCH_PREFIX.length) : undefined;
  const commit = ref === undefined ? readCommit(head) : await resolveRef(commonDir, ref);
  return {
    gitDir,
    branch,
    commit,
    operation,
    headLogBytes: log.bytes,
    stashLogBytes: stash.bytes,
    headMs: Math.max(headFile.changedMs, log.changedMs),
    // The log goes with the last entry.
    stashMs: Math.max(stash.changedMs, logs.changedMs),
  };
}

/** What Git noted of HEAD since its log had `fromBytes` bytes, oldest first, such as `checkout: moving from a to b`. */
export async function readHeadLog({ gitDir }: GitFolder, fromBytes: number): Promise<readonly string[]> {
  const { bytes } = await look(headLog(gitDir));
  if (bytes <= fromBytes) return [];
  const text = (await readSmallFile(headLog(gitDir), Math.max(fromBytes, bytes - MAX_SMALL_BYTES))) ?? '';
  return text.split('\n').flatMap((line) => {
    const tab = line.indexOf('\t');
    return tab < 0 ? [] : [line.slice(tab + 1)];
  });
}

/** The branch that is being rebased. */
export async function readRebasedBranch({ gitDir }: GitFolder): Promise<string | undefined> {
  for (const folder of ['rebase-merge', 'rebase-apply']) {
    const name = (await readSmallFile(join(gitDir, folder, 'head-name')))?.trim();
    if (name?.startsWith(BRANCH_PREFIX)) return name.slice(BRANCH_PREFIX.length);
  }
  return undefined;
}

/** Tells a lock on the index from every other; undefined while the index is free. */
export async function identifyIndexLock({ gitDir }: GitFolder): Promise<IndexLock | undefined> {
  try {
    const { ino, mtimeMs } = await lstat(join(gitDir, 'index.lock'));
    return { identity: `${ino}:${mtimeMs}`, madeMs: mtimeMs };
  } catch {
    return undefined;
  }
}

/** A lock that Git holds while it changes the working tree. */
export interface IndexLock {
  readonly identity: string;
  /** By the clock of the file system. */
  readonly madeMs: number;
}

/** Reads a file of Git's, from an offset on; undefined when it cannot be read. What is beyond the bound is left out. */
export async function readSmallFile(
  path: string,
  fromBytes = 0,
  maxBytes = MAX_SMALL_BYTES,
): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    if (!(await lstat(path)).isFile()) return undefined;
    file = await open(path, 'r');
    const length = Math.min(maxBytes, Math.max(0, (await file.stat()).size - fromBytes));
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, fromBytes);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

async function findGitDir(workTree: string): Promise<string | undefined> {
  const path = join(workTree, '.git');
  try {
    const stats = await lstat(path);
    const gitDir = stats.isDirectory() ? path : await readGitFile(path);
    // Some other folder may have this name.
    return gitDir !== undefined && (await lstat(join(gitDir, 'HEAD'))).isFile() ? gitDir : undefined;
  } catch {
    return undefined;
  }
}

/** Of a further working tree or a submodule. */
async function readGitFile(path: string): Promise<string | undefined> {
  const target = /^gitdir: (.+)/.exec((await readSmallFile(path)) ?? '')?.[1]?.trim();
  if (target === undefined) return undefined;
  return isAbsolute(target) ? target : resolve(dirname(path), target);
}

async function readOperation(gitDir: string): Promise<GitOperation | undefined> {
  const found = await Promise.all(OPERATIONS.map(([name]) => exists(join(gitDir, name))));
  return OPERATIONS.find((_operation, position) => found[position])?.[1];
}

async function resolveRef(commonDir: string, ref: string): Promise<string | undefined> {
  // A name with dots could lead anywhere.
  if (ref.split('/').includes('..')) return undefined;
  const loose = readCommit((await readSmallFile(join(commonDir, ref))) ?? '');
  if (loose !== undefined) return loose;
  const packed = (await readSmallFile(join(commonDir, 'packed-refs'), 0, MAX_PACKED_REFS_BYTES)) ?? '';
  const end = packed.indexOf(` ${ref}\n`);
  return end < 0 ? undefined : readCommit(packed.slice(packed.lastIndexOf('\n', end) + 1, end));
}

function readCommit(text: string): string | undefined {
  return /^[0-9a-f]{40,64}/.exec(text)?.[0];
}

function headLog(gitDir: string): string {
  return join(gitDir, 'logs', 'HEAD');
}

async function look(path: string): Promise<{ readonly bytes: number; readonly changedMs: number }> {
  try {
    const stats = await lstat(path);
    return { bytes: stats.isFile() ? stats.size : 0, changedMs: stats.mtimeMs };
  } catch {
    return { bytes: 0, changedMs: 0 };
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
