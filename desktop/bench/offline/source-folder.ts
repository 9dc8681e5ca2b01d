import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const LINES = 80;
/** A file that is there in every folder of {@link writeSourceFolder}. */
export const FIRST_FILE = 'src/module-0/file-0.ts';

/** Path and text of source files of about 4 KB each, of which a line in eight depends on `version`. */
export function sourceFiles(count: number, version: string): Readonly<Record<string, string>> {
  const entries = Array.from({ length: count }, (_unused, file) => {
    const lines = Array.from({ length: LINES }, (_none, line) =>
      line % 8 === 3
        ? `export const value${line} = '${version} ${file}-${line}';`
        : `export function f${line}(x: number): number { return x + ${file * line}; }`,
    );
    return [`src/module-${file % 20}/file-${file}.ts`, `${lines.join('\n')}\n`] as const;
  });
  return Object.fromEntries(entries);
}

/** Writes files below a folder, which is made. */
export async function writeSourceFolder(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}
