import type { FileKind } from '../../../shared/workspace/index.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { type DiskFile, readDiskFile } from './text-file.ts';
import type { TextFormat } from './text-format.ts';
import { openFolder, walkFolder, type WalkedFile, type WalkOptions } from './walk-folder.ts';
import { toWorkspaceError } from './workspace-error.ts';

/** A file of the opened folder. */
export interface FolderEntry extends WalkedFile, TextFormat {
  readonly kind: FileKind | 'unreadable';
  readonly sizeBytes: number;
}

const CONCURRENT_READS = 16;

/**
 * Lists the files of a folder that may be shared, in batches. Links to folders, links out of the folder and what
 * .gitignore names are left out. Throws WorkspaceError when the folder itself cannot be read.
 */
export async function* scanFolder(
  folder: string,
  options: Pick<WalkOptions, 'onProblem' | 'readFolder'>,
): AsyncGenerator<readonly FolderEntry[]> {
  const rootRealPath = await openFolder(folder);
  for await (const files of walkFolder({ ...options, rootRealPath, rules: new IgnoreRules(rootRealPath) })) {
    for (let start = 0; start < files.length; start += CONCURRENT_READS) {
      const part = files.slice(start, start + CONCURRENT_READS);
      yield await Promise.all(part.map((file) => describe(file, rootRealPath, options.onProblem)));
    }
  }
}

async function describe(file: WalkedFile, root: string, onProblem: WalkOptions['onProblem']): Promise<FolderEntry> {
  const unknown = { ...file, kind: 'unreadable', sizeBytes: 0, eol: 'LF', bom: false } as const;
  let found: DiskFile;
  try {
    found = await readDiskFile(file.absolutePath, { root, path: file.path });
  } catch (error) {
    onProblem(toWorkspaceError(error, file.path, 'read'));
    return unknown;
  }
  if (found.kind === 'missing') return unknown;
  if (found.kind !== 'text') return { ...unknown, kind: found.kind, sizeBytes: found.sizeBytes };
  return { ...unknown, kind: 'text', sizeBytes: found.sizeBytes, ...found.format };
}
