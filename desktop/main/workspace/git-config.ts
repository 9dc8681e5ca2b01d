import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type GitFolder, readSmallFile } from './git-state.ts';

/** Where a person keeps what is theirs in every repository. */
export interface GitUser {
  readonly home: string;
  /** Mostly `~/.config`. */
  readonly configHome: string;
  /** In place of the files of both folders. */
  readonly globalConfig: string | undefined;
}

const MAX_CONFIG_BYTES = 1024 * 1024;
/** A file that includes another may be included itself. */
const MAX_INCLUDE_DEPTH = 5;

/** The person whom this process works for. */
export function currentGitUser(): GitUser {
  const home = homedir();
  const { XDG_CONFIG_HOME: configHome, GIT_CONFIG_GLOBAL: globalConfig } = process.env;
  return { home, configHome: configHome ? configHome : join(home, '.config'), globalConfig };
}

/** The file with patterns that a person leaves out of all their repositories, whether it is there or not. */
export async function findExcludesFile(git: GitFolder, user: GitUser): Promise<string> {
  const global = user.globalConfig
    ? [user.globalConfig]
    : [join(user.configHome, 'git', 'config'), join(user.home, '.gitconfig')];
  let found: string | undefined;
  // What comes later counts.
  for (const path of ['/etc/gitconfig', ...global, join(git.commonDir, 'config')]) {
    found = (await readExcludesFile(path, user, 0)) ?? found;
  }
  if (found === undefined) return join(user.configHome, 'git', 'ignore');
  const expanded = expandHome(found, user);
  return isAbsolute(expanded) ? expanded : resolve(git.workTree, expanded);
}

async function readExcludesFile(path: string, user: GitUser, depth: number): Promise<string | undefined> {
  const text = await readSmallFile(path, 0, MAX_CONFIG_BYTES);
  if (text === undefined) return undefined;
  let found: string | undefined;
  for (const { section, key, value } of readSettings(text)) {
    if (section === 'core' && key === 'excludesfile') found = value;
    if (section !== 'include' || key !== 'path' || depth >= MAX_INCLUDE_DEPTH) continue;
    found = (await readExcludesFile(resolve(dirname(path), expandHome(value, user)), user, depth + 1)) ?? found;
  }
  return found;
}

function* readSettings(
  text: string,
): Generator<{ readonly section: string; readonly key: string; readonly value: string }> {
  let section = '';
  for (const line of text.replaceAll(/\\\r?\n/g, '').split(/\r?\n/)) {
    const header = /^\s*\[([^\]"\s]+)(?:\s+"[^"]*")?\s*\](.*)$/.exec(line);
    // A section with a name of its own is another one.
    if (header) section = line.includes('"') ? '' : (header[1] ?? '').toLowerCase();
    const [, key, value] = /^\s*([A-Za-z][\w-]*)\s*=\s*(.*)$/.exec(header?.[2] ?? line) ?? [];
    if (key !== undefined && value !== undefined) yield { section, key: key.toLowerCase(), value: unquote(value) };
  }
}

/** Without quotes, escapes and what is only said about it. */
function unquote(value: string): string {
  let text = '';
  let isQuoted = false;
  for (let index = 0; index < value.length; index++) {
    const character = value[index] ?? '';
    if (character === '"') isQuoted = !isQuoted;
    else if (character === '\\') text += value[++index] ?? '';
    else if (!isQuoted && (character === '#' || character === ';')) break;
    else text += character;
  }
  return text.trim();
}

function expandHome(path: string, { home }: GitUser): string {
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path;
}
