import { comparablePath } from '../../../shared/workspace/index.ts';
import type { BriefBase, MirrorBase, MirrorBaseStore, MirrorMove } from './shared-files.ts';
import { notKept } from './workspace-error.ts';

/** Beyond so many they are not told apart: a sync more than needed costs little. */
const MAX_LEFT_PATHS = 10_000;

/** Bases with a look-up by path, so that large rooms need not list the store for every file. */
export class BaseIndex implements MirrorBaseStore {
  private readonly store: MirrorBaseStore;
  private readonly pathOf = new Map<string, string>();
  private readonly idOf = new Map<string, string>();
  private readonly idsLike = new Map<string, Set<string>>();
  private readonly executables = new Map<string, boolean>();
  /**
   * Comparable paths that files have left, where a loss of power could still bring back the bases which say that they are there, with
   * the number of the sync that began last before. Once there are too many, any path may be one.
   */
  private readonly leftPaths = new Map<string, number>();
  private leftAnyAt: number | undefined;
  /** Files that have another path than the bases which a loss of power could bring back, as above. */
  private readonly movedAt = new Map<string, number>();
  private running: { readonly number: number; readonly answer: Promise<void> } | undefined;
  private lastSync = 0;

  /** Nobody else may write to the store meanwhile. */
  constructor(store: MirrorBaseStore) {
    this.store = store;
    for (const { fileId, path, executable } of store.list()) {
      this.remember(fileId, path);
      if (executable !== undefined) this.executables.set(fileId, executable);
    }
  }

  get(fileId: string): MirrorBase | undefined {
    return this.pathOf.has(fileId) ? this.store.get(fileId) : undefined;
  }

  has(fileId: string): boolean {
    return this.pathOf.has(fileId);
  }

  /** What is known of the file stays known where `base` does not say whether it is executable. */
  set(fileId: string, base: MirrorBase): void {
    const before = this.pathOf.get(fileId);
    if (before !== base.path) this.forget(fileId);
    if (before !== undefined && before !== base.path) this.movedAt.set(fileId, this.lastSync);
    this.remember(fileId, base.path);
    const { executable = this.executables.get(fileId) } = base;
    if (executable !== undefined) this.executables.set(fileId, executable);
    this.store.set(fileId, { ...base, executable });
  }

  /** Whether disk and room agreed last that the file is executable; undefined when that is not known. */
  executableOf(fileId: string): boolean | undefined {
    return this.executables.get(fileId);
  }

  /** Disk and room agree on it. */
  setExecutable(fileId: string, executable: boolean): void {
    const base = this.get(fileId);
    if (base && this.executables.get(fileId) !== executable) this.set(fileId, { ...base, executable });
  }

  delete(fileId: string): void {
    if (!this.pathOf.has(fileId)) return;
    this.forget(fileId);
    this.movedAt.delete(fileId);
    this.executables.delete(fileId);
    this.store.delete(fileId);
  }

  /** Rejects with WorkspaceError when it cannot be noted. */
  async beginSave(fileId: string, saving: MirrorBase): Promise<void> {
    try {
      // With another content, nothing else would tell which file it is that was moved.
      await this.whenSynced(this.movedAt.get(fileId));
      await this.store.beginSave(fileId, saving);
    } catch (error) {
      throw notKept(saving.path, error);
    }
  }

  savingOf(fileId: string): MirrorBase | undefined {
    return this.store.savingOf(fileId);
  }

  beginMove(fileId: string, move: MirrorMove): Promise<void> {
    return this.store.beginMove(fileId, move);
  }

  endMove(fileId: string, move: MirrorMove): void {
    this.store.endMove(fileId, move);
  }

  listMoves(): readonly { readonly fileId: string; readonly move: MirrorMove }[] {
    return this.store.listMoves();
  }

  sync(): Promise<void> {
    const number = ++this.lastSync;
    const answer = this.syncAs(number);
    this.running = { number, answer };
    return answer;
  }

  /**
   * Resolves when a file may be put at a path: nothing may bring back a base by which another file lies there, or what is
   * put there would be taken for that one. Rejects when this device cannot keep its bases.
   */
  async whenFree(path: string): Promise<void> {
    await this.whenSynced(this.leftPaths.get(comparablePath(path)) ?? this.leftAnyAt);
  }

  list(): readonly BriefBase[] {
    return [...this.pathOf].map(([fileId, path]) => ({ fileId, path, executable: this.executables.get(fileId) }));
  }

  get fileIds(): Iterable<string> {
    return this.pathOf.keys();
  }

  get size(): number {
    return this.pathOf.size;
  }

  pathFor(fileId: string): string | undefined {
    return this.pathOf.get(fileId);
  }

  /** The file that lies at exactly this path on disk. */
  ownerOf(path: string): string | undefined {
    return this.idOf.get(path);
  }

  /** The files whose paths are this one on a disk that tells neither case nor Unicode forms, also where this disk does. */
  ownersLike(path: string): readonly string[] {
    return [...(this.idsLike.get(comparablePath(path)) ?? [])];
  }

  /** Resolves when a sync that began after the one of this number is over. */
  private async whenSynced(after: number | undefined): Promise<void> {
    if (after === undefined) return;
    await (this.running && this.running.number > after ? this.running.answer : this.sync());
  }

  private async syncAs(number: number): Promise<void> {
    try {
      await this.store.sync();
    } finally {
      if (this.running?.number === number) this.running = undefined;
    }
    for (const [key, leftAt] of this.leftPaths) if (leftAt < number) this.leftPaths.delete(key);
    for (const [fileId, movedAt] of this.movedAt) if (movedAt < number) this.movedAt.delete(fileId);
    if (this.leftAnyAt !== undefined && this.leftAnyAt < number) this.leftAnyAt = undefined;
  }

  private remember(fileId: string, path: string): void {
    this.pathOf.set(fileId, path);
    this.idOf.set(path, fileId);
    const key = comparablePath(path);
    this.idsLike.set(key, (this.idsLike.get(key) ?? new Set()).add(fileId));
  }

  private forget(fileId: string): void {
    const path = this.pathOf.get(fileId);
    this.pathOf.delete(fileId);
    if (path === undefined) return;
    const key = comparablePath(path);
    this.noteLeft(key);
    const alike = this.idsLike.get(key);
    alike?.delete(fileId);
    if (alike?.size === 0) this.idsLike.delete(key);
    if (this.idOf.get(path) === fileId) this.idOf.delete(path);
  }

  private noteLeft(key: string): void {
    if (this.leftPaths.size >= MAX_LEFT_PATHS) {
      this.leftPaths.clear();
      this.leftAnyAt = this.lastSync;
    }
    if (this.leftAnyAt === undefined) this.leftPaths.set(key, this.lastSync);
    else this.leftAnyAt = this.lastSync;
  }
}
