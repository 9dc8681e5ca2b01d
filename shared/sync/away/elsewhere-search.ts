import { type Disposable, MutableDisposable, type Scheduler } from '../../lifecycle/index.ts';
import type { SyncCursor } from '../offline-store.ts';
import { type ChangedElsewhere, type ElsewhereQuestion, findElsewhere } from './elsewhere.ts';

/** A relay that could not tell is asked again so much later (SPEC HD3). */
const ASK_AGAIN_MS = 15_000;

export interface ElsewhereSearchOptions extends Omit<ElsewhereQuestion, 'leftMs'> {
  readonly scheduler: Scheduler;
  readonly onFailure: (error: unknown) => void;
}

/** Asks the relay which documents have changed, until it has told of all of them. */
export class ElsewhereSearch implements Disposable {
  private readonly options: ElsewhereSearchOptions;
  private readonly asking = new MutableDisposable<Disposable>();
  private running: object | undefined;

  constructor(options: ElsewhereSearchOptions) {
    this.options = options;
  }

  /**
   * Ends an earlier search. `onFound` is called for each answer; not after the search has ended. Resolves when the relay
   * has been asked once. Never rejects.
   */
  begin(
    since: ReadonlyMap<string, SyncCursor>,
    leftMs: number,
    onFound: (changed: readonly ChangedElsewhere[]) => void,
  ): Promise<void> {
    this.end();
    const search = {};
    this.running = search;
    const ask = async (documents: ReadonlyMap<string, SyncCursor>): Promise<void> => {
      const { authors, compareHeads, isSelf, scheduler } = this.options;
      const { changed, unanswered } = await findElsewhere(documents, { authors, compareHeads, isSelf, leftMs });
      if (this.running !== search) return;
      onFound(changed);
      if (unanswered.size > 0) this.asking.value = scheduler.schedule(() => void start(unanswered), ASK_AGAIN_MS);
    };
    const start = (documents: ReadonlyMap<string, SyncCursor>) =>
      ask(documents).catch((error: unknown) => this.options.onFailure(error));
    return start(since);
  }

  /** Nobody wants to know any more. */
  end(): void {
    this.running = undefined;
    this.asking.value = undefined;
  }

  dispose(): void {
    this.end();
    this.asking.dispose();
  }
}
