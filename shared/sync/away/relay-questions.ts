import { type Disposable, MutableDisposable, type Scheduler } from '../../lifecycle/index.ts';
import type { OfflineStore, SyncCursor } from '../offline-store.ts';
import type { AwayIntake, Return } from './away-intake.ts';
import type { AwayLedger } from './away-ledger.ts';
import type { ChangedElsewhere } from './elsewhere.ts';
import { ElsewhereSearch, type ElsewhereSearchOptions } from './elsewhere-search.ts';
import type { ListedPaths } from './listed-paths.ts';
import type { UnopenedHeads } from './unopened-heads.ts';

/** Documents that are opened at most after one question, to see whether it was self who changed them. */
const MAX_OPENED = 20;
/** So much later it is asked about what has come late: many come at once. */
const ASK_LATE_MS = 200;

export interface RelayQuestionsOptions extends ElsewhereSearchOptions {
  readonly store: OfflineStore;
  readonly scheduler: Scheduler;
  readonly ledger: AwayLedger;
  readonly intake: AwayIntake;
  readonly paths: ListedPaths;
  readonly heads: UnopenedHeads;
  /** Names of the documents that are open. */
  readonly listOpen: () => ReadonlySet<string>;
  readonly isInTouch: () => boolean;
  /** The return that is told of now; undefined when the last one had nothing to be told of. */
  readonly current: () => Return | undefined;
  /** A time of this device by the relay's clock. */
  readonly toRelayMs: (ms: number) => number;
  /** Opens a document until it has told what became of it. */
  readonly reopen: (name: string) => void;
}

/** Asks the relay after a return what became of documents that are not open, and who changed those that are. */
export class RelayQuestions implements Disposable {
  private readonly options: RelayQuestionsOptions;
  private readonly search: ElsewhereSearch;
  private readonly late = new MutableDisposable<Disposable>();
  private last: object | undefined;

  constructor(options: RelayQuestionsOptions) {
    this.options = options;
    this.search = new ElsewhereSearch(options);
  }

  /** Resolves when the relay has been asked once. Never rejects. */
  async ask(current: Return | undefined): Promise<void> {
    const { ledger } = this.options;
    const doubted = ledger.doubted('text');
    const asked = {};
    this.last = asked;
    if (current) await this.askAbout(current);
    else await this.askAboutNameless(doubted);
    // A later question is about these as well, and without a connection the next return asks.
    if (this.last === asked && this.isOf(current)) ledger.endDoubts('text', doubted);
  }

  /** Something was told after the relay was asked. */
  askLate(): void {
    const { scheduler, current } = this.options;
    this.late.value ??= scheduler.schedule(() => {
      this.late.value = undefined;
      void this.ask(current());
    }, ASK_LATE_MS);
  }

  /** The connection is gone. */
  end(): void {
    this.search.end();
    this.late.value = undefined;
  }

  dispose(): void {
    this.search.dispose();
    this.late.dispose();
  }

  /** Whether this device is in touch, and that is the last return still. */
  private isOf(current: Return | undefined): boolean {
    return this.options.isInTouch() && this.options.current() === current;
  }

  /** Of no absence: who wrote what is told already, and came late. */
  private async askAboutNameless(doubted: ReadonlySet<string>): Promise<void> {
    const { ledger, toRelayMs, onFailure } = this.options;
    const told = ledger.all.flatMap(({ fileId, since, text, people }) => {
      const isNameless = doubted.has(fileId) || (text !== undefined && people.length === 0);
      return since && isNameless ? [[fileId, since] as const] : [];
    });
    const leftMs = ledger.summary?.lastLeftMs;
    if (leftMs === undefined || told.length === 0 || !this.isOf(undefined)) return;
    try {
      await this.search.begin(new Map(told), toRelayMs(leftMs), (changed) => {
        for (const change of changed) this.name(change);
      });
    } catch (error) {
      onFailure(error);
    }
  }

  private async askAbout(current: Return): Promise<void> {
    const { store, ledger, paths, heads, listOpen, onFailure } = this.options;
    try {
      const open = listOpen();
      const listed = paths.read();
      const cursors = await store.listCursors();
      const unopened = [...(await heads.read()), ...cursors].filter(
        ([name]) => !open.has(name) && listed.get(name) !== undefined,
      );
      const told = ledger.all.flatMap(({ fileId, since }) => (since ? [[fileId, since] as const] : []));
      const since = new Map([...unopened, ...told]);
      if (!this.isOf(current)) return;
      const here = new Set(cursors.keys());
      const leftMs = this.options.toRelayMs(current.leftMs);
      await this.search.begin(since, leftMs, (changed) => this.accept(changed, { since, here, current }));
    } catch (error) {
      onFailure(error);
    }
  }

  private accept(
    changed: readonly ChangedElsewhere[],
    asked: {
      readonly since: ReadonlyMap<string, SyncCursor>;
      /** Documents that are on this device. */
      readonly here: ReadonlySet<string>;
      readonly current: Return;
    },
  ): void {
    const { ledger, intake, paths, listOpen, reopen } = this.options;
    const [listed, open] = [paths.read(), listOpen()];
    let opened = 0;
    for (const change of changed) {
      if (this.name(change)) continue;
      const { document, people } = change;
      const path = listed.get(document);
      // Whoever opened it meanwhile knows more.
      if (path === undefined || open.has(document) || people?.length === 0) continue;
      // The relay does not tell who it was: it may be what self wrote last, and the text itself shows that.
      if (!people && asked.here.has(document) && ++opened <= MAX_OPENED) {
        reopen(document);
        continue;
      }
      intake.begin(asked.current);
      ledger.addUnread(document, path, asked.since.get(document));
      if (people) ledger.addPeople(document, people);
    }
  }

  /** Gives false when nothing is told of the text. */
  private name({ document, people, isOwn }: ChangedElsewhere): boolean {
    const { ledger } = this.options;
    if (ledger.get(document)?.text === undefined) return false;
    if (isOwn) ledger.setOwn('text', document);
    else if (people) ledger.addPeople(document, people);
    return true;
  }
}
