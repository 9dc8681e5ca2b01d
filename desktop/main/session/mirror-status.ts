import { type Disposable, Emitter } from '../../../shared/lifecycle/index.ts';
import type { WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { MirrorPreview, MirrorState, ProblemReport } from '../../ipc/index.ts';
import { explainFailure } from '../workspace/problem-board.ts';
import { CancelledError } from './cancelled.ts';
import type { MirrorAccess } from './mirror-access.ts';
import { describeBackup, describeHeld, describeQuestion, HELD_PROBLEM, QUESTION_PROBLEM } from './mirror-problems.ts';
import { ToldProblems } from './told-problems.ts';
import type { UnsharedFiles } from './unshared-files.ts';

/** As the folder mirror names it, too. */
const FOLDER_PROBLEM = 'folder';

export interface MirrorStatusOptions {
  readonly index: Pick<WorkspaceIndex, 'files'>;
  readonly access: Pick<MirrorAccess, 'direction' | 'heldCount' | 'isHeldByChoice' | 'listHeld'>;
  readonly unshared: Pick<UnsharedFiles, 'list' | 'count'>;
  readonly onProblem: (problem: ProblemReport) => void;
}

/** What the person sees of a room's folder: its state, and the problems that it has. */
export class MirrorStatus implements Disposable {
  private readonly options: MirrorStatusOptions;
  private readonly problems: ToldProblems;
  private readonly changed = new Emitter<MirrorState>();
  private current: MirrorState = { kind: 'none' };
  private isFrozen = false;

  readonly onDidChange = this.changed.event;

  constructor(options: MirrorStatusOptions) {
    this.options = options;
    this.problems = new ToldProblems(options.onProblem);
  }

  get state(): MirrorState {
    return this.current;
  }

  show(state: MirrorState): void {
    if (this.isFrozen) return;
    this.current = state;
    this.changed.fire(state);
  }

  /** Shows how things are while nothing is asked or begun. `folder` is the one that is followed. */
  showRest(folder: string | undefined, backup: string | undefined): void {
    const { access, unshared, index } = this.options;
    const { direction, heldCount, isHeldByChoice } = access;
    if (folder !== undefined) {
      const heldPaths = access.listHeld(index.files);
      const held = { heldCount, heldPaths, isHeldByChoice, unshared: unshared.list, unsharedCount: unshared.count };
      this.show({ kind: 'running', folder, direction, ...held, backup });
    } else if (this.current.kind !== 'failed') {
      this.show({ kind: 'none' });
    }
  }

  /** Shows and tells that the folder cannot be used; it can be tried again. */
  showFailure(folder: string, error: unknown): void {
    if (error instanceof CancelledError) return;
    const failure = explainFailure(error);
    this.problems.tell({ id: FOLDER_PROBLEM, severity: 'error', ...failure, canRetry: true });
    this.show({ kind: 'failed', folder, explanation: failure.detail });
  }

  /** The folder can be used. */
  resolveFailure(): void {
    this.problems.resolve(FOLDER_PROBLEM);
  }

  /** Tells that nothing happens in a folder until the person has looked at it. */
  tellQuestion(preview: MirrorPreview): void {
    this.problems.tell(describeQuestion(preview));
  }

  /** The folder is not asked about any more. */
  resolveQuestion(): void {
    this.problems.resolve(QUESTION_PROBLEM);
  }

  /** Tells where the folder's own files were copied to. */
  tellBackup(folder: string, backup: string): void {
    this.problems.tell(describeBackup(folder, backup));
  }

  /** Tells what of the folder that is followed is not shared, whether it was chosen or not. */
  tellHeld(folder: string): void {
    const { direction, heldCount, isHeldByChoice } = this.options.access;
    if (heldCount > 0) this.problems.tell(describeHeld({ folder, direction, heldCount, isHeldByChoice }));
  }

  /** Tells what is not shared though the person has not chosen that just now; takes it back when that is over. */
  updateHeld(folder: string | undefined): void {
    const { direction, heldCount, isHeldByChoice } = this.options.access;
    // What was chosen is told at once, and not again at every start.
    const isTold = heldCount > 0 && !(isHeldByChoice && direction === 'both');
    if (folder !== undefined && isTold) this.tellHeld(folder);
    else this.problems.resolve(HELD_PROBLEM);
  }

  /** The room has no folder: what was told of it is over. */
  showNone(): void {
    this.problems.resolve(FOLDER_PROBLEM);
    this.problems.resolve(HELD_PROBLEM);
    this.show({ kind: 'none' });
  }

  /** From now on the state stays as it is. */
  freeze(): void {
    this.isFrozen = true;
  }

  dispose(): void {
    this.changed.dispose();
  }
}
