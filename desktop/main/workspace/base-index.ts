import type { MirrorBase, MirrorBaseStore } from './shared-files.ts';

/** Bases with a look-up by path, so that large rooms need not list the store for every file. */
export class BaseIndex implements MirrorBaseStore {
  private readonly store: MirrorBaseStore;
  private readonly pathOf = new Map<string, string>();
  private readonly idOf = new Map<string, string>();

  /** Nobody else may write to the store meanwhile. */
  constructor(store: MirrorBaseStore) {
    this.store = store;
    for (const { fileId, path } of store.list()) this.remember(fileId, path);
  }

  get(fileId: string): MirrorBase | undefined {
    return this.pathOf.has(fileId) ? this.store.get(fileId) : undefined;
  }

  set(fileId: string, base: MirrorBase): void {
    this.forget(fileId);
    this.remember(fileId, base.path);
    this.store.set(fileId, base);
  }

  delete(fileId: string): void {
    if (!this.pathOf.has(fileId)) return;
    this.forget(fileId);
    this.store.delete(fileId);
  }

  beginSave(fileId: string, saving: MirrorBase): void {
    this.store.beginSave(fileId, saving);
  }

  savingOf(fileId: string): MirrorBase | undefined {
    return this.store.savingOf(fileId);
  }

  list(): readonly { readonly fileId: string; readonly path: string }[] {
    return [...this.pathOf].map(([fileId, path]) => ({ fileId, path }));
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

  private remember(fileId: string, path: string): void {
    this.pathOf.set(fileId, path);
    this.idOf.set(path, fileId);
  }

  private forget(fileId: string): void {
    const path = this.pathOf.get(fileId);
    this.pathOf.delete(fileId);
    if (path !== undefined && this.idOf.get(path) === fileId) this.idOf.delete(path);
  }
}
