import type * as Y from 'yjs';
import { type Disposable, DisposableStore, Emitter, toDisposable } from '../../../shared/lifecycle/index.ts';
import type { DocumentLease, RoomSession } from '../../../shared/sync/index.ts';
import { CONTENT_TEXT, type SharedFile, type TextEdit, type WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { NewSharedFile, SharedFiles } from '../workspace/shared-files.ts';

/** Origin of edits that were made on disk. */
const DISK_ORIGIN = Symbol('from the folder on disk');

interface OpenText extends Disposable {
  readonly lease: DocumentLease;
  readonly text: Y.Text;
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
  private readonly isKnown: (fileId: string) => boolean;
  private shown: { readonly listed: readonly SharedFile[]; readonly files: readonly SharedFile[] } | undefined;

  private taken: { readonly listed: readonly SharedFile[]; readonly paths: ReadonlySet<string> } | undefined;

  readonly onDidChangeText = this.textChanged.event;
  readonly onDidChangeFiles = this.filesChanged.event;

  /** `isKnown` tells whether a file's text was on this device's disk before. */
  constructor(session: RoomSession, index: WorkspaceIndex, isKnown: (fileId: string) => boolean) {
    this.session = session;
    this.index = index;
    this.isKnown = isKnown;
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
    if (this.taken?.listed !== listed) this.taken = { listed, paths: new Set(listed.map((file) => file.path)) };
    return this.taken.paths.has(path);
  }

  async whenTextReady(fileId: string): Promise<void> {
    await this.open(fileId).lease.replica.whenLoaded;
  }

  readText(fileId: string): string {
    return this.open(fileId).text.toString();
  }

  applyEdits(fileId: string, edits: readonly TextEdit[]): void {
    const { text, lease } = this.open(fileId);
    lease.replica.doc.transact(() => {
      for (const { offset, deleteLength, insert } of [...edits].reverse()) {
        if (deleteLength > 0) text.delete(offset, deleteLength);
        if (insert !== '') text.insert(offset, insert);
      }
    }, DISK_ORIGIN);
  }

  async whenKept(fileId: string): Promise<void> {
    await this.open(fileId).lease.replica.whenKept();
  }

  async createFiles(files: readonly NewSharedFile[]): Promise<readonly string[]> {
    const ids = this.index.reserveIds(files.length);
    // The texts go first: whoever sees a file in the list finds its text.
    for (const [position, { text }] of files.entries()) {
      const fileId = ids[position];
      if (fileId !== undefined) this.ready.add(fileId);
      if (fileId !== undefined && text !== undefined && text !== '') {
        this.applyEdits(fileId, [{ offset: 0, deleteLength: 0, insert: text }]);
      }
    }
    await Promise.all(ids.filter((fileId) => this.texts.has(fileId)).map((fileId) => this.whenKept(fileId)));
    return this.index.add(
      files.map(({ text: _text, ...file }, position) => {
        const fileId = ids[position];
        return fileId === undefined ? file : { ...file, fileId };
      }),
    );
  }

  update(fileId: string, changes: Partial<Omit<SharedFile, 'fileId'>>): void {
    this.index.update(fileId, changes);
  }

  remove(fileIds: readonly string[]): void {
    this.index.remove(fileIds);
  }

  dispose(): void {
    this.disposables.dispose();
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
    if (!this.texts.has(fileId)) this.awaitText(fileId);
    return false;
  }

  private awaitText(fileId: string): void {
    const { lease, text } = this.open(fileId);
    const { replica } = lease;
    const accept = () => {
      if (this.disposables.isDisposed || this.ready.has(fileId)) return;
      this.ready.add(fileId);
      this.shown = undefined;
      this.filesChanged.fire();
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
    const text = lease.replica.doc.getText(CONTENT_TEXT);
    const notice = () => this.textChanged.fire(fileId);
    text.observe(notice);
    const opened: OpenText = {
      lease,
      text,
      dispose: () => {
        text.unobserve(notice);
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
