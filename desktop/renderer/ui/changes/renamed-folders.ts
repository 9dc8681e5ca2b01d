import type { AwayFileView } from '../away-model.ts';
import { isRenamedByClash } from '../away-model.ts';

/** Files that others moved from one folder to another, and did nothing else to. */
export interface RenamedFolder {
  /** Empty for the top of the workspace, as `to`. */
  readonly from: string;
  readonly to: string;
  readonly files: readonly AwayFileView[];
}

/** One row: a file, or a folder with two or more files. */
export type ChangeEntry = AwayFileView | RenamedFolder;

export function isFolder(entry: ChangeEntry): entry is RenamedFolder {
  return 'files' in entry;
}

/** Files that were moved together as one entry each time, in the place of the first. */
export function groupRenamed(files: readonly AwayFileView[]): readonly ChangeEntry[] {
  const groups = new Map<string, AwayFileView[]>();
  const keys = files.map((file) => {
    const moved = movedOf(file);
    const who = file.listPeople.map(({ subject }) => subject);
    return moved && JSON.stringify([moved, who]);
  });
  for (const [index, file] of files.entries()) {
    const key = keys[index];
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return files.flatMap((file, index): readonly ChangeEntry[] => {
    const group = groups.get(keys[index] ?? '') ?? [];
    const moved = movedOf(file);
    if (!moved || group.length < 2) return [file];
    return group[0] === file ? [{ ...moved, files: group }] : [];
  });
}

/** The folders that differ, without what is the same below them; undefined when more happened, or the name is another. */
function movedOf(file: AwayFileView): Pick<RenamedFolder, 'from' | 'to'> | undefined {
  const { list, text, path, takenBack } = file;
  if (list?.kind !== 'renamed' || text !== undefined || takenBack || isRenamedByClash(file)) return undefined;
  const [from, to] = [list.from.split('/'), path.split('/')];
  if (from.at(-1) !== to.at(-1)) return undefined;
  while (from.length > 0 && to.length > 0 && from.at(-1) === to.at(-1)) {
    from.pop();
    to.pop();
  }
  return { from: from.join('/'), to: to.join('/') };
}
