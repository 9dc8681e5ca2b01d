import type * as Y from 'yjs';
import { type Disposable, DisposableStore, MutableDisposable, type Scheduler } from '../../lifecycle/index.ts';
import type { AwayReport } from './away-follower.ts';
import { isRenamedByClash } from './away-summary.ts';
import type { AwayLedger } from './away-ledger.ts';
import type { TrackedChange } from './away-tracker.ts';
import type { ChangeAuthors, IsSelf } from './change-authors.ts';
import { findListAuthors } from './list-authors.ts';
import type { ContendedFile } from './own-contents.ts';
import type { LateChange } from './own-edits.ts';
import type { ListedPaths, Paths } from './listed-paths.ts';
import type { EditedRemoved } from './removed-files.ts';

/** Texts that self alone changed and others may turn out to have deleted. */
const MAX_OWN_KEPT = 100;
/** Longer ones are not kept for that. In UTF-16 units. */
const MAX_OWN_LENGTH = 256 * 1024;
/** What is listed changes in steps; entries follow once it rests. */
const FOLLOW_AFTER_MS = 500;
/** What was written longer ago comes from somebody who was away. */
const SEEN_MS = 30_000;
/** A relay that did not tell who changed the list is asked again so long after the last time. */
const ASK_AGAIN_MS: readonly number[] = [2_000, 10_000, 30_000];

type ListReport = Pick<AwayReport, 'list' | 'listSince'>;

/** What an absence is told of, from the return on. */
export interface Return {
  readonly leftMs: number;
  readonly returnedMs: number;
  /** Until then documents may still report, by the monotonic clock. */
  readonly openUntilMs: number;
  readonly own: Map<string, TrackedChange>;
  /** Files that self alone changed. */
  readonly ownIds: Set<string>;
  isBegun: boolean;
}

export function createReturn(leftMs: number, returnedMs: number, openUntilMs: number): Return {
  return { leftMs, returnedMs, openUntilMs, own: new Map(), ownIds: new Set(), isBegun: false };
}

export interface AwayIntakeOptions {
  readonly ledger: AwayLedger;
  readonly paths: ListedPaths;
  readonly scheduler: Scheduler;
  readonly indexDocument: () => Y.Doc | undefined;
  readonly authors: ChangeAuthors | undefined;
  readonly isSelf: IsSelf;
  readonly onFailure: (error: unknown) => void;
}

/** Puts what documents report after an absence into the ledger, and keeps it in step with the list of files. */
export class AwayIntake implements Disposable {
  private readonly options: AwayIntakeOptions;
  private readonly ledger: AwayLedger;
  private readonly following = new MutableDisposable<Disposable>();
  private readonly asking = new DisposableStore();
  private readonly listening: Disposable;

  constructor(options: AwayIntakeOptions) {
    this.options = options;
    this.ledger = options.ledger;
    this.listening = options.paths.onDidChange(() => this.followSoon());
  }

  /** `current`: the return that they are of, if there is one to be told of. */
  acceptAll(reports: readonly AwayReport[], current: Return | undefined): void {
    // Files that others deleted are known by their place in the list.
    for (const report of reports) if (report.list.length > 0) this.acceptList(report, current);
    const paths = this.options.paths.read();
    for (const report of reports) {
      if (report.list.length === 0) this.acceptText(report, current, paths);
    }
    this.followList();
  }

  /** Others edited what self had deleted: told with the rest of a return, or by itself. */
  acceptRemoved({ file, atMs, since, people }: EditedRemoved, current: Return | undefined): void {
    if (current && this.isInTime(file.fileId, current)) this.begin(current);
    else this.ledger.begin(atMs, this.options.scheduler.now());
    this.ledger.addRemoved(file, people, since);
  }

  /** Self and others have replaced files without knowing of each other: told with the rest of a return, or by itself. */
  acceptContended(files: readonly ContendedFile[], current: Return | undefined): void {
    const nowMs = this.options.scheduler.now();
    for (const file of files) {
      const isTold = this.ledger.get(file.fileId) !== undefined;
      if (current && this.isInTime(file.fileId, current)) this.begin(current);
      // Two who are there both see it happen.
      else if (!isTold && nowMs - file.writtenMs < SEEN_MS) continue;
      else if (!isTold) this.ledger.begin(file.writtenMs, nowMs);
      this.ledger.addContended(file);
      const list = [{ ...file, change: { kind: 'replaced', isByBoth: true } as const }];
      void this.nameListAuthors({ list, listSince: file.since }, []);
    }
  }

  /** Others brought what they wrote without knowledge of edits of self: a return of its own. */
  acceptLate(late: readonly LateChange[]): void {
    const paths = this.options.paths.read();
    let isBegun = false;
    for (const { change, leftMs, returnedMs } of late) {
      const { document: name } = change;
      const path = paths.isKnown ? paths.get(name) : name;
      if (path === undefined) continue;
      if (!isBegun) this.ledger.begin(leftMs, returnedMs);
      isBegun = true;
      if (this.options.authors && change.since) this.ledger.doubt('text', [name]);
      this.ledger.addText(change, path, () => undefined);
    }
  }

  begin(current: Return): void {
    if (current.isBegun) return;
    current.isBegun = true;
    this.ledger.begin(current.leftMs, current.returnedMs);
    this.ledger.addOwn(current.ownIds.size);
  }

  dispose(): void {
    this.listening.dispose();
    this.following.dispose();
    this.asking.dispose();
  }

  private acceptList(report: AwayReport, current: Return | undefined): void {
    const { list, name, discardDraft } = report;
    if (current && this.isInTime(name, current)) {
      this.begin(current);
      // Of a clash nobody is the author.
      const byPeople = list.filter(({ change }) => !isRenamedByClash({ list: change }));
      const fresh = byPeople.map(({ fileId }) => fileId).filter((fileId) => !this.ledger.get(fileId)?.list);
      void this.nameListAuthors({ ...report, list: byPeople }, fresh);
      for (const change of list) {
        this.ledger.addList(change);
        const own = current.own.get(change.fileId);
        if (own) this.addOwnText(own, change.path, () => undefined);
        if (current.ownIds.delete(change.fileId)) this.ledger.addOwn(-1);
      }
    }
    discardDraft();
  }

  private acceptText(report: AwayReport, current: Return | undefined, paths: Paths): void {
    const { name, text, isNew, isFinal, discardDraft } = report;
    const path = paths.get(name) ?? (paths.isKnown ? this.ledger.get(name)?.path : name);
    const isWanted = current ? this.isInTime(name, current) : this.isAwaited(name);
    if (isNew) this.ledger.setRead(name);
    else if (!text?.isByOthers) this.ledger.setUnchanged(name);
    if (current && text && !text.isByOthers) keepOwn(text, current);
    if (!text || path === undefined || !isWanted) return isFinal || text?.isByOthers ? discardDraft() : undefined;
    if (text.isByOthers) {
      if (!text.isNews) return discardDraft();
      // What an earlier return has told of may be read at any time.
      if (current) this.begin(current);
      // Of whom the relay has told already, there is no doubt.
      const isNamed = (this.ledger.get(name)?.people.length ?? 0) > 0;
      if (current && text.since && this.options.authors && !isNamed) this.ledger.doubt('text', [name]);
      this.ledger.addText(text, path, discardDraft);
    } else if (isFinal) {
      if (current) this.countOwn(name, current);
      this.addOwnText(text, path, discardDraft);
    } else this.addOwnText(text, path, () => undefined);
  }

  private countOwn(name: string, current: Return): void {
    if (this.ledger.get(name)?.list || current.ownIds.has(name)) return;
    current.ownIds.add(name);
    if (current.isBegun) this.ledger.addOwn(1);
  }

  /** Self edited what others have deleted. */
  private addOwnText(text: TrackedChange, path: string, discardDraft: () => void): void {
    if (this.ledger.get(text.document)?.list?.kind === 'deleted') this.ledger.addText(text, path, discardDraft);
    else discardDraft();
  }

  private isInTime(name: string, { openUntilMs }: Return): boolean {
    return this.options.scheduler.elapsedMs() <= openUntilMs || this.isAwaited(name);
  }

  /** It was told that others have changed it, and that is all that is known. */
  private isAwaited(name: string): boolean {
    return this.ledger.get(name)?.text === 'unread';
  }

  /** `fresh`: nothing was told of their place before. */
  private async nameListAuthors(report: ListReport, fresh: readonly string[], retries = ASK_AGAIN_MS): Promise<void> {
    const { list, listSince: since } = report;
    const { authors, indexDocument, isSelf, onFailure, scheduler } = this.options;
    const doc = indexDocument();
    if (!authors || !doc || !since) return;
    // What was told as of others once stays so while it is asked again.
    if (retries === ASK_AGAIN_MS) this.ledger.doubt('list', fresh);
    try {
      const { people, own, isUnanswered } = await findListAuthors(list, { authors, doc, since, isSelf });
      const [delayMs, ...later] = retries;
      if (isUnanswered && delayMs !== undefined && !this.asking.isDisposed)
        this.asking.add(scheduler.schedule(() => void this.nameListAuthors(report, fresh, later), delayMs));
      for (const [fileId, person] of people) this.ledger.addListPeople(fileId, [person]);
      for (const fileId of fresh) if (own.has(fileId)) this.ledger.setOwn('list', fileId);
    } catch (error) {
      onFailure(error);
    } finally {
      this.ledger.endDoubts('list', fresh);
    }
  }

  private followSoon(): void {
    if (this.ledger.all.length === 0) return;
    this.following.value ??= this.options.scheduler.schedule(() => this.followList(), FOLLOW_AFTER_MS);
  }

  /** What was deleted and has come back under another id, and what came and went, is no entry of its own. */
  private followList(): void {
    this.following.value = undefined;
    const paths = this.options.paths.read();
    if (!paths.isKnown) return;
    for (const { fileId, path, list, text } of this.ledger.all) {
      if (text === 'both' || paths.get(fileId) !== undefined) continue;
      if (list?.kind === 'created') this.ledger.keep([fileId]);
      if (list?.kind !== 'deleted') continue;
      const other = paths.find(path);
      if (other === undefined) continue;
      this.ledger.setReplaced(other);
      this.ledger.keep([fileId]);
    }
  }
}

function keepOwn(text: TrackedChange, { own }: Return): void {
  if (own.size < MAX_OWN_KEPT && (text.layers?.length ?? 0) <= MAX_OWN_LENGTH) own.set(text.document, text);
}
