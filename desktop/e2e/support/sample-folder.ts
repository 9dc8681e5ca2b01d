import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** The file that the people in the tests type into. */
export const SHARED_FILE = 'src/greeting.ts';
export const SHARED_FILE_TEXT = [
  'export function greet(name: string): string {',
  '  return `Hello, ${name}!`;',
  '}',
  '',
  '// Notes',
  '// first',
  '// second',
  '// third',
  '',
].join('\n');

export const CRLF_FILE = 'docs/windows.txt';

export interface TestFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A project folder with the given texts by path. */
export async function createFolder(texts: Readonly<Record<string, string>>): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'tutti-folder-'));
  for (const [name, text] of Object.entries(texts)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Path and content, as Latin-1, of every file in a folder, but for what Git keeps for itself. */
export async function readFolder(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .filter((path) => !path.startsWith('.git/'));
  const read = async (path: string): Promise<readonly [string, string]> => [
    path,
    await readFile(join(folder, path), 'latin1'),
  ];
  return Object.fromEntries(await Promise.all(files.map(read)));
}

/** A project folder of more than 500 shared files, with what a scan must leave out or must not open as text. */
export async function createSampleFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'tutti-folder-'));
  const write = async (name: string, content: string | Uint8Array) => {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  };
  await write('.gitignore', 'node_modules/\n*.log\n');
  await write('README.md', '# Sample\n\nA project to share.\n');
  await write(SHARED_FILE, SHARED_FILE_TEXT);
  await write(CRLF_FILE, 'first line\r\nsecond line\r\n');
  await write('assets/logo.bin', new Uint8Array([0x89, 0x50, 0, 0, 1, 2, 3]));
  await write('assets/large.txt', 'x'.repeat(5 * 1024 * 1024 + 1));
  await write('node_modules/left-out/index.js', 'ignored');
  await write('debug.log', 'ignored');
  for (let module = 0; module < 50; module++) {
    for (let file = 0; file < 10; file++) {
      const lines = Array.from(
        { length: 30 },
        (_, line) => `export const value${line} = ${module * 1000 + file * 100 + line};`,
      );
      await write(`src/module-${module}/file-${file}.ts`, `${lines.join('\n')}\n`);
    }
  }
  await symlink('/etc', join(path, 'link-out'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
