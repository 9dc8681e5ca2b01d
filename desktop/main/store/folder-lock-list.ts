import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlacedFolder } from './folder-nesting.ts';
import { toOfflineStoreError } from './sqlite-failure.ts';

const EXTENSION = '.folder';

/** An entry. It counts only while the lock of its name is held: a process that ended may have left it behind. */
export interface ListedFolder {
  readonly name: string;
  /** Undefined when it cannot be read. */
  readonly placed: PlacedFolder | undefined;
}

/**
 * The folders that the Tuttis of one person have taken: a file for each, beside its lock. Only who holds the lock of a name
 * writes or removes the entry of that name, so that none is lost to somebody else.
 */
export class FolderLockList {
  private readonly locks: string;

  constructor(locks: string) {
    this.locks = locks;
  }

  /** Throws OfflineStoreError. */
  all(): readonly ListedFolder[] {
    return orFail(this.locks, () =>
      readdirSync(this.locks)
        .filter((file) => file.endsWith(EXTENSION))
        .flatMap((file) => this.read(file.slice(0, -EXTENSION.length)) ?? []),
    );
  }

  /** For who holds the lock of the name. Throws OfflineStoreError. */
  put(name: string, placed: PlacedFolder): void {
    const path = this.pathOf(name);
    orFail(path, () => {
      // Others may read it at any time.
      writeFileSync(`${path}.new`, JSON.stringify(placed), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    });
  }

  /** For who holds the lock of the name. Throws OfflineStoreError. */
  remove(name: string): void {
    const path = this.pathOf(name);
    orFail(path, () => rmSync(path, { force: true }));
  }

  /** Undefined when it has been removed meanwhile. */
  private read(name: string): ListedFolder | undefined {
    try {
      return { name, placed: parse(readFileSync(this.pathOf(name), 'utf8')) };
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      return { name, placed: undefined };
    }
  }

  private pathOf(name: string): string {
    return join(this.locks, name + EXTENSION);
  }
}

function parse(text: string): PlacedFolder | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('folder' in value) || !('places' in value)) return undefined;
  const { folder, places } = value;
  if (typeof folder !== 'string' || !Array.isArray(places)) return undefined;
  return { folder, places: places.map(String) };
}

function orFail<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toOfflineStoreError(error, path, false);
  }
}
