import { comparablePath } from '../../../shared/workspace/index.ts';
import type { MirrorProblem } from './shared-files.ts';
import { WorkspaceError } from './workspace-error.ts';

/** Begins the ids of problems about files that are left out of the room. */
const LEFT_OUT = 'path:';

/** The problems of one folder: each is reported when it comes up or changes, and again when it is over. */
export class ProblemBoard {
  private readonly open = new Map<string, MirrorProblem>();
  private confirmed = new Set<string>();
  private readonly onProblem: (problem: MirrorProblem) => void;

  constructor(onProblem: (problem: MirrorProblem) => void) {
    this.onProblem = onProblem;
  }

  /** Begins to look at everything again: see {@link resolveUnconfirmed}. */
  beginCheck(): void {
    this.confirmed = new Set();
  }

  /**
   * Resolves the problems about files that were left out, where they did not come up again since {@link beginCheck}.
   * `within`: paths that were looked at with all below them; everything was unless given.
   */
  resolveUnconfirmed(within: readonly string[] = ['']): void {
    const checked = within.map(comparablePath);
    for (const { id, path } of this.leftOut()) {
      if (!this.confirmed.has(id) && checked.some((folder) => isAtOrBelow(path, folder))) this.resolve(id);
    }
  }

  /** Paths of files and folders that were left out, and to which what happened at `paths` may matter. */
  leftOutBy(paths: readonly string[]): readonly string[] {
    const changed = new Set(paths.map(comparablePath));
    return this.leftOut()
      .filter(({ path }) => changed.has(comparablePath(path)))
      .map(({ path }) => path);
  }

  /** Reports that a file or folder is left out. */
  reportLeftOut(error: WorkspaceError): void {
    const { path } = error;
    // Another name helps, and is noticed; nothing else does.
    const canRetry = error.code !== 'unusable-name';
    this.report({ id: `${LEFT_OUT}${path}`, severity: 'warning', path, ...explainFailure(error), canRetry });
  }

  report(problem: MirrorProblem): void {
    this.confirmed.add(problem.id);
    if (this.open.get(problem.id)?.detail === problem.detail) return;
    this.open.set(problem.id, problem);
    this.onProblem(problem);
  }

  /** Something that happened and needs no further try. It stays until the person dismisses it or its file goes. */
  tell(problem: Omit<MirrorProblem, 'canRetry'>): void {
    const told = { ...problem, canRetry: false };
    this.open.set(told.id, told);
    this.onProblem(told);
  }

  /** A file has gone from the room, and with it whatever was wrong with it. */
  resolveFile(fileId: string): void {
    for (const problem of [...this.open.values()]) if (problem.fileId === fileId) this.resolve(problem.id);
  }

  resolve(id: string): void {
    const problem = this.open.get(id);
    if (!problem) return;
    this.open.delete(id);
    this.onProblem({ ...problem, isResolved: true });
  }

  private leftOut(): readonly MirrorProblem[] {
    return [...this.open.values()].filter(({ id }) => id.startsWith(LEFT_OUT));
  }
}

function isAtOrBelow(path: string, folder: string): boolean {
  const own = comparablePath(path);
  return folder === '' || own === folder || own.startsWith(`${folder}/`);
}

/** Words for an error that a file or folder ran into. */
export function explainFailure(error: unknown): { readonly title: string; readonly detail: string } {
  const detail = error instanceof Error ? error.message : String(error);
  if (!(error instanceof WorkspaceError)) return { title: 'The folder and the room are not in step.', detail };
  switch (error.code) {
    case 'disk-full':
      return { title: 'The disk is full.', detail: `${detail} Nothing is lost: the text is kept in Tutti.` };
    case 'permission-denied':
      return { title: 'A file may not be written.', detail: `${detail} Nothing is lost: the text is kept in Tutti.` };
    case 'not-kept':
      return { title: 'A file waits for space.', detail };
    case 'unusable-name':
      return { title: 'A file is not shared.', detail };
    case 'rules-unreadable':
      return { title: 'New files are not shared.', detail };
    case 'drive-missing':
      return { title: 'A drive is not mounted.', detail };
    case 'outside-folder':
      return { title: 'A file would leave the folder.', detail };
    case 'link-in-the-way':
      return {
        title: 'A link is in the way of a file.',
        detail: `${detail} Nothing is lost: the text is kept in Tutti.`,
      };
    case 'unusable-folder':
    case 'folder-missing':
    case 'folder-unreadable':
    case 'not-a-folder':
      return { title: 'The folder cannot be read.', detail };
    default:
      return { title: 'A file is not in step with the room.', detail };
  }
}
