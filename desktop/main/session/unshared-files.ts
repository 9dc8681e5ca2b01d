import type { ProblemReport, UnsharedFile } from '../../ipc/index.ts';
import type { MirrorNotes } from '../workspace/mirror-notes.ts';
import type { MirrorProblem } from '../workspace/shared-files.ts';

const MAX_LISTED = 200;

/**
 * Files of the folder that are not shared until they have another name. The person is told of each once, and finds them
 * in a list from then on.
 */
export class UnsharedFiles {
  private readonly notes: Pick<MirrorNotes, 'get' | 'set' | 'delete'>;
  private readonly report: (problem: ProblemReport) => void;
  private readonly onChanged: () => void;
  /** By id of their problem. */
  private readonly open = new Map<string, UnsharedFile>();

  constructor(
    notes: Pick<MirrorNotes, 'get' | 'set' | 'delete'>,
    report: (problem: ProblemReport) => void,
    onChanged: () => void,
  ) {
    this.notes = notes;
    this.report = report;
    this.onChanged = onChanged;
  }

  /** The first of them. */
  get list(): readonly UnsharedFile[] {
    return [...this.open.values()].slice(0, MAX_LISTED);
  }

  has(path: string): boolean {
    return [...this.open.values()].some((file) => file.path === path);
  }

  get count(): number {
    return this.open.size;
  }

  /** Passes on a problem of the mirror. */
  take(problem: MirrorProblem): void {
    const { id, path, detail, fileId, canRetry, isResolved } = problem;
    if (isResolved && this.open.delete(id)) {
      this.notes.delete('told', path);
      this.report(problem);
      return this.onChanged();
    }
    // What can be tried again, or has happened to a file of the room, is told as it comes.
    if (isResolved || canRetry || fileId !== undefined || !id.startsWith('path:')) return this.report(problem);
    this.open.set(id, { path, reason: detail });
    const isTold = this.notes.get('told', path) === detail;
    this.notes.set('told', path, detail);
    this.report({ ...problem, ...(isTold ? { isQuiet: true } : {}) });
    this.onChanged();
  }

  /** The folder is not followed any more. */
  clear(): void {
    this.open.clear();
  }
}
