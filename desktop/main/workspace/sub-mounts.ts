import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { MirrorNotes } from './mirror-notes.ts';
import { WorkspaceError } from './workspace-error.ts';

/** Folders of the opened folder that are drives of their own: while one is not mounted, nothing in it is deleted. */
export class SubMounts {
  private readonly root: string;
  private readonly notes: MirrorNotes;

  /** `root` is a real path. */
  constructor(root: string, notes: MirrorNotes) {
    this.root = root;
    this.notes = notes;
  }

  /** Notes which of the folders that hold these paths are other drives now. */
  async learn(paths: Iterable<string>): Promise<void> {
    for (const folder of foldersOf(paths)) {
      if (this.notes.get('mount', folder) === undefined && (await this.isMounted(folder)))
        this.notes.set('mount', folder, '');
    }
  }

  /** Rejects with WorkspaceError when a path lies on a drive that is not mounted now. */
  async assert(path: string): Promise<void> {
    for (const folder of this.notes.names('mount')) {
      if (!path.startsWith(`${folder}/`) || (await this.isMounted(folder))) continue;
      const message = `"${path}" was on a drive that was mounted at "${folder}", and is not now. Nothing of it is deleted in the room. Mount it again, then retry; or delete the file in Tutti.`;
      throw new WorkspaceError('drive-missing', path, message);
    }
  }

  private async isMounted(folder: string): Promise<boolean> {
    const absolutePath = join(this.root, folder);
    const [own, parent] = await Promise.all([deviceOf(absolutePath), deviceOf(dirname(absolutePath))]);
    return own !== undefined && own !== parent;
  }
}

function foldersOf(paths: Iterable<string>): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}

async function deviceOf(absolutePath: string): Promise<bigint | undefined> {
  try {
    return (await lstat(absolutePath, { bigint: true })).dev;
  } catch {
    // Whatever keeps it from being looked at is told where its files are read.
    return undefined;
  }
}
