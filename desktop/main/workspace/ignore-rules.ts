import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ignore from 'ignore';
import { GitExcludes } from './git-excludes.ts';
import { anchorPatterns, IGNORE_FILE, isExactCase } from './ignore-patterns.ts';
import { isOwnFile } from './own-files.ts';
import { errnoOf, WorkspaceError } from './workspace-error.ts';

export { IGNORE_FILE };

const MAX_IGNORE_FILE_BYTES = 1024 * 1024;

/** Names of folders that stay out with all below them, whatever the rules say. */
export const LEFT_OUT_FOLDERS: readonly string[] = ['.git', 'node_modules'];

/**
 * Which files of a folder stay out of the room: those that its .gitignore files name at any level, those
 * that Git leaves out by rules kept elsewhere, Git's own, what a package manager installed in node_modules, and those of
 * this device alone: see {@link isOwnFile}. Paths are relative to the folder, with `/`.
 */
export class IgnoreRules {
  private readonly rootRealPath: string;
  private readonly patterns = new Map<string, readonly string[]>();
  private readonly matchers = new Map<string, ignore.Ignore>();
  private readonly excludes: GitExcludes;

  constructor(rootRealPath: string, excludes = new GitExcludes(rootRealPath)) {
    this.rootRealPath = rootRealPath;
    this.excludes = excludes;
  }

  /** Reads the rules of one folder, '' for the root, afresh. Resolves to whether they changed. Rejects with WorkspaceError. */
  async readFolder(folder: string): Promise<boolean> {
    const hasOtherExcludes = folder === '' && (await this.excludes.read());
    const text = await readRules(join(this.rootRealPath, folder, IGNORE_FILE), folder);
    const next = text === undefined ? [] : anchorPatterns(folder, text);
    const previous = this.patterns.get(folder) ?? [];
    if (next.length === previous.length && next.every((pattern, index) => pattern === previous[index])) {
      return hasOtherExcludes;
    }
    if (next.length === 0) this.patterns.delete(folder);
    else this.patterns.set(folder, next);
    this.matchers.clear();
    return true;
  }

  ignores(path: string, isFolder: boolean): boolean {
    if (path === '') return false;
    const segments = path.split('/');
    if (segments.some((segment) => segment.toLowerCase() === '.git' || isOwnFile(segment))) return true;
    const folders = isFolder ? segments : segments.slice(0, -1);
    if (folders.some((segment) => LEFT_OUT_FOLDERS.includes(segment))) return true;
    const slash = path.lastIndexOf('/');
    const tested = isFolder ? `${path}/` : path;
    // What is in the folder goes before what is said of it elsewhere.
    const { ignored, unignored } = this.matcherFor(slash < 0 ? '' : path.slice(0, slash)).test(tested);
    return ignored || (!unignored && this.excludes.ignores(tested));
  }

  /** All levels in one matcher: the last pattern that matches wins, so the deeper file's come later. */
  private matcherFor(folder: string): ignore.Ignore {
    const known = this.matchers.get(folder);
    if (known) return known;
    const patterns = this.patterns.get(folder);
    const parent = folder === '' ? undefined : this.matcherFor(folder.slice(0, Math.max(0, folder.lastIndexOf('/'))));
    const matcher =
      parent && !patterns
        ? parent
        : ignore({ ignorecase: !isExactCase, allowRelativePaths: true })
            .add(parent ?? [])
            .add(patterns ?? []);
    this.matchers.set(folder, matcher);
    return matcher;
  }
}

async function readRules(absolutePath: string, folder: string): Promise<string | undefined> {
  try {
    const stats = await lstat(absolutePath);
    // Git does not follow a linked .gitignore either.
    if (!stats.isFile() || stats.size > MAX_IGNORE_FILE_BYTES) return undefined;
    return await readFile(absolutePath, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return undefined;
    const path = folder === '' ? IGNORE_FILE : `${folder}/${IGNORE_FILE}`;
    const message = `"${path}" could not be read, so that nobody knows what it leaves out: nothing new beside and below it is shared. Change its permissions, then retry.`;
    throw new WorkspaceError('rules-unreadable', path, message, { cause: error });
  }
}
