import type * as Y from 'yjs';
import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  type Scheduler,
  scheduleEvery,
} from '../../lifecycle/index.ts';
import { isReservedDocument } from '../../workspace/index.ts';
import type { HeadsAnswer } from '../head-questions.ts';
import type { OfflineStore, SyncCursor } from '../offline-store.ts';
import type { DocumentLease } from '../open-documents.ts';
import { AwayFollower, type AwayReport, type FollowedDocument, type FollowerHost } from './away-follower.ts';
import { AwayIntake, createReturn, type Return } from './away-intake.ts';
import { AwayLedger } from './away-ledger.ts';
import type { ChangeAuthors, IsSelf } from './change-authors.ts';
import type { Draft } from './draft.ts';
import { InTouch, type LastTouch } from './in-touch.ts';
import { KeptOwnEdits } from './kept-own-edits.ts';
import { LateArrivals, type PresentPeople } from './late-arrivals.ts';
import type { ListedFile } from './list-tracker.ts';
import { ListedPaths } from './listed-paths.ts';
import type { LateChange } from './own-edits.ts';
import type { ContendedFile } from './own-contents.ts';
import { OwnSubjects } from './own-subjects.ts';
import { type PresentConnection, PresentConnections } from './present-connections.ts';
import { RelayQuestions } from './relay-questions.ts';
import { RemovedFiles } from './removed-files.ts';
import { type NewsOfDocument, TakenBackNews } from './taken-back-news.ts';
import { UnopenedHeads } from './unopened-heads.ts';

/** A shorter absence is told of only when self has edited meanwhile. */
export const MIN_ABSENCE_MS = 3_000;
/** What documents that are opened so much later bring still counts for the absence. */
const LATE_MS = 60_000;
/** How often it is noted where documents stand of which nothing is here. */
const HEADS_PERIOD_MS = 5 * 60_000;
/** Others bring all that they have at about the same time: it is told so long after the first of it. */
const TELL_LATE_MS = 1_500;
/** UTF-16 units that all documents which are followed may hold together. */
const MAX_FOLLOWED_LENGTH_IN_ALL = 64 * 1024 * 1024;
/** Documents of an earlier start that are opened to finish what it began. */
const MAX_REOPENED = 1_000;

export interface AwayWatchOptions {
  readonly store: OfflineStore;
  readonly scheduler: Scheduler;
  readonly open: (name: string) => DocumentLease;
  /** The list of files, when it is open. */
  readonly indexDocument: () => Y.Doc | undefined;
  readonly compareHeads: (cursors: readonly ({ readonly document: string } & SyncCursor)[]) => Promise<HeadsAnswer>;
  /** The others who are here. */
  readonly present: () => PresentPeople;
  /** Without it nobody is named. */
  readonly authors: ChangeAuthors | undefined;
  readonly onFailure: (error: unknown) => void;
}

/** Notices when this device is away and what happened meanwhile, and tells of it in the ledger. */
export class AwayWatch implements FollowerHost, Disposable {
  readonly ledger: AwayLedger;
  readonly budget = { leftLength: MAX_FOLLOWED_LENGTH_IN_ALL };
  /** Resolves when what earlier starts kept is read. */
  readonly whenReady: Promise<void>;
  private readonly options: AwayWatchOptions;
  private readonly followers = new Set<AwayFollower>();
  private readonly drafts = new Set<string>();
  private readonly reopened = new Map<string, DocumentLease>();
  private readonly touches = new DisposableStore();
  private readonly late = new MutableDisposable<LateArrivals>();
  private readonly tellingLate = new MutableDisposable<Disposable>();
  private readonly present = new PresentConnections();
  private readonly ownEdits: KeptOwnEdits;
  private readonly inTouch: InTouch;
  private readonly heads: UnopenedHeads;
  private readonly paths: ListedPaths;
  private readonly subjects: OwnSubjects;
  private readonly intake: AwayIntake;
  private readonly questions: RelayQuestions;
  private readonly removedFiles: RemovedFiles;
  private readonly takenBack: TakenBackNews;
  private reports: AwayReport[] = [];
  /** Who was here when the connection was lost. */
  private expected: PresentPeople = new Map();
  private left: (Omit<LastTouch, 'present'> & { readonly elapsedMs: number | undefined }) | undefined;
  private current: Return | undefined;
  private isAtRelay = false;
  private isClosed = false;

  constructor(options: AwayWatchOptions) {
    this.options = options;
    this.ledger = new AwayLedger(options.store.away, options.onFailure);
    this.subjects = new OwnSubjects(options.store.away, options.onFailure);
    this.ownEdits = new KeptOwnEdits({ ...options, store: options.store.away });
    this.inTouch = new InTouch({ ...options, store: options.store.away });
    const { isSelf } = this;
    this.paths = new ListedPaths(options.indexDocument);
    this.heads = new UnopenedHeads({ store: options.store.away, compareHeads: options.compareHeads });
    this.intake = new AwayIntake({ ...options, isSelf, ledger: this.ledger, paths: this.paths });
    const { ledger, paths, heads, intake } = this;
    this.questions = new RelayQuestions({
      ...{ ...options, isSelf, ledger, paths, heads, intake },
      listOpen: () => new Set([...this.followers].map(({ name }) => name)),
      isInTouch: () => this.isAtRelay && !this.isClosed,
      current: () => this.current,
      reopen: (name) => this.reopen(name),
      toRelayMs: (ms) => this.inTouch.toRelayMs(ms),
    });
    this.takenBack = new TakenBackNews({ ...options, isSelf, ledger, paths });
    this.removedFiles = new RemovedFiles({
      ...options,
      isSelf,
      store: options.store.away,
      listCursors: () => options.store.listCursors(),
      readNoted: () => heads.read(),
      leftMs: () => (this.isAtRelay ? undefined : this.left?.atMs),
      toRelayMs: (ms) => this.inTouch.toRelayMs(ms),
      isListed: (fileId) => this.paths.read().get(fileId) !== undefined,
      onEdited: (edited) => void this.whenReady.then(() => this.intake.acceptRemoved(edited, this.current)),
    });
    this.whenReady = this.load();
  }

  readonly isSelf: IsSelf = (subject) => this.subjects.has(subject);

  get isBack(): boolean {
    return this.isAtRelay;
  }

  get leftMs(): number | undefined {
    return this.left?.atMs;
  }

  get nowMs(): number {
    return this.options.scheduler.now();
  }

  get elapsedMs(): number {
    return this.options.scheduler.elapsedMs();
  }

  get connections(): ReadonlyMap<number, PresentConnection> {
    return this.present.all;
  }

  /** Begins to follow a replica, before anything is in it; undefined when nothing is told of such documents. */
  follow(followed: FollowedDocument): AwayFollower | undefined {
    if (isReservedDocument(followed.name) && followed.name !== 'index') return undefined;
    const follower = new AwayFollower(this, followed);
    this.followers.add(follower);
    return follower;
  }

  /**
   * The relay is there again, where it is `relayMs`, and has let us in as `subject`: what earlier starts began is
   * finished.
   */
  connected(subject: string, relayMs: number): void {
    this.inTouch.connected(relayMs);
    this.subjects.add(subject);
    void this.whenReady.then(() => {
      const open = new Set([...this.followers].map(({ name }) => name));
      const missing = [...this.drafts].filter((name) => !open.has(name) && !this.reopened.has(name));
      for (const name of missing.slice(0, MAX_REOPENED)) this.reopen(name);
      this.ownEdits.open();
    });
  }

  /** Every open document has everything. */
  returned(): void {
    if (this.isAtRelay) return;
    const isSettled = this.expected.size === 0;
    for (const follower of this.followers) {
      if (isSettled) follower.tell();
      else follower.settle();
    }
    this.isAtRelay = true;
    const reports = this.reports;
    this.reports = [];
    const { scheduler } = this.options;
    const { left } = this;
    const returnedMs = scheduler.now();
    const nowMs = scheduler.elapsedMs();
    void this.whenReady.then(() => {
      const { atMs: leftMs, elapsedMs, toleranceMs = 0 } = left ?? this.left ?? {};
      const sinceNoteMs = returnedMs - (leftMs ?? returnedMs) - toleranceMs;
      const absenceMs = elapsedMs === undefined ? sinceNoteMs : nowMs - elapsedMs;
      const isNews = absenceMs >= MIN_ABSENCE_MS || reports.some(({ text }) => text?.isByMe === true);
      const openUntilMs = nowMs + LATE_MS;
      this.current = leftMs !== undefined && isNews ? createReturn(leftMs, returnedMs, openUntilMs) : undefined;
      this.intake.acceptAll(reports, this.current);
      void this.questions.ask(this.current).then(() => this.noteHeads());
    });
    if (!isSettled) this.awaitOthers();
    this.removedFiles.askSoon();
    this.inTouch.begin();
    this.touches.add(scheduleEvery(scheduler, () => void this.noteHeads(), HEADS_PERIOD_MS));
  }

  /** Others have come or gone. */
  participantsChanged(): void {
    this.present.update(this.options.present(), this.elapsedMs);
    this.late.value?.participantsChanged();
    if (this.isAtRelay) this.removedFiles.askSoon();
  }

  removed(files: readonly ListedFile[]): void {
    if (this.isClosed) return;
    // Who is here may have edited one at the same moment.
    void this.removedFiles.add(files).then(() => {
      if (this.isAtRelay && !this.isClosed) this.removedFiles.askSoon();
    });
  }

  contended(files: readonly ContendedFile[]): void {
    void this.whenReady.then(() => this.intake.acceptContended(files, this.current));
  }

  /** The relay is out of reach; who was here is still known. Replicas are told by their own. */
  lost(): void {
    this.closeReopened();
    if (!this.isAtRelay) return;
    this.expected = new Map([...this.options.present(), ...(this.late.value?.missing ?? [])]);
    this.late.value = undefined;
    this.tellLate();
    this.present.lost();
    this.inTouch.end();
    this.isAtRelay = false;
    this.touches.clear();
    this.questions.end();
    this.removedFiles.pause();
    const { scheduler } = this.options;
    const left = { atMs: scheduler.now(), toleranceMs: 0, elapsedMs: scheduler.elapsedMs() };
    this.left = left;
    // What an earlier start noted, and is being read, is older.
    void this.whenReady.then(() => {
      if (!this.isAtRelay) this.left = left;
    });
  }

  take(report: AwayReport): void {
    this.reopened.get(report.name)?.dispose();
    this.reopened.delete(report.name);
    if (!this.isAtRelay) return void this.reports.push(report);
    void this.whenReady.then(() => {
      this.intake.acceptAll([report], this.current);
      if (report.text?.isByOthers && this.isAtRelay && !this.isClosed) this.questions.askLate();
    });
  }

  async readOwnEdits(name: string): Promise<string | undefined> {
    await this.whenReady;
    return this.ownEdits.read(name);
  }

  keepOwnEdits(name: string, encoded: string | undefined): Promise<void> {
    return this.ownEdits.keep(name, encoded);
  }

  lateCame(): void {
    this.tellingLate.value ??= this.options.scheduler.schedule(() => this.tellLate(), TELL_LATE_MS);
  }

  private tellLate(): void {
    this.tellingLate.value = undefined;
    this.acceptLate([...this.followers].flatMap((follower) => follower.takeLate() ?? []));
  }

  private acceptLate(late: readonly LateChange[]): void {
    if (late.length === 0) return;
    void this.whenReady.then(() => {
      this.intake.acceptLate(late);
      if (this.isAtRelay && !this.isClosed) this.questions.askLate();
    });
  }

  async readDraft(name: string): Promise<Draft | undefined> {
    await this.whenReady;
    if (!this.drafts.has(name)) return undefined;
    try {
      return await this.options.store.away.read('draft', name);
    } catch (error) {
      this.options.onFailure(error);
      return undefined;
    }
  }

  async keepDraft(name: string, draft: Draft | undefined): Promise<void> {
    const { away } = this.options.store;
    if (draft) {
      this.drafts.add(name);
      await away.write('draft', { name, ...draft });
    } else {
      this.drafts.delete(name);
      await away.remove('draft', name);
    }
  }

  private awaitOthers(): void {
    const { scheduler, present } = this.options;
    this.late.value = new LateArrivals({
      scheduler,
      expected: this.expected,
      present,
      onArrived: () => this.settle(),
      onSettled: () => {
        this.late.value = undefined;
        for (const follower of this.followers) follower.tell();
      },
    });
    this.late.value.participantsChanged();
  }

  /** Gives whether others have brought something since the last time. */
  private settle(): boolean {
    const { current } = this;
    let isNews = false;
    for (const follower of this.followers) if (follower.settle()) isNews = true;
    // Who it was is known to the relay.
    if (isNews) void this.whenReady.then(() => this.questions.ask(current));
    return isNews;
  }

  tookBack(news: NewsOfDocument): void {
    void this.whenReady.then(() => this.takenBack.told(news));
  }

  closed(follower: AwayFollower): void {
    this.acceptLate([follower.takeLate() ?? []].flat());
    this.followers.delete(follower);
  }

  /** Resolves when everything that is known by now is kept. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.closeReopened();
    this.ownEdits.close();
    this.touches.clear();
    this.late.value = undefined;
    this.questions.end();
    this.removedFiles.pause();
    await this.whenReady;
    this.tellingLate.value = undefined;
    if (this.isAtRelay) this.inTouch.end();
    await this.ledger.whenKept();
  }

  dispose(): void {
    this.paths.dispose();
    this.touches.dispose();
    this.inTouch.dispose();
    this.late.dispose();
    this.tellingLate.dispose();
    this.questions.dispose();
    this.removedFiles.dispose();
    this.takenBack.dispose();
    this.intake.dispose();
    this.closeReopened();
    this.ledger.dispose();
  }

  private async load(): Promise<void> {
    const { away } = this.options.store;
    await Promise.all([this.ledger.load(), this.subjects.load()]);
    try {
      for (const { name } of await away.list('draft')) this.drafts.add(name);
      await this.ownEdits.load();
      const last = await this.inTouch.read();
      if (!last) return;
      this.left ??= { ...last, elapsedMs: undefined };
      this.present.loaded(last.present);
    } catch (error) {
      this.options.onFailure(error);
    }
  }

  private reopen(name: string): void {
    if (this.isClosed || this.reopened.has(name)) return;
    this.reopened.set(name, this.options.open(name));
  }

  private closeReopened(): void {
    for (const lease of this.reopened.values()) lease.dispose();
    this.reopened.clear();
  }

  /** Notes where documents stand of which nothing is here, so that the next return can tell what became of them. */
  private async noteHeads(): Promise<void> {
    const { store, onFailure } = this.options;
    try {
      const cursors = await store.listCursors();
      if (!this.isAtRelay || this.isClosed) return;
      const open = new Set([...this.followers].map(({ name }) => name));
      await this.heads.note(this.paths.read().texts.filter((name) => !cursors.has(name) && !open.has(name)));
    } catch (error) {
      onFailure(error);
    }
  }
}
