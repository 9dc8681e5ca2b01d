import { type Disposable, DisposableStore, type Scheduler } from '../../lifecycle/index.ts';
import type { SyncCursor } from '../offline-store.ts';
import type { AwayLedger } from './away-ledger.ts';
import type { AwayPerson } from './away-summary.ts';
import { type ChangeAuthors, type IsSelf, readRuns } from './change-authors.ts';
import type { ListedPaths } from './listed-paths.ts';
import type { TakenBack } from './restored-copies.ts';

/** The relay knows of whom an edit is once it has committed it, which may take so long; it is asked once more then. */
const ASK_AFTER_MS: readonly number[] = [500, 5_000];

/** Acts that others did in one document. */
export interface NewsOfDocument {
  readonly document: string;
  readonly acts: readonly TakenBack[];
  /** How far the document was before; undefined when that is not known. */
  readonly since: SyncCursor | undefined;
}

export interface TakenBackNewsOptions {
  readonly ledger: AwayLedger;
  readonly paths: ListedPaths;
  readonly scheduler: Scheduler;
  readonly authors: ChangeAuthors | undefined;
  readonly isSelf: IsSelf;
  readonly onFailure: (error: unknown) => void;
}

/** Tells self that others have taken back what self wrote, or have restored it. Who it was is asked of the relay. */
export class TakenBackNews implements Disposable {
  private readonly options: TakenBackNewsOptions;
  private readonly asking = new DisposableStore();

  constructor(options: TakenBackNewsOptions) {
    this.options = options;
  }

  told(news: NewsOfDocument): void {
    const { ledger, paths, scheduler, isSelf } = this.options;
    const { document } = news;
    for (const act of news.acts) {
      const known = ledger.get(document);
      if (act.what === 'restored') {
        if (known?.takenBack) void this.ask(news, act, (person) => this.restored(document, person));
      } else if (act.what === 'theirs') {
        const isMine = act.of.length > 0 ? act.of.some(isSelf) : known?.text === 'both';
        const path = paths.read().get(document);
        if (isMine && path !== undefined)
          void this.ask(news, act, (person) =>
            ledger.addTakenBack({ fileId: document, path }, person ? [person] : [], scheduler.now()),
          );
      }
    }
  }

  dispose(): void {
    this.asking.dispose();
  }

  private restored(document: string, person: AwayPerson | undefined): void {
    const { ledger } = this.options;
    const { takenBack } = ledger.get(document) ?? {};
    if (takenBack && (!person || takenBack.every(({ subject }) => subject === person.subject)))
      ledger.setRestored(document);
  }

  /** Calls `done` unless it was self, on another device. Never rejects. */
  private async ask(
    news: NewsOfDocument,
    act: TakenBack,
    done: (person: AwayPerson | undefined) => void,
  ): Promise<void> {
    const { onFailure, isSelf } = this.options;
    try {
      let person: AwayPerson | undefined;
      for (const delayMs of ASK_AFTER_MS) {
        await this.wait(delayMs);
        person ??= await this.find(news, act);
        if (this.asking.isDisposed) return;
        if (person) break;
      }
      if (!person || !isSelf(person.subject)) done(person);
    } catch (error) {
      onFailure(error);
    }
  }

  private wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.scheduler.schedule(() => {
        this.asking.delete(timer);
        resolve();
      }, delayMs);
      this.asking.add(timer);
    });
  }

  private async find(
    { document, since }: NewsOfDocument,
    { client, clock }: TakenBack,
  ): Promise<AwayPerson | undefined> {
    const { authors } = this.options;
    if (!authors || !since) return undefined;
    const { runs } = await readRuns(authors, document, since);
    // The first that has it has brought it.
    const run = runs.find(({ clients }) =>
      clients.some(([known, from, to]) => known === client && from <= clock && clock < to),
    );
    return run && { subject: run.subject, name: run.name, firstMs: run.fromMs, lastMs: run.toMs };
  }
}
