import { createHash } from 'node:crypto';
import * as Y from 'yjs';
import { matchesPaths } from '../../shared/access/index.ts';
import { type Disposable, DisposableStore, Emitter, MutableDisposable } from '../../shared/lifecycle/index.ts';
import { INDEX_DOCUMENT, type SharedFile, WorkspaceIndex } from '../../shared/workspace/index.ts';
import { FollowedDocument, type FollowOptions } from './followed-document.ts';

export interface PathViewOptions extends FollowOptions {
  readonly patterns: readonly string[];
}

/** Changes of the list come many at once. */
const SETTLE_MS = 20;
// Plain values alone: two nodes must not see a difference where there is none.
const SHOWN_FIELDS = ['path', 'eol', 'bom', 'kind', 'executable', 'sizeBytes', 'blob'];

/** Name of the document that lists a room's files for those who may see only `patterns`. */
export function pathViewName(patterns: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(patterns.toSorted())).digest('base64url');
  return `view-${digest.slice(0, 32)}`;
}

/**
 * The part of a room that lies at certain paths: which documents belong to it, and a document that lists them, kept in
 * step with the room's own list. It is an ordinary document of the log; several nodes may keep it up at once, since all
 * of them write the same. Only needed while somebody is there who may not see everything, and away from the hot path.
 */
export class PathView implements Disposable {
  readonly documentName: string;
  private readonly options: PathViewOptions;
  private readonly owned = new DisposableStore();
  private readonly changed = this.owned.add(new Emitter<void>());
  private readonly timer = this.owned.add(new MutableDisposable<Disposable>());
  private readonly source: FollowedDocument;
  private readonly view: FollowedDocument;
  private readonly index = this.owned.add(new MutableDisposable<WorkspaceIndex>());
  private indexedDoc: Y.Doc | undefined;
  private allowed: ReadonlySet<string> = new Set();
  /** All of it had been read when something of it came last. */
  private isKnown = false;

  /** Fires when other documents belong to the view than before. */
  readonly onDidChange = this.changed.event;

  constructor(options: PathViewOptions) {
    this.options = options;
    this.documentName = pathViewName(options.patterns);
    const follow = (name: string) => this.owned.add(new FollowedDocument(name, options, () => this.noticeChange()));
    this.source = follow(INDEX_DOCUMENT);
    this.view = follow(this.documentName);
  }

  /** Resolves when the view is known. Rejects when the room's list, or the view, cannot be read now. */
  async ready(): Promise<void> {
    await Promise.all([this.source.whenRead, this.view.whenRead]);
  }

  /** Whether a document belongs to the view, as far as the room's list has come here. */
  allows(document: string): boolean {
    return this.allowed.has(document);
  }

  // What has come of a list in part says nothing of what is not in it.
  private get isRead(): boolean {
    return this.source.hasRead && this.view.hasRead;
  }

  private noticeChange(): void {
    const wasKnown = this.isKnown;
    this.isKnown = this.isRead;
    if (!this.isKnown) return;
    if (!wasKnown) return this.project();
    this.timer.value ??= this.options.scheduler.schedule(() => {
      this.timer.value = undefined;
      this.projectInTime();
    }, SETTLE_MS);
  }

  private projectInTime(): void {
    try {
      if (this.isRead) this.project();
    } catch (error) {
      this.options.reportProblem(error);
    }
  }

  private project(): void {
    if (this.owned.isDisposed) return;
    const { patterns } = this.options;
    const files = this.listFiles().filter(({ path }) => matchesPaths(path, patterns));
    const byId = new Map(files.map((file) => [file.fileId, file]));
    const allowed = new Set(byId.keys());
    const isChanged = allowed.size !== this.allowed.size || [...allowed].some((fileId) => !this.allowed.has(fileId));
    this.allowed = allowed;
    this.writeDifference(byId);
    if (isChanged) this.changed.fire();
  }

  private listFiles(): readonly SharedFile[] {
    const { doc } = this.source;
    if (this.indexedDoc !== doc) this.index.value = new WorkspaceIndex(doc, { random: () => 0, nowMs: () => 0 });
    this.indexedDoc = doc;
    return this.index.value?.files ?? [];
  }

  private writeDifference(allowed: ReadonlyMap<string, SharedFile>): void {
    const { doc } = this.view;
    const before = Y.encodeStateVector(doc);
    let isChanged = false;
    doc.transact(() => {
      const listed = this.source.doc.getMap<Y.Map<unknown>>('files');
      const shown = doc.getMap<Y.Map<unknown>>('files');
      for (const fileId of [...shown.keys()]) {
        if (allowed.has(fileId)) continue;
        shown.delete(fileId);
        isChanged = true;
      }
      for (const file of allowed.values()) {
        const entry = listed.get(file.fileId);
        if (entry && copyEntry(file, entry, shown)) isChanged = true;
      }
      const name = this.source.doc.getMap('room').get('name');
      if (typeof name === 'string' && doc.getMap('room').get('name') !== name) {
        doc.getMap('room').set('name', name);
        isChanged = true;
      }
    });
    if (isChanged) this.view.submit(Y.encodeStateAsUpdate(doc, before));
  }

  dispose(): void {
    this.owned.dispose();
  }
}

/** Gives true when something was changed. */
function copyEntry(
  { fileId, sizeBytes, blob }: SharedFile,
  entry: Y.Map<unknown>,
  shown: Y.Map<Y.Map<unknown>>,
): boolean {
  const present = shown.get(fileId);
  const values = SHOWN_FIELDS.flatMap((field): [string, unknown][] => {
    // Of several contents that it may have, those who see some paths are told the one that counts.
    const value = field === 'blob' ? blob : field === 'sizeBytes' ? sizeBytes : entry.get(field);
    return ['string', 'number', 'boolean'].includes(typeof value) ? [[field, value]] : [];
  });
  if (!present) {
    shown.set(fileId, new Y.Map(values));
    return true;
  }
  let isChanged = false;
  for (const key of SHOWN_FIELDS) {
    if (!present.has(key) || values.some(([field]) => field === key)) continue;
    present.delete(key);
    isChanged = true;
  }
  for (const [key, value] of values) {
    if (present.get(key) === value) continue;
    present.set(key, value);
    isChanged = true;
  }
  return isChanged;
}
