import { Emitter } from '../../lifecycle/index.ts';
import { type AwayPerson, type AwaySummary, isByBoth } from './away-summary.ts';
import type { AwayStore } from './away-store.ts';
import type { TrackedChange } from './away-tracker.ts';
import {
  blank,
  compareChanges,
  joinListChanges,
  joinPeople,
  NO_SIZE,
  NO_TEXT,
  withoutCursor,
} from './ledger-entries.ts';
import { LedgerTexts } from './ledger-texts.ts';
import type { ListedFile, TrackedListChange } from './list-tracker.ts';
import { readChange, readReturn, type StoredChange, type StoredReturn } from './stored-change.ts';
import type { TextLayers } from './text-layers.ts';

/** Files beyond are only counted. */
export const MAX_LISTED_CHANGES = 2_000;
const RETURN_NOTE = 'return';
/** Of files that both changed, or in which something was undone, so many stay after they were looked at; the latest. */
const MAX_LOOKED_AT = 200;

/** What is told of a file. */
export type ToldPart = 'list' | 'text';

/**
 * What is to be told of absences, kept until somebody has looked at it, across starts. The texts are in the store only.
 */
export class AwayLedger {
  private readonly store: AwayStore;
  private readonly onFailure: (error: unknown) => void;
  private readonly changed = new Emitter<void>();
  private readonly changes = new Map<string, StoredChange>();
  private readonly texts: LedgerTexts;
  private readonly writes = new Set<Promise<void>>();
  private last: StoredReturn | undefined;
  private writtenReturn: string | undefined;
  /** Returns through this one were told by an earlier start: what is left of them is no news. */
  private loadedNumber = 0;
  /** Of which an earlier start did not tell that others have taken something back. */
  private readonly takenBack = new Set<string>();
  /** What was known of a text before the last return, of those that were told since. */
  private readonly earlier = new Map<string, { readonly change: StoredChange | undefined; layers?: TextLayers }>();
  /** Files of which the relay was not heard yet whether it was self who did that, on another device. */
  private readonly doubts: Readonly<Record<ToldPart, Set<string>>> = { list: new Set(), text: new Set() };
  /** Changes of one text are put together one after the other. */
  private joining: Promise<void> = Promise.resolve();

  /** Fires when `summary` may have changed. */
  readonly onDidChange = this.changed.event;

  constructor(store: AwayStore, onFailure: (error: unknown) => void) {
    this.store = store;
    this.onFailure = onFailure;
    this.texts = new LedgerTexts({ store, onWrite: (writing) => this.write(writing) });
  }

  /** Reads what an earlier start kept, but for what was looked at and needs no answer. Never rejects. */
  async load(): Promise<void> {
    try {
      const notes = await this.store.list('note');
      this.last = readReturn(notes.find(({ name }) => name === RETURN_NOTE)?.summary ?? '');
      for (const { name, summary } of await this.store.list('change')) {
        const change = readChange(summary);
        if (change) this.changes.set(name, change);
        else this.forget(name);
      }
      this.forgetLookedAt();
      this.loadedNumber = this.returnNumber;
    } catch (error) {
      this.onFailure(error);
    }
    this.changed.fire();
  }

  get summary(): AwaySummary | undefined {
    if (!this.last || this.changes.size === 0) return undefined;
    const changes = [...this.changes.values()].map(withoutCursor).toSorted(compareChanges);
    const newlyTakenBack = [...this.takenBack].filter((fileId) => this.changes.get(fileId)?.takenBack !== undefined);
    return { ...this.last, announcedNumber: this.announcedNumber, newlyTakenBack, changes };
  }

  get(fileId: string): StoredChange | undefined {
    return this.changes.get(fileId);
  }

  get all(): readonly StoredChange[] {
    return [...this.changes.values()];
  }

  /**
   * This device is back. What was looked at is forgotten, but for what both did and what was undone: either can be
   * changed until somebody says that it is fine.
   */
  begin(leftMs: number, returnedMs: number): void {
    this.forgetLookedAt();
    this.earlier.clear();
    const isFresh = this.all.every(({ isLookedAt }) => isLookedAt);
    this.last = {
      returnNumber: (this.last?.returnNumber ?? 0) + 1,
      leftMs: isFresh ? leftMs : Math.min(leftMs, this.last?.leftMs ?? leftMs),
      lastLeftMs: leftMs,
      returnedMs,
      unlistedCount: isFresh ? 0 : (this.last?.unlistedCount ?? 0),
      ownCount: isFresh ? 0 : (this.last?.ownCount ?? 0),
    };
  }

  /** So many more files, or less, were changed by self only. */
  addOwn(count: number): void {
    if (this.last && count !== 0) this.setReturn({ ...this.last, ownCount: this.last.ownCount + count });
  }

  /** Whether these are of others is asked: they are told of, but not announced. */
  doubt(part: ToldPart, fileIds: Iterable<string>): void {
    for (const fileId of fileIds) this.doubts[part].add(fileId);
  }

  doubted(part: ToldPart): ReadonlySet<string> {
    return new Set(this.doubts[part]);
  }

  /** What is left of these counts as of others. */
  endDoubts(part: ToldPart, fileIds: Iterable<string>): void {
    let hasEnded = false;
    for (const fileId of fileIds) if (this.doubts[part].delete(fileId)) hasEnded = true;
    if (hasEnded) this.changed.fire();
  }

  /** Self did it, on another device or as somebody that self was before: that is not told. */
  setOwn(part: ToldPart, fileId: string): void {
    const known = this.changes.get(fileId);
    if (!known || known[part] === undefined || known[part === 'text' ? 'people' : 'listPeople'].length > 0) return;
    if (known[part === 'text' ? 'list' : 'text'] === undefined) {
      this.keep([fileId]);
      return this.addOwn(1);
    }
    if (part === 'list') return void this.put({ ...known, list: undefined });
    // Others have deleted what self has edited.
    if (known.list?.kind === 'deleted') return;
    this.texts.remove(fileId);
    this.put({ ...known, ...NO_TEXT });
  }

  /** Others changed a text. It may be told again since `begin`, with what came late. `discardDraft`: it is kept here. */
  addText(tracked: TrackedChange, path: string, discardDraft: () => void): void {
    const { document: fileId, content, isByMe, layers, overlaps, since } = tracked;
    const known = this.changes.get(fileId);
    // What is told again was undone as it was told first.
    const undone = this.earlier.has(fileId) ? known?.undone : undefined;
    const earlier = this.earlier.get(fileId) ?? { change: known };
    this.earlier.set(fileId, earlier);
    const old = earlier.change?.text === 'unread' || !earlier.change?.text ? undefined : earlier.change;
    const change: StoredChange = {
      ...(known ?? blank(fileId)),
      path,
      text: isByMe || old?.text === 'both' ? 'both' : 'theirs',
      hasTexts: layers !== undefined,
      isWithoutBefore: false,
      theirs: layers?.sizeOf('theirs') ?? NO_SIZE,
      mine: layers?.sizeOf('mine') ?? NO_SIZE,
      overlaps: old ? [...old.overlaps, ...overlaps] : overlaps,
      undone,
      isLookedAt: false,
      returnNumber: this.returnNumber,
      since: known?.since ?? since,
    };
    if (!this.put(change)) return discardDraft();
    const join = async () => {
      const kept = old?.hasTexts && !earlier.layers ? await this.readKept(fileId) : undefined;
      if (kept) earlier.layers = kept;
      const joined = layers && (earlier.layers ? layers.after(earlier.layers, content) : layers);
      if (joined) await this.keepLayers(change, undone ? joined.undoneAlready(undone) : joined);
      discardDraft();
    };
    // One that cannot be joined must not keep back those behind it.
    this.joining = this.joining.then(join).catch((error: unknown) => this.onFailure(error));
  }

  addList({ fileId, path, change }: TrackedListChange): void {
    const known = this.changes.get(fileId);
    const list = joinListChanges(known?.list, change);
    // It came and went while nobody looked.
    if (known && list === undefined && known.text === undefined) return this.keep([fileId]);
    if (list === undefined && !known) return;
    this.put({ ...(known ?? blank(fileId)), path, list, isLookedAt: false, returnNumber: this.returnNumber });
  }

  /** Others edited a file that self had deleted. */
  addRemoved({ fileId, path }: ListedFile, people: readonly AwayPerson[], since: StoredChange['since']): void {
    const entry = { ...blank(fileId), path, list: { kind: 'removed' }, text: 'unread', people, since } as const;
    this.put({ ...entry, returnNumber: this.returnNumber });
  }

  /** Self gave a file another content, as others did, and theirs counts. */
  addContended({ fileId, path }: ListedFile): void {
    const known = this.changes.get(fileId);
    if (known?.list?.kind === 'deleted') return;
    const list = { kind: 'replaced', isByBoth: true } as const;
    this.put({ ...(known ?? blank(fileId)), path, list, isLookedAt: false, returnNumber: this.returnNumber });
  }

  /** A file that was made has taken the place of another. */
  setReplaced(fileId: string): void {
    const known = this.changes.get(fileId);
    if (known?.list?.kind === 'created') this.put({ ...known, list: { kind: 'replaced' } });
  }

  /** Others changed a text that is not here yet. */
  addUnread(fileId: string, path: string, since: StoredChange['since']): void {
    const known = this.changes.get(fileId);
    if (known?.text !== undefined) return;
    const { returnNumber } = this;
    this.put({ ...(known ?? blank(fileId)), path, text: 'unread', since, isLookedAt: false, returnNumber });
  }

  /** A text that others changed has come, and what it was before was never here. */
  setRead(fileId: string): void {
    const known = this.changes.get(fileId);
    if (known?.text === 'unread') this.put({ ...known, text: 'theirs', isWithoutBefore: true });
  }

  /** A text that was said to be changed is as it was. */
  setUnchanged(fileId: string): void {
    const known = this.changes.get(fileId);
    if (known?.text !== 'unread') return;
    if (known.list) this.put({ ...known, text: undefined });
    else this.keep([fileId]);
  }

  /** Others have taken back what self wrote. */
  addTakenBack({ fileId, path }: ListedFile, people: readonly AwayPerson[], nowMs: number): void {
    if (!this.last || this.changes.size === 0) this.begin(nowMs, nowMs);
    const known = this.changes.get(fileId);
    const takenBack = joinPeople(known?.takenBack ?? [], people);
    this.takenBack.add(fileId);
    const told = { path, takenBack, isLookedAt: false, returnNumber: this.returnNumber };
    this.put({ ...(known ?? blank(fileId)), ...told });
  }

  /** What others had taken back is there again. */
  setRestored(fileId: string): void {
    const known = this.changes.get(fileId);
    if (!known?.takenBack) return;
    this.takenBack.delete(fileId);
    if (known.text === undefined && known.list === undefined) this.keep([fileId]);
    else this.put({ ...known, takenBack: undefined });
  }

  /** These have changed a text; those who are known already stay, as they did it in an earlier absence. */
  addPeople(fileId: string, people: readonly AwayPerson[]): void {
    const known = this.changes.get(fileId);
    const joined = known && joinPeople(known.people, people);
    if (known && joined && JSON.stringify(known.people) !== JSON.stringify(joined))
      this.put({ ...known, people: joined });
  }

  /** These have changed the file's place in the list. */
  addListPeople(fileId: string, people: readonly AwayPerson[]): void {
    const known = this.changes.get(fileId);
    if (known && people.length > 0) this.put({ ...known, listPeople: joinPeople(known.listPeople, people) });
  }

  /** Texts of a change; undefined when they are not kept. Rejects with OfflineStoreError. */
  async readLayers(fileId: string): Promise<TextLayers | undefined> {
    await this.joining;
    return this.texts.read(fileId);
  }

  /** Something was taken back of a file, or, where `layers` say so, brought back. */
  setUndone(fileId: string, layers: TextLayers): void {
    const known = this.changes.get(fileId);
    if (!known) return;
    this.texts.write(fileId, layers);
    this.put({ ...known, undone: layers.undone });
  }

  lookedAt(fileIds: readonly string[]): void {
    for (const fileId of fileIds) {
      const known = this.changes.get(fileId);
      if (known && !known.isLookedAt) this.put({ ...known, isLookedAt: true });
    }
  }

  /** Forgets changes: they are fine as they are. */
  keep(fileIds: readonly string[]): void {
    let hasChanged = false;
    for (const fileId of fileIds) {
      if (!this.changes.delete(fileId)) continue;
      this.earlier.delete(fileId);
      this.takenBack.delete(fileId);
      this.forget(fileId);
      hasChanged = true;
    }
    if (hasChanged) this.changed.fire();
  }

  /** Resolves when everything is in the store, or cannot be. */
  async whenKept(): Promise<void> {
    await this.joining;
    await Promise.allSettled(this.writes);
  }

  dispose(): void {
    this.changed.dispose();
  }

  private get announcedNumber(): number {
    let announced = 0;
    for (const { fileId, list, text, isLookedAt, returnNumber } of this.changes.values()) {
      const isSure =
        (list !== undefined && !this.doubts.list.has(fileId)) || (text !== undefined && !this.doubts.text.has(fileId));
      if (isSure && !isLookedAt && returnNumber > this.loadedNumber) announced = Math.max(announced, returnNumber);
    }
    return announced;
  }

  private forgetLookedAt(): void {
    const lookedAt = this.all.filter(({ isLookedAt }) => isLookedAt);
    const open = lookedAt
      .filter((change) => isByBoth(change) || change.undone !== undefined)
      .toSorted((a, b) => b.returnNumber - a.returnNumber)
      .slice(0, MAX_LOOKED_AT);
    const staying = new Set(open.map(({ fileId }) => fileId));
    this.keep(lookedAt.map(({ fileId }) => fileId).filter((fileId) => !staying.has(fileId)));
  }

  private get returnNumber(): number {
    return this.last?.returnNumber ?? 0;
  }

  private async readKept(fileId: string): Promise<TextLayers | undefined> {
    try {
      return await this.texts.read(fileId);
    } catch (error) {
      this.onFailure(error);
      return undefined;
    }
  }

  private async keepLayers(change: StoredChange, layers: TextLayers): Promise<void> {
    const { fileId } = change;
    const known = this.changes.get(fileId);
    if (!known) return;
    this.texts.write(fileId, layers);
    this.put({ ...known, theirs: layers.sizeOf('theirs'), mine: layers.sizeOf('mine') });
  }

  /** Gives false when there are too many, and it was counted only. */
  private put(change: StoredChange): boolean {
    if (!this.last) return false;
    const { fileId } = change;
    if (!this.changes.has(fileId) && this.changes.size >= MAX_LISTED_CHANGES) {
      this.setReturn({ ...this.last, unlistedCount: this.last.unlistedCount + 1 });
      return false;
    }
    this.changes.set(fileId, change);
    this.write(this.store.write('change', { name: fileId, summary: JSON.stringify(change), body: '' }));
    this.setReturn(this.last);
    return true;
  }

  private setReturn(last: StoredReturn): void {
    this.last = last;
    const summary = JSON.stringify(last);
    if (summary !== this.writtenReturn) this.write(this.store.write('note', { name: RETURN_NOTE, summary, body: '' }));
    this.writtenReturn = summary;
    this.changed.fire();
  }

  private forget(fileId: string): void {
    this.write(this.store.remove('change', fileId));
    this.texts.remove(fileId);
  }

  private write(writing: Promise<void>): void {
    const handled = writing.catch((error: unknown) => this.onFailure(error));
    this.writes.add(handled);
    void handled.then(() => this.writes.delete(handled));
  }
}
