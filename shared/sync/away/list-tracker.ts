import * as Y from 'yjs';
import { comparablePath, type SharedFile, WorkspaceIndex } from '../../workspace/index.ts';
import type { ListChange } from './away-summary.ts';
import type { ChangeSource } from './away-tracker.ts';
import type { SyncCursor } from '../offline-store.ts';
import { type Draft, readCursor } from './draft.ts';
import { type ContendedFile, OwnContents } from './own-contents.ts';

/** Files of a longer list are not compared with it. */
const MAX_KEPT_FILES = 50_000;

/** What others did to one file's place in the list. */
export interface TrackedListChange {
  readonly fileId: string;
  /** As it is, or as it was before it was deleted. */
  readonly path: string;
  readonly change: ListChange;
}

/** A file with the path that the list had for it. */
export interface ListedFile {
  readonly fileId: string;
  readonly path: string;
}

export interface ListTrackerOptions {
  readonly doc: Y.Doc;
  readonly sourceOf: (origin: unknown) => ChangeSource;
  readonly cursor: () => SyncCursor | undefined;
  /** Called in the transaction, whether or not the list is being followed. */
  readonly onRemoved: (files: readonly ListedFile[]) => void;
  /** As `onRemoved`, when self and others gave a file a content without knowledge of each other, and theirs counts. */
  readonly onContended: (files: readonly ContendedFile[]) => void;
  readonly nowMs: () => number;
  /** Keeps the list as it was before others' changes, or removes it. */
  readonly keepDraft: (draft: Draft | undefined) => void;
}

/** By id. `content` tells two contents of a file apart that is no shared text. */
type Files = ReadonlyMap<string, ComparedFile>;

/** `claim`: the path that it was given; it has another one where several claim the same. */
interface ComparedFile {
  readonly path: string;
  readonly content: string;
  readonly claim: string;
}

/** Follows the list of files from the moment at which this device lost touch until it has everything again. */
export class ListTracker {
  private readonly options: ListTrackerOptions;
  private readonly entries: Y.Map<unknown>;
  /** The list before the first change of others. */
  private before: Files | undefined;
  /** How far the list was then. */
  private since: SyncCursor | undefined;
  private readonly ownIds = new Set<string>();
  private readonly contendedIds = new Set<string>();
  private readonly ownContents: OwnContents;
  private isLoaded = false;
  private isFollowing = true;
  private isKnown = false;
  private hasDraft = false;
  private pending: Y.Transaction | undefined;

  constructor(options: ListTrackerOptions) {
    this.options = options;
    this.entries = options.doc.getMap('files');
    this.ownContents = new OwnContents(options);
    options.doc.on('beforeTransaction', this.noticeBegin);
    options.doc.on('afterTransaction', this.noticeEnd);
    this.entries.observeDeep(this.noticeEntries);
  }

  /** The list has what was stored. `draft` was kept by an earlier start. */
  loaded(draft: Draft | undefined): void {
    this.isLoaded = true;
    this.isKnown = this.entries.size > 0;
    if (!draft) return;
    this.hasDraft = true;
    this.before = this.isKnown ? readFiles(draft.body) : undefined;
    this.since = parseCursor(draft.summary);
    if (!this.before) this.discardDraft();
  }

  left(): void {
    if (!this.isFollowing) this.reset();
    this.isFollowing = true;
  }

  /** How far the list was before what {@link returned} or {@link settle} give next; undefined when that is not known. */
  get followedSince(): SyncCursor | undefined {
    return this.since;
  }

  /** The list is complete. Gives what others did to it since the last time. */
  returned(): readonly TrackedListChange[] {
    const changes = this.settle();
    this.isFollowing = false;
    return changes;
  }

  /** As {@link returned}, but what others bring late is followed further. */
  settle(): readonly TrackedListChange[] {
    if (!this.isFollowing) return [];
    const changes = this.before ? this.compare(this.before) : [];
    this.reset();
    this.isKnown = true;
    return changes;
  }

  discardDraft(): void {
    if (!this.hasDraft) return;
    this.hasDraft = false;
    this.options.keepDraft(undefined);
  }

  close(): void {
    const { doc } = this.options;
    doc.off('beforeTransaction', this.noticeBegin);
    doc.off('afterTransaction', this.noticeEnd);
    this.entries.unobserveDeep(this.noticeEntries);
  }

  private readonly noticeBegin = (transaction: Y.Transaction): void => {
    if (!this.isFollowing || !this.isLoaded || !this.isKnown || this.before) return;
    if (this.options.sourceOf(transaction.origin) !== 'remote' || this.entries.size > MAX_KEPT_FILES) return;
    this.pending = transaction;
    this.before = listFiles(this.options.doc);
    this.since = this.options.cursor();
  };

  private readonly noticeEnd = (transaction: Y.Transaction): void => {
    if (this.pending !== transaction) return;
    this.pending = undefined;
    if (transaction.changed.size === 0) this.before = undefined;
    else if (this.before) {
      this.hasDraft = true;
      this.options.keepDraft({
        summary: JSON.stringify(this.since ?? null),
        body: JSON.stringify(
          [...this.before].map(([fileId, { path, content, claim }]) => [fileId, path, content, claim]),
        ),
      });
    }
  };

  /** Once others' changes come in, what self does must not count as theirs. */
  private readonly noticeEntries = (
    events: readonly Y.YEvent<Y.AbstractType<unknown>>[],
    transaction: Y.Transaction,
  ) => {
    const isLocal = this.options.sourceOf(transaction.origin) === 'local';
    const contended = events.flatMap((event) => this.ownContents.notice(event, isLocal));
    if (contended.length > 0) this.options.onContended(contended);
    for (const { fileId } of contended) this.contendedIds.add(fileId);
    if (!isLocal) return;
    const removed = events.flatMap((event) => (event.target === this.entries ? removedBy(event) : []));
    if (removed.length > 0) this.options.onRemoved(removed);
    if (!this.isFollowing || !this.before) return;
    for (const event of events) {
      const [fileId] = event.path;
      if (typeof fileId === 'string') this.ownIds.add(fileId);
      else for (const key of event.keys.keys()) this.ownIds.add(key);
    }
  };

  private compare(before: Files): readonly TrackedListChange[] {
    const after = listFiles(this.options.doc);
    const changes: TrackedListChange[] = [];
    const add = (fileId: string, path: string, change: ListChange) => {
      if (!this.ownIds.has(fileId)) changes.push({ fileId, path, change });
    };
    for (const [fileId, file] of after) {
      const old = before.get(fileId);
      if (!old) add(fileId, file.path, { kind: 'created' });
      else if (old.path !== file.path) {
        const renamed = compareNames(old, file);
        if (renamed) add(fileId, file.path, renamed);
      } else if (old.content !== file.content && this.contendedIds.has(fileId))
        changes.push({ fileId, path: file.path, change: { kind: 'replaced', isByBoth: true } });
      else if (old.content !== file.content) add(fileId, file.path, { kind: 'replaced' });
    }
    for (const [fileId, file] of before) if (!after.has(fileId)) add(fileId, file.path, { kind: 'deleted' });
    return changes;
  }

  private reset(): void {
    this.before = undefined;
    this.since = undefined;
    this.ownIds.clear();
    this.contendedIds.clear();
  }
}

/** Undefined when the names are one for people. */
function compareNames(old: ComparedFile, { path, claim }: ComparedFile): ListChange | undefined {
  if (old.claim !== claim) return { kind: 'renamed', from: old.path };
  if (comparablePath(old.path) === comparablePath(path)) return undefined;
  return { kind: 'renamed', from: old.path, isByClash: true };
}

function removedBy(event: Y.YEvent<Y.AbstractType<unknown>>): readonly ListedFile[] {
  return [...event.keys].flatMap(([fileId, { action, oldValue }]) => {
    const entry: unknown = oldValue;
    // What a deleted entry had is known to no public method.
    const content = action === 'delete' && entry instanceof Y.Map ? entry._map.get('path')?.content : undefined;
    const path: unknown = content instanceof Y.ContentAny ? content.arr[0] : undefined;
    return typeof path === 'string' ? [{ fileId, path }] : [];
  });
}

function parseCursor(encoded: string): SyncCursor | undefined {
  try {
    return readCursor(JSON.parse(encoded));
  } catch {
    return undefined;
  }
}

function listFiles(doc: Y.Doc): Files {
  const index = new WorkspaceIndex(doc, { random: () => 0, nowMs: () => 0 });
  try {
    const entries = doc.getMap('files');
    return new Map(
      index.files.map((file) => {
        const { fileId, path } = file;
        const entry = entries.get(fileId);
        const claim: unknown = entry instanceof Y.Map ? entry.get('path') : path;
        return [fileId, { path, content: contentOf(file), claim: typeof claim === 'string' ? claim : path }];
      }),
    );
  } finally {
    index.dispose();
  }
}

function contentOf({ kind, sizeBytes, blob }: SharedFile): string {
  return kind === 'text' ? kind : JSON.stringify([kind, sizeBytes, blob]);
}

/** Undefined when it is damaged. */
function readFiles(encoded: string): Files | undefined {
  try {
    const value: unknown = JSON.parse(encoded);
    return Array.isArray(value) ? new Map(value.map(readFile)) : undefined;
  } catch {
    return undefined;
  }
}

function readFile(value: unknown): readonly [string, ComparedFile] {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [];
  const [fileId, path, content, claim = path] = parts;
  if (
    typeof fileId !== 'string' ||
    typeof path !== 'string' ||
    typeof content !== 'string' ||
    typeof claim !== 'string'
  )
    throw new TypeError('the kept list of files is damaged');
  return [fileId, { path, content, claim }];
}
