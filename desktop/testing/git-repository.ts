import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real repository, changed by the git of this machine. */
export class GitRepository {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes one with a first commit of these files on `main`, in an empty folder. */
  static async create(path: string, files: Readonly<Record<string, string>>): Promise<GitRepository> {
    const repository = new GitRepository(path);
    await repository.git('init', '--quiet', '--initial-branch=main', '.');
    await repository.git('config', 'user.name', 'Ana');
    await repository.git('config', 'user.email', 'ana@example.org');
    await repository.commit('first', files);
    return repository;
  }

  /** Writes files and commits everything. */
  async commit(message: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.write(files);
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--message', message);
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.path, path)), { recursive: true });
      await writeFile(join(this.path, path), content);
    }
  }

  /** Path and content of every file that Git does not ignore. */
  async contents(): Promise<Record<string, string>> {
    const listed = await this.git('ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate');
    const contents: Record<string, string> = {};
    for (const path of listed.split('\0').filter((name) => name !== '')) {
      const content = await readFile(join(this.path, path), 'utf8').catch(() => undefined);
      if (content !== undefined) contents[path] = content;
    }
    return contents;
  }

  /** Runs git; resolves to what it printed. */
  async git(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('git', [...args], {
      cwd: this.path,
      maxBuffer: 64 * 1024 * 1024,
      // Nothing of this machine's owner counts.
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
    });
    return stdout;
  }
}

/** So many source files of about 4 KB, all of which differ from one version to the other. */
export function sourceFiles(count: number, version: string): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_unused, file) => {
      const lines = Array.from({ length: 80 }, (_none, line) =>
        line % 8 === 3
          ? `export const value${line} = '${version} ${file}-${line}';`
          : `export function f${line}(x: number): number { return x + ${file * line}; }`,
      );
      return [`src/module-${file % 20}/file-${file}.ts`, `${lines.join('\n')}\n`];
    }),
  );
}
