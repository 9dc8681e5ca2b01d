import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { IDENTITY_FILE } from './access/relay-identity.ts';
import type { RelayStorage } from './log/relay-storage.ts';
import { openSqliteStorage } from './log/sqlite.ts';
import { claimServingLock } from './log/sqlite/serving-lock.ts';
import { type Disposable, errorMessage } from '../shared/lifecycle/index.ts';
import { LogFailure } from './log/log-failure.ts';

/** What a relay's data folder has from the first moment on, complete or not. */
const RELAY_FILES = [
  IDENTITY_FILE,
  'relay.db',
  'serving.lock',
  'address.json',
  'snapshots',
  'segments',
  'blobs',
] as const;

/** A mistake of whoever runs the relay. `message` says what to do. */
export class OperatorError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OperatorError';
  }
}

/** Where a relay keeps everything. */
export class DataFolder {
  readonly path: string;

  /**
   * Makes the folder when needed, for the owner only. One that is there keeps its permissions: the relay's files in it
   * are for their owner alone, so that others may at most see names and sizes. Throws {@link OperatorError}.
   */
  constructor(path: string) {
    this.path = resolve(path);
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      accessSync(this.path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      const reason = errorMessage(error);
      throw new OperatorError(
        `The data folder ${this.path} cannot be used (${reason}). Check its permissions or name another with --data.`,
        { cause: error },
      );
    }
  }

  /**
   * What is wrong with the folder's permissions, when others may change what is in it. That is said and not refused,
   * since volumes of containers often come so.
   */
  get warning(): string | undefined {
    if (process.platform === 'win32' || (statSync(this.path).mode & 0o022) === 0) return undefined;
    return `Others may replace files in the data folder ${this.path}, the relay's key too. Run: chmod 700 '${this.path}'`;
  }

  /** The SQLite file, where no other database is used. */
  get database(): string {
    return join(this.path, 'relay.db');
  }

  get snapshots(): string {
    return join(this.path, 'snapshots');
  }

  get segments(): string {
    return join(this.path, 'segments');
  }

  /** Parts of blobs. */
  get blobs(): string {
    return join(this.path, 'blobs');
  }

  /** Says which database the objects here belong to, when that is elsewhere. */
  get objectsMark(): string {
    return join(this.snapshots, 'owner');
  }

  /**
   * `isServed`: the whole database is read first, so that a damaged one is not served, and updates are written in a
   * thread of their own. Throws {@link OperatorError}, also when the database is gone and other parts of it are there.
   */
  openStorage({ isServed }: { readonly isServed: boolean }): RelayStorage {
    this.refuseRemains();
    const options = { isChecked: isServed, isThreaded: isServed };
    return asOperatorError(() => openSqliteStorage(this.database, options));
  }

  /**
   * Throws {@link OperatorError} when a folder is no relay's and is not empty either: a relay's key made in it would be
   * none that any relay knows. An empty folder may become a relay's.
   */
  refuseOthers(): void {
    const names = readdirSync(this.path).filter((name) => name !== 'lost+found');
    if (names.length === 0 || names.some((name) => RELAY_FILES.some((own) => name.startsWith(own)))) return;
    const inner = join(this.path, 'relay');
    const isInner = existsSync(join(inner, IDENTITY_FILE)) || existsSync(join(inner, 'relay.db'));
    throw new OperatorError(
      isInner
        ? `${this.path} is not the data folder of a relay, but ${inner} is: give --data ${inner}`
        : `${this.path} is not the data folder of a relay, and has other files. Name with --data the folder that \`serve\` has, or an empty one for a new relay.`,
    );
  }

  /** A new database beside what is left of another would hide that it was lost, and SQLite would drop its journal. */
  private refuseRemains(): void {
    if (statSync(this.database, { throwIfNoEntry: false })?.isDirectory())
      throw new OperatorError(`The database ${this.database} is a folder. Move it away, or name another data folder.`);
    if (sizeOf(this.database) > 0) return;
    const journal = `${this.database}-wal`;
    const remains = [
      ...(sizeOf(journal) > 0 ? [journal] : []),
      ...[this.snapshots, this.segments, this.blobs].filter((folder) => hasEntries(folder)),
    ];
    if (remains.length === 0) return;
    throw new OperatorError(
      `The database ${this.database} is missing or empty, though there is ${remains.join(' and ')}. ` +
        'Restore all of the data folder from a backup, or move what is there away to begin anew.',
    );
  }

  /** Makes this process the one that serves the folder. Throws {@link OperatorError} when another one does. */
  claim(): Disposable {
    const claim = asOperatorError(() => claimServingLock(this.lockFile));
    if (!claim) {
      throw new OperatorError(
        `Another relay already serves the data folder ${this.path}. Stop it first, or name another folder with --data.`,
      );
    }
    return claim;
  }

  async recordAddress(url: string): Promise<void> {
    const temporary = `${this.addressFile}.${process.pid}`;
    await writeFile(temporary, `${JSON.stringify({ url })}\n`, { mode: 0o600 });
    await rename(temporary, this.addressFile);
  }

  async forgetAddress(): Promise<void> {
    await rm(this.addressFile, { force: true });
  }

  /** The address of the relay that serves the folder now. */
  async readAddress(): Promise<string | undefined> {
    const claim = asOperatorError(() => claimServingLock(this.lockFile));
    claim?.dispose();
    if (claim) return undefined;
    const content = await readFile(this.addressFile, 'utf8').catch(() => undefined);
    return content === undefined ? undefined : /"url":"([^"\\]+)"/.exec(content)?.[1];
  }

  private get lockFile(): string {
    return join(this.path, 'serving.lock');
  }

  private get addressFile(): string {
    return join(this.path, 'address.json');
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function hasEntries(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

function asOperatorError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LogFailure) throw new OperatorError(error.message, { cause: error });
    throw error;
  }
}
