import { Emitter } from '../../../../shared/lifecycle/index.ts';
import {
  applyTextEdits,
  type FileChanges,
  isAfter,
  type ListedContent,
  parseSharedPath,
  type SharedFile,
  type TextEdit,
} from '../../../../shared/workspace/index.ts';
import type {
  BriefBase,
  MirrorBase,
  MirrorBaseStore,
  MirrorMove,
  NewSharedFile,
  SharedFiles,
} from '../shared-files.ts';
import { notKept } from '../workspace-error.ts';
import { DeviceMemory } from './device-memory.ts';

/** A room's files in memory, which a test edits as other people would. */
export class MemorySharedFiles implements SharedFiles {
  private readonly listed = new Map<string, SharedFile>();
  private readonly texts = new Map<string, string>();
  private readonly filesChanged = new Emitter<void>();
  private readonly textChanged = new Emitter<string>();
  private readonly heldBack = new Set<string>();
  private sorted: readonly SharedFile[] | undefined;
  private nextId = 1;
  private readonly memory: DeviceMemory;
  readonly onDidChangeFiles = this.filesChanged.event;
  readonly onDidChangeText = this.textChanged.event;
  private readonly everListed = new Set<string>();
  /** This device cannot keep anything at the moment. */
  isFull = false;
  isListComplete = true;
  /** How many calls of `createFiles` there were. */
  createCalls = 0;
  /** How often listed files were changed, one or many at a time. */
  updateCalls = 0;
  /** Runs once, when files are about to be listed. */
  beforeCreate: (() => void) | undefined;

  constructor(memory = new DeviceMemory()) {
    this.memory = memory;
  }

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

  async whenTextReady(): Promise<void> {
    this.memory.process.beforeStep?.();
  }

  async whenKept(): Promise<void> {
    this.memory.process.beforeStep?.();
    if (!this.isFull) this.memory.commit();
  }

  canKeep(): boolean {
    return !this.isFull;
  }

  wasListed(fileId: string): boolean {
    return this.everListed.has(fileId);
  }

  isTextHere(): boolean {
    return true;
  }

  readText(fileId: string): string {
    return this.texts.get(fileId) ?? '';
  }

  applyEdits(fileId: string, edits: readonly TextEdit[]): void {
    if (this.memory.process.hasEnded) return;
    let end = 0;
    for (const { offset, deleteLength } of edits) {
      if (offset < end || offset + deleteLength > this.readText(fileId).length)
        throw new Error('these edits are out of order');
      end = offset + deleteLength;
    }
    const before = this.readText(fileId);
    this.memory.write('room', () => {
      this.texts.set(fileId, applyTextEdits(before, edits));
      return () => this.texts.set(fileId, before);
    });
    this.textChanged.fire(fileId);
  }

  async createFiles(files: readonly NewSharedFile[]): Promise<readonly string[]> {
    this.createCalls++;
    const task = this.beforeCreate;
    this.beforeCreate = undefined;
    task?.();
    if (this.isFull) throw notKept(files[0]?.path ?? '');
    return this.list(files);
  }

  private list(files: readonly NewSharedFile[]): readonly string[] {
    if (this.memory.process.hasEnded) return [];
    const ids = files.map(({ text, ...file }) => {
      if (!parseSharedPath(file.path).ok) throw new Error(`${file.path} cannot be shared`);
      const fileId = `f${this.nextId++}`;
      // The text goes first: whoever sees a file in the list finds its text.
      if (text !== undefined && text !== '') this.applyEdits(fileId, [{ offset: 0, deleteLength: 0, insert: text }]);
      this.change(fileId, { fileId, ...file });
      return fileId;
    });
    this.tellFilesChanged();
    return ids;
  }

  update(fileId: string, changes: FileChanges): void {
    this.updateAll(new Map([[fileId, changes]]));
  }

  updateAll(changes: ReadonlyMap<string, FileChanges>): void {
    this.updateCalls++;
    for (const [fileId, changed] of changes) {
      const file = this.listed.get(fileId);
      if (file) this.change(fileId, { ...file, ...changed });
    }
    this.tellFilesChanged();
  }

  addContent(fileId: string, content: ListedContent): boolean {
    const { blob = '', writtenMs = 0 } = this.listed.get(fileId) ?? {};
    const { sizeBytes, ...named } = content;
    const size = sizeBytes === undefined ? {} : { sizeBytes };
    if (isAfter(content, { blob, writtenMs })) this.update(fileId, { ...named, ...size });
    return content.blob !== blob;
  }

  remove(fileIds: readonly string[]): void {
    for (const fileId of fileIds) this.change(fileId, undefined);
    this.tellFilesChanged();
  }

  private change(fileId: string, file: SharedFile | undefined): void {
    const before = this.listed.get(fileId);
    const wasListed = this.everListed.has(fileId);
    this.memory.write('room', () => {
      this.enter(fileId, file);
      return () => {
        this.enter(fileId, before);
        if (!wasListed) this.everListed.delete(fileId);
      };
    });
  }

  private enter(fileId: string, file: SharedFile | undefined): void {
    if (file) this.listed.set(fileId, file);
    if (file) this.everListed.add(fileId);
    else this.listed.delete(fileId);
    this.sorted = undefined;
  }

  private tellFilesChanged(): void {
    if (this.memory.process.hasEnded) return;
    this.sorted = undefined;
    this.filesChanged.fire();
  }

  /** What this device kept of the list lacks a file. */
  forget(fileId: string): void {
    this.enter(fileId, undefined);
    this.everListed.delete(fileId);
  }

  /** The relay has brought back what was forgotten. */
  recall(file: SharedFile): void {
    this.enter(file.fileId, file);
    this.tellFilesChanged();
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

/** Bases that outlive a mirror, in memory. */
export class MemoryMirrorBases implements MirrorBaseStore {
  private readonly memory: DeviceMemory;
  private readonly bases = new Map<string, MirrorBase>();
  private readonly saving = new Map<string, MirrorBase>();
  private readonly moves = new Map<string, MirrorMove>();
  /** Runs once, when a move is about to be made. */
  beforeMove: (() => Promise<void>) | undefined;

  constructor(memory = new DeviceMemory()) {
    this.memory = memory;
  }

  get(fileId: string): MirrorBase | undefined {
    return this.bases.get(fileId);
  }

  has(fileId: string): boolean {
    return this.bases.has(fileId);
  }

  set(fileId: string, base: MirrorBase): void {
    this.put(this.bases, fileId, base);
    this.put(this.saving, fileId, undefined);
  }

  delete(fileId: string): void {
    this.put(this.bases, fileId, undefined);
    this.put(this.saving, fileId, undefined);
    this.put(this.moves, fileId, undefined);
  }

  list(): readonly BriefBase[] {
    return [...this.bases].map(([fileId, { path, executable }]) => ({ fileId, path, executable }));
  }

  async beginSave(fileId: string, saving: MirrorBase): Promise<void> {
    this.put(this.saving, fileId, saving);
    this.memory.commit();
  }

  savingOf(fileId: string): MirrorBase | undefined {
    return this.saving.get(fileId);
  }

  async beginMove(fileId: string, move: MirrorMove): Promise<void> {
    this.memory.process.beforeStep?.();
    const task = this.beforeMove;
    this.beforeMove = undefined;
    await task?.();
    this.put(this.moves, fileId, move);
    this.memory.commit();
  }

  endMove(fileId: string, move: MirrorMove): void {
    if (this.moves.get(fileId) === move) this.put(this.moves, fileId, undefined);
  }

  listMoves(): readonly { readonly fileId: string; readonly move: MirrorMove }[] {
    return [...this.moves].map(([fileId, move]) => ({ fileId, move }));
  }

  async sync(): Promise<void> {
    this.memory.sync();
  }

  private put<T>(map: Map<string, T>, fileId: string, value: T | undefined): void {
    const before = map.get(fileId);
    const enter = (entry: T | undefined) => {
      if (entry === undefined) map.delete(fileId);
      else map.set(fileId, entry);
    };
    this.memory.write('device', () => {
      enter(value);
      return () => enter(before);
    });
  }
}
