import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { IDENTITY_FILE } from './access/relay-identity.ts';
import { type DataFolder, OperatorError } from './data-folder.ts';
import { isWithin } from './is-within.ts';
import { copyDurably, copyObjects } from './log/folder/copy-objects.ts';
import { type BlobParts, partObjectId } from './log/blob-parts.ts';
import { FolderBlobParts, FolderSegmentStore, FolderSnapshotStore } from './log/folder.ts';
import { repairCommand } from './log/repair-command-line.ts';
import { backupDatabase } from './log/sqlite/backup-database.ts';
import { CopiedDatabase } from './log/sqlite/copied-database.ts';
import type { DocumentKey } from './log/update-log.ts';
import { syncFolder, syncMadeFolders } from './sync-folder.ts';

export interface BackupResult {
  /** What was done, for the operator. */
  readonly text: string;
  /** What is wrong with what was copied. */
  readonly warning: string | undefined;
}

interface BackupOptions {
  /** Copies a database, as it is at one moment, to a new file. */
  readonly copyDatabase?: (path: string, target: string) => void;
}

interface MissingObject {
  /** Whose it is, for the operator. */
  readonly name: string;
  readonly room: Omit<DocumentKey, 'document'>;
}

interface Copied {
  /** Whether the database was served with a bucket, where the objects are that the folder does not have. */
  readonly hasBucket: boolean;
  /** What the database names and the data folder does not have. */
  readonly lost: readonly MissingObject[];
}

/** The folder appears under its name when it is whole. */
const UNFINISHED = '.unfinished';
/** A second one is rarely needed: objects stay for minutes after they were replaced. */
const ATTEMPTS = 4;

/**
 * Copies everything that a data folder holds to the new folder `target`, beside a running relay, and gives what to say
 * about it. What is copied can be served as it is, and is on the disk. Rejects with {@link OperatorError} or a
 * `LogFailure`.
 */
export async function runBackup(
  data: DataFolder,
  target: string,
  { copyDatabase = backupDatabase }: BackupOptions = {},
): Promise<BackupResult> {
  const folder = resolve(target);
  checkPlaces(data, folder);
  const unfinished = `${folder}${UNFINISHED}`;
  try {
    await rm(unfinished, { recursive: true, force: true });
    const firstMade = await mkdir(unfinished, { recursive: true, mode: 0o700 });
    const copied = await copyAll(data, unfinished, copyDatabase);
    await syncFolder(unfinished);
    if (existsSync(folder)) await rmdir(folder);
    await rename(unfinished, folder);
    await syncFolder(dirname(folder));
    if (firstMade !== undefined) await syncMadeFolders(dirname(folder), firstMade);
    return describe(data, folder, copied);
  } catch (error) {
    // What went wrong first is what counts.
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
    throw toOperatorError(folder, error);
  }
}

function checkPlaces(data: DataFolder, folder: string): void {
  if (!existsSync(data.database)) {
    throw new OperatorError(
      `There is no database in ${data.path}: nothing was copied. Name the data folder of a relay with --data; ` +
        'a Postgres database is copied with its own tools, such as pg_dump.',
    );
  }
  if (isWithin(data.path, folder))
    throw new OperatorError(`The backup would lie in the data folder ${data.path}. Name a folder outside of it.`);
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found && !found.isDirectory())
      throw new OperatorError(`${folder} is a file: nothing was copied. Name a folder that does not exist.`);
    if (found && readdirSync(folder).length > 0)
      throw new OperatorError(`The folder ${folder} is not empty: nothing was copied. Name one that does not exist.`);
  } catch (error) {
    throw toOperatorError(folder, error);
  }
}

async function copyAll(
  data: DataFolder,
  folder: string,
  copyDatabase: (path: string, target: string) => void,
): Promise<Copied> {
  const key = join(data.path, IDENTITY_FILE);
  if (existsSync(key)) await copyDurably(key, join(folder, IDENTITY_FILE));
  // Beforehand, since it may take long: what a database names that is copied then is kept only for a while.
  await copyNewObjects(data, folder);
  const database = join(folder, basename(data.database));
  let missing: ReadonlyMap<string, MissingObject> = new Map();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await rm(database, { force: true });
    copyDatabase(data.database, database);
    await chmod(database, 0o600);
    await copyNewObjects(data, folder);
    const before = missing;
    const copied = new CopiedDatabase(database);
    try {
      if (copied.hasObjectsClaim()) return { hasBucket: true, lost: [] };
      missing = await findMissing(copied, data, folder);
    } finally {
      copied.dispose();
    }
    // What was missing before and is named still was not replaced meanwhile.
    if ([...missing.keys()].every((id) => before.has(id))) return { hasBucket: false, lost: [...missing.values()] };
  }
  throw new OperatorError(
    `Snapshots in ${data.path} are replaced faster than they can be copied: there is no backup. Try again when less is ` +
      'written, or stop the relay meanwhile.',
  );
}

async function copyNewObjects(data: DataFolder, folder: string): Promise<void> {
  for (const objects of [data.snapshots, data.segments, data.blobs])
    await copyObjects(objects, join(folder, basename(objects)));
}

/** What the copied database names and the folder with the copy does not have. */
async function findMissing(
  copied: CopiedDatabase,
  data: DataFolder,
  folder: string,
): Promise<ReadonlyMap<string, MissingObject>> {
  const snapshots = new FolderSnapshotStore(join(folder, basename(data.snapshots)));
  const segments = new FolderSegmentStore(join(folder, basename(data.segments)));
  const missing = new Map<string, MissingObject>();
  for (const { key, snapshotId, segmentIds } of copied.namedObjects()) {
    const { tenant, room, document } = key;
    const note = (noun: string, id: string) =>
      missing.set(JSON.stringify([key, id]), {
        name: `the ${noun} of the document ${document} in room ${room}`,
        room: { tenant, room },
      });
    const isThere = async () => (await snapshots.list(key)).some((stored) => stored.snapshotId === snapshotId);
    if (snapshotId !== undefined && !(await isThere())) note('snapshot', snapshotId);
    if (segmentIds.length === 0) continue;
    const stored = new Set((await segments.list(key)).map(({ segmentId }) => segmentId));
    for (const segmentId of segmentIds) if (!stored.has(segmentId)) note('segment', segmentId);
  }
  await noteMissingParts(copied, new FolderBlobParts(join(folder, basename(data.blobs))), missing);
  return missing;
}

async function noteMissingParts(
  copied: CopiedDatabase,
  blobParts: BlobParts,
  missing: Map<string, MissingObject>,
): Promise<void> {
  for (const { key, parts } of copied.namedParts()) {
    const stored = new Set(await blobParts.list(key));
    const { tenant, room, blob } = key;
    for (const id of parts.map(partObjectId)) {
      if (stored.has(id)) continue;
      const name = `a part of the file content ${blob} in room ${room}`;
      missing.set(JSON.stringify([key, id]), { name, room: { tenant, room } });
    }
  }
}

function describe(data: DataFolder, folder: string, { hasBucket, lost }: Copied): BackupResult {
  const wayBack = 'To go back to it: stop the relay and serve that folder, or a copy of it';
  const text = hasBucket
    ? `What is in ${data.path} was copied to ${folder}. The bucket that this database was served with is no part of it: ` +
      `keep the objects that it has now too. ${wayBack}, with a bucket that has them.\n`
    : `Everything in ${data.path} was copied to ${folder}. ${wayBack}.\n`;
  const [first] = lost;
  if (!first) return { text, warning: undefined };
  const { name, room } = first;
  const warning =
    `${lost.length} of the objects that the database names are not in ${data.path}, and so not in the ` +
    `backup: ${name}${lost.length > 1 ? ', and others' : ''}. ` +
    `They were lost before. Check the room: ${repairCommand(room)}`;
  return { text, warning };
}

function toOperatorError(folder: string, error: unknown): unknown {
  const isOfFiles = error instanceof Error && 'syscall' in error;
  if (!isOfFiles) return error;
  const message =
    `The backup could not be written to ${folder} (${error.message}). Check the permissions of what is named, and ` +
    `those of ${dirname(folder)} and the space there.`;
  return new OperatorError(message, { cause: error });
}
