import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';

/** Our own temporary files; they never count as files of the folder. */
export const TEMPORARY_FILE = /(^|\/)\.tutti-[0-9a-f]+\.tmp$/;

const GITIGNORE = '.gitignore';

/** Which paths of a folder are left out: `.git`, temporary files, and what the `.gitignore` files of the folder say. */
export class IgnoreRules {
  private readonly root: string;
  private readonly byFolder = new Map<string, Ignore | undefined>();

  constructor(root: string) {
    this.root = root;
  }

  /** Reads the folder's own `.gitignore`; its parents' must have been read before. Folders are relative, '' is the root. */
  async enterFolder(folder: string): Promise<void> {
    if (this.byFolder.has(folder)) return;
    const text = await readFile(join(this.root, folder, GITIGNORE), 'utf8').catch(() => undefined);
    this.byFolder.set(folder, text === undefined ? undefined : ignore().add(text));
  }

  /** Whether a path is left out, given the rules of all folders above it. `isFolder` matters to rules such as `build/`. */
  async isIgnored(path: string, isFolder: boolean): Promise<boolean> {
    const segments = path.split('/');
    for (let depth = 1; depth <= segments.length; depth++) {
      await this.enterFolder(segments.slice(0, depth - 1).join('/'));
      const isFolderHere = depth < segments.length || isFolder;
      if (this.isIgnoredHere(segments.slice(0, depth).join('/'), isFolderHere)) return true;
    }
    return false;
  }

  /** Like {@link isIgnored} for a path whose parent folder is known not to be ignored and was entered. */
  isIgnoredHere(path: string, isFolder: boolean): boolean {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name.toLowerCase() === '.git' || TEMPORARY_FILE.test(path)) return true;
    // The rules of a deeper folder win over those above it.
    for (let folder = parentOf(path); ; folder = parentOf(folder)) {
      const rules = this.byFolder.get(folder);
      if (rules) {
        const relative = folder === '' ? path : path.slice(folder.length + 1);
        const verdict = rules.test(isFolder ? `${relative}/` : relative);
        if (verdict.ignored) return true;
        if (verdict.unignored) return false;
      }
      if (folder === '') return false;
    }
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
