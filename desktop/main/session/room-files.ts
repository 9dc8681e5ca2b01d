import type * as Y from 'yjs';
import {
  type Disposable,
  DisposableStore,
  Emitter,
  MutableDisposable,
  type Scheduler,
  systemScheduler,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import type { DocumentLease, RoomSession } from '../../../shared/sync/index.ts';
import {
  CONTENT_TEXT,
  editContent,
  type FileChanges,
  INDEX_DOCUMENT,
  type ListedContent,
  readContent,
  type SharedFile,
  type TextEdit,
  type WorkspaceIndex,
} from '../../../shared/workspace/index.ts';
import type { NewSharedFile, SharedFiles } from '../workspace/shared-files.ts';
import { TurnBudget } from '../workspace/turn-budget.ts';
import { notKept } from '../workspace/workspace-error.ts';

/** Origin of edits that were made on disk. */
const DISK_ORIGIN = Symbol('from the folder on disk');

/** Texts of a large change are waited for so long before their files are listed. */
const DELIVERY_MS = 500;

/** Files whose texts come within so long are shown at once: each time, all files are looked at. */
const SHOW_TOGETHER_MS = 20;

/** A file was changed in the room as it is on disk. */
export interface TakenChange {
  readonly fileId: string;
  /** The document with the edit: the file's own, or the list of files. */
  readonly document: string;
  /** Number of the edit: see `DocumentReplica.lastEdit`. */
  readonly lastEdit: number;
}

interface OpenText extends Disposable {
  readonly lease: DocumentLease;
  text: Y.Text;
  /** The document was begun anew. */
  renew(): void;
}

/** The room's files as the folder mirror sees them: every text file's document is kept open. */
export class RoomFiles implements SharedFiles, Disposable {
  private readonly disposables = new DisposableStore();
  private readonly session: RoomSession;
  private readonly index: WorkspaceIndex;
  private readonly texts = new Map<string, OpenText>();
  private readonly ready = new Set<string>();
  private readonly textChanged = this.disposables.add(new Emitter<string>());
  private readonly filesChanged = this.disposables.add(new Emitter<void>());
  private readonly taken = this.disposables.add(new Emitter<TakenChange>());
  private readonly indexLease: DocumentLease;
  /** Files whose texts were written and could not be kept, by path: their ids are used when it is tried again. */
  private readonly unlisted = new Map<string, string>();
  private readonly showing = this.disposables.add(new MutableDisposable<Disposable>());
  /** Texts of others that are to be opened. */
  private readonly awaited = new Set<string>();
  /** Texts that were on disk here, and are not in the store any more. */
  private readonly missing = new Set<string>();
  private readonly isKnown: (fileId: string) => boolean;
  private readonly scheduler: Scheduler;
  private shown: { readonly listed: readonly SharedFile[]; readonly files: readonly SharedFile[] } | undefined;

  private takenPaths: { readonly listed: readonly SharedFile[]; readonly paths: ReadonlySet<string> } | undefined;

  /** What is changed from now on is sent behind what people type. */
  isBulk = false;

  /** Fires right after every change that the mirror makes. */
  readonly onDidTake = this.taken.event;
  readonly onDidChangeText = this.textChanged.event;
  readonly onDidChangeFiles = this.filesChanged.event;

  /** `isKnown` tells whether a file's text was on this device's disk before. */
  constructor(
    session: RoomSession,
    index: WorkspaceIndex,
    isKnown: (fileId: string) => boolean,
    scheduler: Scheduler = systemScheduler,
  ) {
    this.session = session;
    this.index = index;
    this.isKnown = isKnown;
    this.scheduler = scheduler;
    this.indexLease = this.disposables.add(session.open(INDEX_DOCUMENT));
    // At once: what would be written to the old document would be lost.
    this.disposables.add(
      session.onDidRenew((name) => {
        if (this.texts.has(name)) this.ready.add(name);
        this.texts.get(name)?.renew();
      }),
    );
    this.disposables.add(
      index.onDidChange(() => {
        this.closeRemoved();
        this.filesChanged.fire();
      }),
    );
    this.disposables.add(
      toDisposable(() => {
        for (const text of this.texts.values()) text.dispose();
        this.texts.clear();
      }),
    );
  }

  /** A file of somebody else is held back until its text has come: its emptiness until then means nothing. */
  get files(): readonly SharedFile[] {
    const listed = this.index.files;
    if (this.shown?.listed !== listed) {
      this.shown = { listed, files: listed.filter((file) => this.isShown(file)) };
    }
    return this.shown.files;
  }

  get(fileId: string): SharedFile | undefined {
    const file = this.index.get(fileId);
    return file && this.isShown(file) ? file : undefined;
  }

  isPathTaken(path: string): boolean {
    const listed = this.index.files;
    if (this.takenPaths?.listed !== listed) {
      this.takenPaths = { listed, paths: new Set(listed.map((file) => file.path)) };
    }
    return this.takenPaths.paths.has(path);
  }

  async whenTextReady(fileId: string): Promise<void> {
    await this.open(fileId).lease.replica.whenLoaded;
  }

  isTextHere(fileId: string): boolean {
    const { replica } = this.open(fileId).lease;
    if (replica.isKnown) return true;
    if (!this.missing.has(fileId)) {
      this.missing.add(fileId);
      void replica.whenSynced.then(() => {
        this.missing.delete(fileId);
        if (!this.disposables.isDisposed) this.textChanged.fire(fileId);
      });
    }
    return false;
  }

  readText(fileId: string): string {
    return readContent(this.open(fileId).text);
  }

  applyEdits(fileId: string, edits: readonly TextEdit[]): void {
    const { text, lease } = this.open(fileId);
    const { replica } = lease;
    if (this.isBulk) replica.sendAsBulk();
    editContent(text, edits, DISK_ORIGIN);
    this.taken.fire({ fileId, document: fileId, lastEdit: replica.lastEdit });
  }

  async whenKept(fileId: string): Promise<void> {
    await this.open(fileId).lease.replica.whenKept();
  }

  async createFiles(files: readonly NewSharedFile[]): Promise<readonly string[]> {
    this.assertKept(files, [...this.unlisted.values()]);
    const ids = this.reserveIds(files);
    const budget = new TurnBudget();
    // The texts go first: whoever sees a file in the list finds its text.
    for (const [position, { text }] of files.entries()) {
      const fileId = ids[position];
      if (fileId !== undefined) this.ready.add(fileId);
      if (fileId !== undefined && text !== undefined && this.begin(fileId, text)) await budget.pause();
    }
    await Promise.all(ids.filter((fileId) => this.texts.has(fileId)).map((fileId) => this.whenKept(fileId)));
    // Many are on their way for a while: those who see the file in the list should not find it empty.
    if (this.isBulk) await this.session.whenDelivered(DELIVERY_MS);
    this.assertKept(files, ids);
    for (const { path } of files) this.unlisted.delete(path);
    const listed = files.map(({ text: _text, ...file }, position) => {
      const fileId = ids[position];
      return fileId === undefined ? file : { ...file, fileId };
    });
    return this.changeList(ids, () => this.index.add(listed));
  }

  canKeep(fileId: string): boolean {
    return this.indexLease.replica.canKeep && (this.texts.get(fileId)?.lease.replica.canKeep ?? true);
  }

  wasListed(fileId: string): boolean {
    return this.index.wasListed(fileId);
  }

  get isListComplete(): boolean {
    return this.indexLease.replica.wasSynced;
  }

  update(fileId: string, changes: FileChanges): void {
    this.changeList([fileId], () => this.index.update(fileId, changes));
  }

  addContent(fileId: string, content: ListedContent): boolean {
    return this.changeList([fileId], () => this.index.addContent(fileId, content));
  }

  updateAll(changes: ReadonlyMap<string, FileChanges>): void {
    this.changeList([...changes.keys()], () => this.index.updateAll(changes));
  }

  remove(fileIds: readonly string[]): void {
    this.changeList(fileIds, () => this.index.remove(fileIds));
  }

  dispose(): void {
    this.disposables.dispose();
  }

  /** What a file was given when it could not be listed is in the room's log already. */
  private reserveIds(files: readonly NewSharedFile[]): readonly string[] {
    const known = files.map(({ path }) => this.unlisted.get(path));
    const fresh = this.index.reserveIds(known.filter((fileId) => fileId === undefined).length).values();
    const ids = known.flatMap((fileId) => fileId ?? fresh.next().value ?? []);
    for (const [position, { path }] of files.entries()) {
      const fileId = ids[position];
      if (fileId !== undefined) this.unlisted.set(path, fileId);
    }
    return ids;
  }

  /** Gives a file that is to be listed its text, unless it has that already. */
  private begin(fileId: string, text: string): boolean {
    const before = this.texts.has(fileId) ? this.readText(fileId) : '';
    if (before === text) return false;
    this.applyEdits(fileId, [{ offset: 0, deleteLength: before.length, insert: text }]);
    return true;
  }

  private assertKept(files: readonly NewSharedFile[], fileIds: readonly string[]): void {
    const isKept = this.indexLease.replica.canKeep && fileIds.every((fileId) => this.canKeep(fileId));
    if (!isKept) throw notKept(files[0]?.path ?? '');
  }

  private changeList<T>(fileIds: readonly string[], change: () => T): T {
    const { replica } = this.indexLease;
    const result = change();
    for (const fileId of fileIds) {
      this.taken.fire({ fileId, document: INDEX_DOCUMENT, lastEdit: replica.lastEdit });
    }
    return result;
  }

  private isShown({ fileId, kind }: SharedFile): boolean {
    return kind !== 'text' || this.isReady(fileId);
  }

  private isReady(fileId: string): boolean {
    if (this.ready.has(fileId)) return true;
    if (this.isKnown(fileId)) {
      this.ready.add(fileId);
      this.shown = undefined;
      return true;
    }
    if (!this.texts.has(fileId)) this.awaitSoon(fileId);
    return false;
  }

  /** Many may come at once, and opening each of them takes its time. */
  private awaitSoon(fileId: string): void {
    const isFirst = this.awaited.size === 0;
    this.awaited.add(fileId);
    if (isFirst) void this.awaitTexts();
  }

  private async awaitTexts(): Promise<void> {
    const budget = new TurnBudget();
    for (const fileId of this.awaited) {
      if (this.disposables.isDisposed || this.session.hasLeft) return;
      if (this.index.get(fileId) && !this.texts.has(fileId)) this.awaitText(fileId);
      await budget.pause();
      this.awaited.delete(fileId);
    }
  }

  private awaitText(fileId: string): void {
    const { lease, text } = this.open(fileId);
    const { replica } = lease;
    // Nobody waits for it as they do for what they open.
    if (!replica.isSynced) replica.sendAsBulk();
    const accept = () => {
      if (this.disposables.isDisposed || this.ready.has(fileId)) return;
      this.ready.add(fileId);
      this.shown = undefined;
      this.showing.value ??= this.scheduler.schedule(() => {
        this.showing.value = undefined;
        this.filesChanged.fire();
      }, SHOW_TOGETHER_MS);
    };
    void replica.whenLoaded.then(() => {
      if (text.length > 0) accept();
    });
    void replica.whenSynced.then(accept);
  }

  private open(fileId: string): OpenText {
    const known = this.texts.get(fileId);
    if (known) return known;
    const lease = this.session.open(fileId);
    const notice = () => this.textChanged.fire(fileId);
    const follow = () => {
      const text = lease.replica.doc.getText(CONTENT_TEXT);
      text.observe(notice);
      return text;
    };
    const opened: OpenText = {
      lease,
      text: follow(),
      renew: () => {
        opened.text.unobserve(notice);
        opened.text = follow();
        notice();
      },
      dispose: () => {
        opened.text.unobserve(notice);
        lease.dispose();
      },
    };
    this.texts.set(fileId, opened);
    return opened;
  }

  private closeRemoved(): void {
    for (const [fileId, text] of this.texts) {
      if (this.index.get(fileId) || this.index.isReserved(fileId)) continue;
      this.texts.delete(fileId);
      this.ready.delete(fileId);
      text.dispose();
    }
  }
}
