import * as Y from 'yjs';
import { type Disposable, DisposableStore, Emitter, type Event, toDisposable } from '../lifecycle/index.ts';
import { isReservedDocument, type SharedFile } from './index-document.ts';
import { ListedFiles } from './listed-files.ts';
import { parseSharedPath } from './shared-path.ts';
import { createFileId } from './file-id.ts';
import { addContent, type ListedContent, readListedContent, replaceContent } from './listed-contents.ts';

type FileEntry = Y.Map<unknown>;

/** A file as it is to be listed; the id is made when none is given. */
export type NewFile = Omit<SharedFile, 'fileId'> & { readonly fileId?: string };

/** What becomes different about a listed file. */
export type FileChanges = Partial<Omit<SharedFile, 'fileId'>>;

export interface WorkspaceIndexOptions {
  /** Floats in [0, 1) for file ids. */
  readonly random: () => number;
  readonly nowMs: () => number;
}

/** A path cannot be shared. `message` says why. */
export class SharedPathError extends Error {
  constructor(path: string, reason: string) {
    super(`"${path}" cannot be used as a file name: ${reason}`);
    this.name = 'SharedPathError';
  }
}

/**
 * The files of a room, read from and written to its index document.
 * When two files claim one path, the later id is shown with a suffix; entries that make no sense are not shown.
 */
export class WorkspaceIndex implements Disposable {
  private readonly entries: Y.Map<FileEntry>;
  private readonly reserved = new Set<string>();
  private readonly disposables = new DisposableStore();
  private readonly changeEmitter = this.disposables.add(new Emitter<void>());
  private readonly doc: Y.Doc;
  private readonly options: WorkspaceIndexOptions;
  private readonly listed = new ListedFiles();
  /** Ids of entries that are to be read, whether they are there or not. */
  private readonly changed: Set<string>;

  /** Fires after every transaction that touched the list. */
  readonly onDidChange: Event<void> = this.changeEmitter.event;

  constructor(doc: Y.Doc, options: WorkspaceIndexOptions) {
    this.doc = doc;
    this.options = options;
    this.entries = doc.getMap<FileEntry>('files');
    this.changed = new Set(this.entries.keys());
    const notice = (events: readonly Y.YEvent<Y.AbstractType<unknown>>[]) => {
      for (const event of events) this.noteChanged(event);
      this.changeEmitter.fire();
    };
    this.entries.observeDeep(notice);
    this.disposables.add(toDisposable(() => this.entries.unobserveDeep(notice)));
  }

  /** All files, sorted by path. */
  get files(): readonly SharedFile[] {
    return this.read().files;
  }

  get(fileId: string): SharedFile | undefined {
    return this.read().get(fileId);
  }

  /** Whether the file is listed or was once, as far as this copy of the list goes. */
  wasListed(fileId: string): boolean {
    // What was removed leaves a mark, which no public method gives.
    return this.entries._map.has(fileId);
  }

  findByPath(path: string): SharedFile | undefined {
    return this.files.find((file) => file.path === path);
  }

  get roomName(): string | undefined {
    const name = this.doc.getMap('room').get('name');
    return typeof name === 'string' ? name : undefined;
  }

  set roomName(name: string) {
    this.doc.getMap('room').set('name', name);
  }

  /** Ids for files whose texts are written before the files are listed. */
  reserveIds(count: number): readonly string[] {
    const ids = Array.from({ length: count }, () => createFileId(this.options.nowMs(), this.options.random));
    for (const fileId of ids) this.reserved.add(fileId);
    return ids;
  }

  /** Whether the id was reserved here and its file is not listed yet. */
  isReserved(fileId: string): boolean {
    return this.reserved.has(fileId);
  }

  /** Lists files in one transaction and returns their ids. Throws {@link SharedPathError}. */
  add(files: readonly NewFile[]): readonly string[] {
    for (const file of files) requirePath(file.path);
    return this.doc.transact(() =>
      files.map((file) => {
        const fileId = file.fileId ?? createFileId(this.options.nowMs(), this.options.random);
        const entry: FileEntry = new Y.Map();
        const { path, eol, bom, kind, executable, sizeBytes, blob, writtenMs } = file;
        for (const [key, value] of Object.entries({ path, eol, bom, kind, executable, sizeBytes })) {
          if (value !== undefined) entry.set(key, value);
        }
        this.entries.set(fileId, entry);
        if (blob !== undefined) replaceContent(entry, this.toContent({ blob, sizeBytes, writtenMs }));
        this.reserved.delete(fileId);
        return fileId;
      }),
    );
  }

  /**
   * Changes what is known about a file; a `blob` takes the place of all contents that it has, with its `sizeBytes` and,
   * unless it is now, its `writtenMs`. A file that is not listed any longer stays so. Throws {@link SharedPathError}.
   */
  update(fileId: string, changes: FileChanges): void {
    if (changes.path !== undefined) requirePath(changes.path);
    const entry = this.entries.get(fileId);
    if (!entry) return;
    const { blob, sizeBytes, writtenMs, ...others } = changes;
    const plain = blob === undefined ? { ...others, sizeBytes } : others;
    this.doc.transact(() => {
      for (const [key, value] of Object.entries(plain)) {
        if (value !== undefined && entry.get(key) !== value) entry.set(key, value);
      }
      if (blob !== undefined) replaceContent(entry, this.toContent({ blob, sizeBytes, writtenMs }));
    });
  }

  /**
   * Notes a content beside those that a file has: of all of them the one counts that was written last. Returns false when
   * it is noted already, or the file is not listed.
   */
  addContent(fileId: string, content: ListedContent): boolean {
    const entry = this.entries.get(fileId);
    return entry !== undefined && this.doc.transact(() => addContent(entry, content));
  }

  /** As {@link update}, many files in one transaction. */
  updateAll(changes: ReadonlyMap<string, FileChanges>): void {
    this.doc.transact(() => {
      for (const [fileId, changed] of changes) this.update(fileId, changed);
    });
  }

  /** Moves every file below `from` to below `to`. Throws {@link SharedPathError}. */
  renameFolder(from: string, to: string): void {
    requirePath(to);
    const moved = this.files.filter((file) => file.path.startsWith(`${from}/`));
    this.doc.transact(() => {
      for (const file of moved) this.update(file.fileId, { path: `${to}${file.path.slice(from.length)}` });
    });
  }

  remove(fileIds: readonly string[]): void {
    this.doc.transact(() => {
      for (const fileId of fileIds) this.entries.delete(fileId);
    });
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private noteChanged(event: Y.YEvent<Y.AbstractType<unknown>>): void {
    const [fileId] = event.path;
    if (typeof fileId === 'string') this.changed.add(fileId);
    else for (const key of event.keys.keys()) this.changed.add(key);
  }

  private toContent(
    said: Omit<ListedContent, 'writtenMs'> & { readonly writtenMs: number | undefined },
  ): ListedContent {
    return { ...said, writtenMs: said.writtenMs ?? this.options.nowMs() };
  }

  private read(): ListedFiles {
    for (const fileId of this.changed) this.listed.set(fileId, readEntry(fileId, this.entries.get(fileId)));
    this.changed.clear();
    return this.listed;
  }
}

/** Whether an index document has an entry for the file, be it one that makes sense or not. */
export function isFileListed(indexDocument: Y.Doc, fileId: string): boolean {
  return indexDocument.getMap('files').has(fileId);
}

function requirePath(path: string): void {
  const parsed = parseSharedPath(path);
  if (!parsed.ok) throw new SharedPathError(path, parsed.reason);
}

function readEntry(fileId: string, entry: unknown): SharedFile | undefined {
  if (!(entry instanceof Y.Map) || !/^[A-Za-z0-9_-]{1,64}$/.test(fileId)) return undefined;
  if (isReservedDocument(fileId)) return undefined;
  const path: unknown = entry.get('path');
  const kind: unknown = entry.get('kind');
  const executable: unknown = entry.get('executable');
  if (typeof path !== 'string') return undefined;
  const parsed = parseSharedPath(path);
  if (!parsed.ok) return undefined;
  const isText = kind !== 'binary' && kind !== 'oversized';
  const content = isText ? undefined : readListedContent(entry);
  const sizeBytes: unknown = content ? content.sizeBytes : entry.get('sizeBytes');
  return {
    fileId,
    path: parsed.path,
    eol: entry.get('eol') === 'CRLF' ? 'CRLF' : 'LF',
    bom: entry.get('bom') === true,
    kind: isText ? 'text' : kind,
    ...(typeof executable === 'boolean' ? { executable } : {}),
    ...(typeof sizeBytes === 'number' ? { sizeBytes } : {}),
    ...(content ? { blob: content.blob } : {}),
    ...(content && content.writtenMs > 0 ? { writtenMs: content.writtenMs } : {}),
  };
}
