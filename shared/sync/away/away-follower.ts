import type * as Y from 'yjs';
import { CONTENT_TEXT, INDEX_DOCUMENT } from '../../workspace/index.ts';
import type { KnownAccess } from '../connection-state.ts';
import type { SyncCursor } from '../offline-store.ts';
import { type AwayBudget, AwayTracker, type ChangeSource, type TrackedChange } from './away-tracker.ts';
import type { Draft } from './draft.ts';
import type { TextLayers } from './text-layers.ts';
import { type LateChange, OwnEdits, type OwnEditsHost } from './own-edits.ts';
import type { ContendedFile } from './own-contents.ts';
import { ListTracker, type ListedFile, type TrackedListChange } from './list-tracker.ts';
import { removeDoubles } from './double-copies.ts';
import { watchTakenBack } from './restored-copies.ts';
import type { NewsOfDocument } from './taken-back-news.ts';

/** A replica, as it is followed. */
export interface FollowedDocument {
  readonly name: string;
  readonly doc: Y.Doc;
  sourceOf(origin: unknown): ChangeSource;
  /** What self may do with the document. */
  access(): KnownAccess;
  /** How far the document is known to be complete. */
  cursor(): SyncCursor | undefined;
  /** The number of the last edit of this engine, and of the first that the relay has not acked; Infinity when all are. */
  edits(): { readonly last: number; readonly firstUnacked: number };
  /** Runs `task` before what is stored of changes that come after the call. */
  write(task: () => Promise<void>): void;
}

/** What a document has to tell after an absence. `discardDraft`: it is kept elsewhere, or not wanted. */
export interface AwayReport {
  readonly name: string;
  readonly text: TrackedChange | undefined;
  readonly list: readonly TrackedListChange[];
  /** How far the list was before `list`; undefined when that is not known. */
  readonly listSince: SyncCursor | undefined;
  /** The document has come to this device only now. */
  readonly isNew: boolean;
  /** The document is not followed any more. */
  readonly isFinal: boolean;
  discardDraft(): void;
}

export interface FollowerHost extends OwnEditsHost {
  /** This device has everything again, as far as documents were open. */
  readonly isBack: boolean;
  readonly budget: AwayBudget;
  /** When this device was in touch last before it was back; undefined when it never was. */
  readonly leftMs: number | undefined;
  readDraft(name: string): Promise<Draft | undefined>;
  keepDraft(name: string, draft: Draft | undefined): Promise<void>;
  /** What self wrote in earlier absences, as it was kept. */
  readOwnEdits(name: string): Promise<string | undefined>;
  keepOwnEdits(name: string, encoded: string | undefined): Promise<void>;
  take(report: AwayReport): void;
  /** Others bring what they wrote without knowledge of edits of self: {@link AwayFollower.takeLate} gives it. */
  lateCame(): void;
  /** Self has taken files from the list. */
  removed(files: readonly ListedFile[]): void;
  /** Self and others have replaced files without knowledge of each other, and what self did does not count. */
  contended(files: readonly ContendedFile[]): void;
  /** Others have taken something back, or restored it. */
  tookBack(news: NewsOfDocument): void;
  closed(follower: AwayFollower): void;
}

/** Follows one replica through the absences of this device. */
export class AwayFollower {
  readonly name: string;
  private readonly host: FollowerHost;
  private readonly text: AwayTracker | undefined;
  private readonly list: ListTracker | undefined;
  private readonly own: OwnEdits | undefined;
  private readonly stopWatching: (() => void) | undefined;
  private readonly followed: FollowedDocument;
  /** The last edit of the absence that is being told of. */
  private lastEdit: number | undefined;
  private isSynced = false;
  private isTold = false;
  /** What others bring late is waited for. */
  private isSettling = false;
  private isClosed = false;

  constructor(host: FollowerHost, followed: FollowedDocument) {
    const { name, doc } = followed;
    this.host = host;
    this.followed = followed;
    this.name = name;
    const keepDraft = (draft: Draft | undefined) => followed.write(() => host.keepDraft(name, draft));
    const sourceOf = (origin: unknown) => followed.sourceOf(origin);
    const cursor = () => followed.cursor();
    if (name === INDEX_DOCUMENT) {
      const onRemoved = (files: readonly ListedFile[]) => host.removed(files);
      const onContended = (files: readonly ContendedFile[]) => host.contended(files);
      const nowMs = () => host.nowMs;
      this.list = new ListTracker({ doc, sourceOf, cursor, keepDraft, onRemoved, onContended, nowMs });
    } else {
      this.stopWatching = watchTakenBack(doc, (acts, { origin }) => {
        if (sourceOf(origin) !== 'remote') return;
        // With what comes for the first time comes all that was ever taken back: that is no news.
        if (this.text?.isNew === false) host.tookBack({ document: name, acts, since: cursor() });
        // Not in the transaction of the others.
        void Promise.resolve().then(() => {
          if (!this.isClosed && followed.access() === 'write') removeDoubles(doc.getText(CONTENT_TEXT), acts);
        });
      });
      const tracker = new AwayTracker({ document: name, doc, sourceOf, cursor, keepDraft, budget: host.budget });
      this.text = tracker;
      this.own = new OwnEdits({
        ...{ document: name, doc, host, sourceOf, cursor, text: doc.getText(CONTENT_TEXT) },
        edits: () => followed.edits(),
        textAt: tracker.textAt,
        keep: (encoded) => followed.write(() => host.keepOwnEdits(name, encoded)),
      });
    }
  }

  /** What an earlier start kept of the document. Never rejects. */
  async readDraft(): Promise<Draft | undefined> {
    const kept = await this.host.readOwnEdits(this.name);
    if (kept !== undefined && !this.isClosed) this.own?.loaded(kept);
    return this.host.readDraft(this.name);
  }

  /** The document has what was stored; `unacked` are the edits in it that the relay may not have. */
  loaded(draft: Draft | undefined, unacked: readonly Uint8Array[]): void {
    if (this.isClosed) return;
    this.text?.loaded(draft, unacked);
    this.list?.loaded(draft);
  }

  /** Whether somebody, by their presence id, writes without knowledge of what self wrote while out of touch. */
  isLate(author: number): boolean {
    // What comes before everything is there is of the absence, whoever wrote it.
    return author > 0 && this.isTold && this.own?.isLate(author) === true;
  }

  /**
   * Calls `apply`, which puts what came from the relay into the document. `author`: the presence id of the one who wrote
   * it; 0 when that is not known.
   */
  receive(author: number, payloads: readonly Uint8Array[], apply: () => void): void {
    if (this.isLate(author)) {
      this.own?.receive(author, payloads, apply);
      this.host.lateCame();
    } else apply();
    this.text?.received(payloads);
  }

  /** The relay has taken edits of this device through this number. */
  acked(at: SyncCursor): void {
    this.own?.acked(at);
  }

  /** How far others have stored the document. */
  seenBy(epoch: string, entries: readonly { readonly presenceId: number; readonly seq: number }[]): void {
    this.own?.seenBy(epoch, entries);
  }

  /** What came late since the last time. */
  takeLate(): LateChange | undefined {
    return this.own?.take();
  }

  left(): void {
    if (this.host.isBack) this.settle();
    this.own?.left();
    this.isSynced = false;
    this.isTold = false;
    this.lastEdit = undefined;
    this.isSettling = false;
    this.text?.left();
    this.list?.left();
  }

  /** The document has everything that the relay has. */
  synced(): void {
    this.isSynced = true;
    if (this.host.isBack && !this.isSettling) this.tell();
  }

  /** Tells what has changed, if the document has everything. */
  tell(): void {
    if (!this.isSynced || this.isTold) return;
    this.isTold = true;
    const { name, text, list } = this;
    const discardDraft = () => this.discardDraft();
    const isNew = text?.isNew ?? false;
    const listSince = list?.followedSince;
    this.noteLastEdit();
    const change = text?.returned();
    if (change?.isByMe && change.layers) this.keepOwn(change.layers);
    this.host.take({ name, text: change, list: list?.returned() ?? [], listSince, isNew, isFinal: true, discardDraft });
  }

  /**
   * Tells what has changed since the last time, if there is something; what others bring late is followed further. Gives
   * whether others have done something.
   */
  settle(): boolean {
    if (!this.isSynced || this.isTold) return false;
    this.isSettling = true;
    this.noteLastEdit();
    const { name } = this;
    const isNew = this.text?.isNew ?? false;
    const text = this.text?.settle();
    const listSince = this.list?.followedSince;
    const list = this.list?.settle() ?? [];
    if (!text && list.length === 0) return false;
    this.host.take({ name, text, list, listSince, isNew, isFinal: false, discardDraft: () => this.discardDraft() });
    return text?.isByOthers === true || list.length > 0;
  }

  /** Nothing of it is to be told. */
  abandon(): void {
    this.isTold = true;
    this.text?.abandon();
    this.own?.abandon();
    this.list?.returned();
    this.list?.discardDraft();
  }

  /** The document is being closed. */
  close(): void {
    if (this.isClosed) return;
    this.tell();
    this.isClosed = true;
    this.stopWatching?.();
    this.text?.close();
    this.list?.close();
    this.host.closed(this);
  }

  /** What is typed after the return is known to everybody who is in touch. */
  private noteLastEdit(): void {
    this.lastEdit ??= this.followed.edits().last;
  }

  private keepOwn(layers: TextLayers): void {
    const { nowMs, leftMs = nowMs } = this.host;
    this.own?.add(layers, { leftMs, returnedMs: nowMs }, this.lastEdit ?? 0);
  }

  private discardDraft(): void {
    this.text?.discardDraft();
    this.list?.discardDraft();
  }
}
