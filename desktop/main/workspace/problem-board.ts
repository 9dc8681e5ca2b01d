import type { MirrorProblem } from './shared-files.ts';
import { WorkspaceError } from './workspace-error.ts';

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

  /** Resolves the problems with this prefix that did not come up again since {@link beginCheck}. */
  resolveUnconfirmed(prefix: string): void {
    for (const id of [...this.open.keys()]) if (id.startsWith(prefix) && !this.confirmed.has(id)) this.resolve(id);
  }

  report(problem: MirrorProblem): void {
    this.confirmed.add(problem.id);
    if (this.open.get(problem.id)?.detail === problem.detail) return;
    this.open.set(problem.id, problem);
    this.onProblem(problem);
  }

  /** Something that happened and needs no further try. */
  tell(problem: Omit<MirrorProblem, 'canRetry'>): void {
    this.onProblem({ ...problem, canRetry: false });
  }

  resolve(id: string): void {
    const problem = this.open.get(id);
    if (!problem) return;
    this.open.delete(id);
    this.onProblem({ ...problem, isResolved: true });
  }
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
    case 'outside-folder':
      return { title: 'A file would leave the folder.', detail };
    case 'folder-missing':
    case 'folder-unreadable':
    case 'not-a-folder':
      return { title: 'The folder cannot be read.', detail };
    default:
      return { title: 'A file is not in step with the room.', detail };
  }
}
