import type { Disposable } from '../../../shared/lifecycle/index.ts';
import { lockFolder } from '../store/folder-lock.ts';

/** The folders that one room keeps other rooms and Tuttis from. */
export class FolderLocks implements Disposable {
  private readonly locks = new Map<string, Disposable>();

  /** Takes over a lock that was taken before. */
  adopt(folder: string, lock: Disposable): void {
    this.locks.set(folder, lock);
  }

  /** Real paths. */
  get folders(): readonly string[] {
    return [...this.locks.keys()];
  }

  /**
   * Does nothing for a folder that is taken already. Throws OfflineStoreError when another room has it, one in it, or one
   * that holds it.
   */
  take(folder: string): void {
    if (!this.locks.has(folder)) this.locks.set(folder, lockFolder(folder, this.folders));
  }

  /** Gives all folders back but one. */
  keepOnly(folder: string | undefined): void {
    for (const [locked, lock] of this.locks) {
      if (locked === folder) continue;
      lock.dispose();
      this.locks.delete(locked);
    }
  }

  dispose(): void {
    this.keepOnly(undefined);
  }
}
