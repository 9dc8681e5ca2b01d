import type * as Y from 'yjs';
import { INDEX_DOCUMENT } from '../../workspace/index.ts';
import type { SyncCursor } from '../offline-store.ts';
import { type AwayBudget, AwayTracker, type ChangeSource, type TrackedChange } from './away-tracker.ts';
import type { Draft } from './draft.ts';
import { ListTracker, type RemovedFile, type TrackedListChange } from './list-tracker.ts';

/** A replica, as it is followed. */
export interface FollowedDocument {
  readonly name: string;
  readonly doc: Y.Doc;
  sourceOf(origin: unknown): ChangeSource;
  /** How far the document is known to be complete. */
  cursor(): SyncCursor | undefined;
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

export interface FollowerHost {
  /** This device has everything again, as far as documents were open. */
  readonly isBack: boolean;
  readonly budget: AwayBudget;
  readDraft(name: string): Promise<Draft | undefined>;
  keepDraft(name: string, draft: Draft | undefined): Promise<void>;
  take(report: AwayReport): void;
  /** Self has taken files from the list. */
  removed(files: readonly RemovedFile[]): void;
  closed(follower: AwayFollower): void;
}

/** Follows one replica through the absences of this device. */
export class AwayFollower {
  readonly name: string;
  private readonly host: FollowerHost;
  private readonly text: AwayTracker | undefined;
  private readonly list: ListTracker | undefined;
  private isSynced = false;
  private isTold = false;
  /** What others bring late is waited for. */
  private isSettling = false;
  private isClosed = false;

  constructor(host: FollowerHost, followed: FollowedDocument) {
    const { name, doc } = followed;
    this.host = host;
    this.name = name;
    const keepDraft = (draft: Draft | undefined) => followed.write(() => host.keepDraft(name, draft));
    const sourceOf = (origin: unknown) => followed.sourceOf(origin);
    const cursor = () => followed.cursor();
    if (name === INDEX_DOCUMENT) {
      const onRemoved = (files: readonly RemovedFile[]) => host.removed(files);
      this.list = new ListTracker({ doc, sourceOf, cursor, keepDraft, onRemoved });
    } else {
      this.text = new AwayTracker({ document: name, doc, sourceOf, cursor, keepDraft, budget: host.budget });
    }
  }

  /** What an earlier start kept of the document. Never rejects. */
  readDraft(): Promise<Draft | undefined> {
    return this.host.readDraft(this.name);
  }

  /** The document has what was stored; `unacked` are the edits in it that the relay may not have. */
  loaded(draft: Draft | undefined, unacked: readonly Uint8Array[]): void {
    if (this.isClosed) return;
    this.text?.loaded(draft, unacked);
    this.list?.loaded(draft);
  }

  /** These came from the relay, and are in the document now. */
  received(payloads: readonly Uint8Array[]): void {
    this.text?.received(payloads);
  }

  left(): void {
    if (this.host.isBack) this.settle();
    this.isSynced = false;
    this.isTold = false;
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
    const change = text?.returned();
    this.host.take({ name, text: change, list: list?.returned() ?? [], listSince, isNew, isFinal: true, discardDraft });
  }

  /**
   * Tells what has changed since the last time, if there is something; what others bring late is followed further. Gives
   * whether others have done something.
   */
  settle(): boolean {
    if (!this.isSynced || this.isTold) return false;
    this.isSettling = true;
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
    this.list?.returned();
    this.list?.discardDraft();
  }

  /** The document is being closed. */
  close(): void {
    if (this.isClosed) return;
    this.tell();
    this.isClosed = true;
    this.text?.close();
    this.list?.close();
    this.host.closed(this);
  }

  private discardDraft(): void {
    this.text?.discardDraft();
    this.list?.discardDraft();
  }
}
