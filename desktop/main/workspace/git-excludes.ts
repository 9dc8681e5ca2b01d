import { join, relative, sep } from 'node:path';
import ignore from 'ignore';
import { currentGitUser, findExcludesFile, type GitUser } from './git-config.ts';
import { findGitFolder, readSmallFile } from './git-state.ts';
import { anchorPatterns, IGNORE_FILE, isExactCase } from './ignore-patterns.ts';

const MAX_RULES_BYTES = 1024 * 1024;

/**
 * What Git leaves out of a folder by rules that are not in it: those of the person, those of the repository that are
 * nobody else's, and those in folders above it.
 */
export class GitExcludes {
  private readonly root: string;
  private readonly user: GitUser;
  private patterns: readonly string[] = [];
  private matcher: ignore.Ignore | undefined;
  /** The folder as its repository names it, with a slash at the end; '' when it is the whole. */
  private prefix = '';

  /** `root` is a real path. */
  constructor(root: string, user: GitUser = currentGitUser()) {
    this.root = root;
    this.user = user;
  }

  /** Reads the rules afresh. Resolves to whether they changed. What cannot be read leaves nothing out. */
  async read(): Promise<boolean> {
    const { signature } = this;
    const git = await findGitFolder(this.root);
    const above = git ? relative(git.workTree, this.root).split(sep).join('/') : '';
    this.prefix = above === '' ? '' : `${above}/`;
    this.patterns = git
      ? [
          ...(await readPatterns(await findExcludesFile(git, this.user), '')),
          ...(await readPatterns(join(git.commonDir, 'info', 'exclude'), '')),
          ...(await readPatternsAbove(git.workTree, above)),
        ]
      : [];
    const matcher = ignore({ ignorecase: !isExactCase, allowRelativePaths: true }).add(this.patterns);
    // Whoever opens a folder that is left out itself wants what is in it.
    this.matcher = this.prefix !== '' && matcher.ignores(this.prefix) ? undefined : matcher;
    return this.signature !== signature;
  }

  /** The same as long as the rules are. */
  get signature(): string {
    return [this.prefix, ...this.patterns].join('\n');
  }

  /** `path` is relative to the folder; that of a folder ends in a slash. */
  ignores(path: string): boolean {
    return this.matcher?.ignores(this.prefix + path) ?? false;
  }
}

async function readPatternsAbove(workTree: string, above: string): Promise<readonly string[]> {
  const patterns: string[] = [];
  const segments = above === '' ? [] : above.split('/');
  for (let depth = 0; depth < segments.length; depth++) {
    const folder = segments.slice(0, depth).join('/');
    patterns.push(...(await readPatterns(join(workTree, folder, IGNORE_FILE), folder)));
  }
  return patterns;
}

async function readPatterns(path: string, folder: string): Promise<readonly string[]> {
  const text = await readSmallFile(path, 0, MAX_RULES_BYTES);
  return text === undefined ? [] : anchorPatterns(folder, text);
}
