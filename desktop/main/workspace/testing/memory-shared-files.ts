import { Emitter } from '../../../../shared/lifecycle/index.ts';
import { parseSharedPath, type SharedFile } from '../../../../shared/workspace/index.ts';
import type { MirrorBase, MirrorBaseStore, NewSharedFile, SharedFiles, TextEdit } from '../shared-files.ts';
import { applyTextEdits } from '../three-way-merge.ts';

/** A room's files in memory, which a test edits as other people would. */
export class MemorySharedFiles implements SharedFiles {
  private readonly listed = new Map<string, SharedFile>();
  private readonly texts = new Map<string, string>();
  private readonly filesChanged = new Emitter<void>();
  private readonly textChanged = new Emitter<string>();
  private readonly heldBack = new Set<string>();
  private sorted: readonly SharedFile[] | undefined;
  private nextId = 1;
  readonly onDidChangeFiles = this.filesChanged.event;
  readonly onDidChangeText = this.textChanged.event;
  /** How many calls of `createFiles` there were. */
  createCalls = 0;
  /** Runs once, when files are about to be listed. */
  beforeCreate: (() => void) | undefined;

  get files(): readonly SharedFile[] {
    this.sorted ??= [...this.listed.values()]
      .filter(({ fileId }) => !this.heldBack.has(fileId))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    return this.sorted;
  }

  get(fileId: string): SharedFile | undefined {
    return this.heldBack.has(fileId) ? undefined : this.listed.get(fileId);
  }

  isPathTaken(path: string): boolean {
    return [...this.listed.values()].some((file) => file.path === path);
  }

  async whenTextReady(): Promise<void> {}

  async whenKept(): Promise<void> {}

  readText(fileId: string): string {
    return this.texts.get(fileId) ?? '';
  }

  applyEdits(fileId: string, edits: readonly TextEdit[]): void {
    let end = 0;
    for (const { offset, deleteLength } of edits) {
      if (offset < end || offset + deleteLength > this.readText(fileId).length)
        throw new Error('these edits are out of order');
      end = offset + deleteLength;
    }
    this.texts.set(fileId, applyTextEdits(this.readText(fileId), edits));
    this.textChanged.fire(fileId);
  }

  async createFiles(files: readonly NewSharedFile[]): Promise<readonly string[]> {
    this.createCalls++;
    const task = this.beforeCreate;
    this.beforeCreate = undefined;
    task?.();
    return this.list(files);
  }

  private list(files: readonly NewSharedFile[]): readonly string[] {
    const ids = files.map(({ text, ...file }) => {
      if (!parseSharedPath(file.path).ok) throw new Error(`${file.path} cannot be shared`);
      const fileId = `f${this.nextId++}`;
      this.listed.set(fileId, { fileId, ...file });
      this.sorted = undefined;
      if (text !== undefined && text !== '') this.applyEdits(fileId, [{ offset: 0, deleteLength: 0, insert: text }]);
      return fileId;
    });
    this.tellFilesChanged();
    return ids;
  }

  update(fileId: string, changes: Partial<Omit<SharedFile, 'fileId'>>): void {
    const file = this.listed.get(fileId);
    if (!file) return;
    this.listed.set(fileId, { ...file, ...changes });
    this.tellFilesChanged();
  }

  remove(fileIds: readonly string[]): void {
    for (const fileId of fileIds) this.listed.delete(fileId);
    this.tellFilesChanged();
  }

  private tellFilesChanged(): void {
    this.sorted = undefined;
    this.filesChanged.fire();
  }

  /** Lists a text file, as somebody else does. */
  create(path: string, text: string, changes: Partial<SharedFile> = {}): string {
    const [fileId = ''] = this.list([{ path, eol: 'LF', bom: false, kind: 'text', text, ...changes }]);
    return fileId;
  }

  /** Lists a text file whose text comes later. */
  announce(path: string): string {
    const fileId = `f${this.nextId}`;
    this.heldBack.add(fileId);
    return this.create(path, '');
  }

  /** The text of an announced file has come. */
  bring(fileId: string, text: string): void {
    this.heldBack.delete(fileId);
    if (text !== '') this.insert(fileId, 0, text);
    this.tellFilesChanged();
  }

  idOf(path: string): string {
    const file = this.files.find((candidate) => candidate.path === path);
    if (!file) throw new Error(`${path} is not listed`);
    return file.fileId;
  }

  insert(fileId: string, offset: number, insert: string): void {
    this.applyEdits(fileId, [{ offset, deleteLength: 0, insert }]);
  }

  /** Path and text of every text file. */
  get contents(): Record<string, string> {
    return Object.fromEntries(
      this.files.filter(({ kind }) => kind === 'text').map(({ path, fileId }) => [path, this.readText(fileId)]),
    );
  }
}

export type BasesSnapshot = readonly (readonly [fileId: string, base: MirrorBase])[];

/** Bases that outlive a mirror, in memory. */
export class MemoryMirrorBases implements MirrorBaseStore {
  private bases = new Map<string, MirrorBase>();
  private readonly saving = new Map<string, MirrorBase>();

  get(fileId: string): MirrorBase | undefined {
    return this.bases.get(fileId);
  }

  set(fileId: string, base: MirrorBase): void {
    this.bases.set(fileId, base);
    this.saving.delete(fileId);
  }

  beginSave(fileId: string, saving: MirrorBase): void {
    this.saving.set(fileId, saving);
  }

  savingOf(fileId: string): MirrorBase | undefined {
    return this.saving.get(fileId);
  }

  delete(fileId: string): void {
    this.bases.delete(fileId);
    this.saving.delete(fileId);
  }

  list(): readonly { readonly fileId: string; readonly path: string }[] {
    return [...this.bases].map(([fileId, { path }]) => ({ fileId, path }));
  }

  snapshot(): BasesSnapshot {
    return [...this.bases];
  }

  /** Puts back what there was, as after a crash that lost the latest writes. */
  restore(snapshot: BasesSnapshot): void {
    this.bases = new Map(snapshot);
  }
}
