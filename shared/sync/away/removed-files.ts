import { type Disposable, DisposableStore, type Scheduler } from '../../lifecycle/index.ts';
import type { ComparedCursor, HeadsAnswer } from '../head-questions.ts';
import type { SyncCursor } from '../offline-store.ts';
import type { AwayStore } from './away-store.ts';
import type { AwayPerson } from './away-summary.ts';
import { type ChangeAuthors, type IsSelf, SAME_CLOCK_TOLERANCE_MS } from './change-authors.ts';
import { readCursor } from './draft.ts';
import { findElsewhere } from './elsewhere.ts';
import type { ListedFile } from './list-tracker.ts';

const NOTE = 'removed';
/** Of more files, the ones that were deleted first are not followed any longer. */
const MAX_FILES = 500;
/** Others may bring what they edited so long after self, or they, have come back. */
const ASK_AFTER_MS: readonly number[] = [2_000, 10_000];

/** Before all that is in a text whose epoch is not known. */
const NOWHERE: SyncCursor = { epoch: '', seq: 0 };

interface KeptFile extends ListedFile, SyncCursor {
  /** When it was deleted, since the epoch. */
  readonly atMs: number;
  /** What others did before that was known here, or is not of this absence, since the epoch. */
  readonly knownMs: number;
}

/** A file that self deleted, which others edited meanwhile. */
export interface EditedRemoved {
  readonly file: ListedFile;
  readonly atMs: number;
  readonly since: SyncCursor;
  readonly people: readonly AwayPerson[];
}

export interface RemovedFilesOptions {
  readonly store: AwayStore;
  readonly scheduler: Scheduler;
  readonly listCursors: () => Promise<ReadonlyMap<string, SyncCursor>>;
  /** Where documents stood of which nothing is here, as far as the relay was asked. */
  readonly readNoted: () => Promise<ReadonlyMap<string, SyncCursor>>;
  readonly compareHeads: (cursors: readonly ComparedCursor[]) => Promise<HeadsAnswer>;
  /** Without it nothing is told: whoever deleted a file may be the one who edited it. */
  readonly authors: ChangeAuthors | undefined;
  readonly isSelf: IsSelf;
  /** Since when this device has been out of touch; undefined when it is in touch. */
  readonly leftMs: () => number | undefined;
  /** A time of this device by the relay's clock. */
  readonly toRelayMs: (ms: number) => number;
  readonly isListed: (fileId: string) => boolean;
  readonly onEdited: (edited: EditedRemoved) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Files that self deleted. Whoever edits one at the same time, unaware of it, does so in a text that nobody has open any
 * more: the relay is asked whether somebody has, when people come back. It is kept across starts.
 */
export class RemovedFiles implements Disposable {
  private readonly options: RemovedFilesOptions;
  private readonly asking = new DisposableStore();
  private files: Promise<ReadonlyMap<string, KeptFile>>;

  constructor(options: RemovedFilesOptions) {
    this.options = options;
    this.files = this.read();
  }

  /** Self deletes these. Never rejects. */
  add(removed: readonly ListedFile[]): Promise<void> {
    return this.change(async (files) => {
      const { listCursors, readNoted, scheduler, leftMs } = this.options;
      const last = removed.slice(-MAX_FILES);
      const atMs = scheduler.now();
      const sinceMs = leftMs() ?? atMs;
      // Where the text was not opened here for long, the relay knows better where it stands.
      const heads = await this.askHeads(last.map(({ fileId }) => fileId));
      const [cursors, noted] = [await listCursors(), await readNoted()];
      for (const { fileId, path } of last) {
        const head = heads.get(fileId);
        const cursor = head ?? cursors.get(fileId) ?? noted.get(fileId) ?? NOWHERE;
        // Where it stood exactly is not known without the relay: what came before counts by its time.
        files.set(fileId, { fileId, path, atMs, knownMs: head ? 0 : sinceMs, ...cursor });
      }
    });
  }

  /** Somebody has come back, or self. */
  askSoon(): void {
    this.asking.clear();
    for (const delayMs of ASK_AFTER_MS)
      this.asking.add(this.options.scheduler.schedule(() => void this.ask(), delayMs));
  }

  /** The relay is out of reach. */
  pause(): void {
    this.asking.clear();
  }

  dispose(): void {
    this.asking.dispose();
  }

  private ask(): Promise<void> {
    return this.change(async (files) => {
      const { authors, compareHeads, isSelf, isListed, onEdited, toRelayMs } = this.options;
      for (const fileId of files.keys()) if (isListed(fileId)) files.delete(fileId);
      if (files.size === 0 || !authors) return;
      await this.locate(files);
      const question = { authors, compareHeads, isSelf, leftMs: 0 };
      const { changed } = await findElsewhere(
        new Map([...files].filter(([, { epoch }]) => epoch !== NOWHERE.epoch)),
        question,
      );
      if (this.asking.isDisposed) return;
      for (const { document, people: told = [] } of changed) {
        const file = files.get(document);
        if (!file) continue;
        const knownMs = toRelayMs(file.knownMs) - SAME_CLOCK_TOLERANCE_MS;
        const people = told.filter(({ lastMs }) => lastMs >= knownMs);
        if (people.length === 0) continue;
        files.delete(document);
        const { fileId, path, atMs, epoch, seq } = file;
        onEdited({ file: { fileId, path }, atMs, since: { epoch, seq }, people });
      }
    });
  }

  /** Of a text that was never here and is not old, all is asked for, and what was known by then is left out. */
  private async locate(files: Map<string, KeptFile>): Promise<void> {
    const lost = [...files.values()].filter(({ epoch }) => epoch === NOWHERE.epoch);
    if (lost.length === 0) return;
    const heads = await this.askHeads(lost.map(({ fileId }) => fileId));
    for (const file of lost) {
      const epoch = heads.get(file.fileId)?.epoch;
      if (epoch !== undefined) files.set(file.fileId, { ...file, epoch });
    }
  }

  private async askHeads(documents: readonly string[]): Promise<ReadonlyMap<string, SyncCursor>> {
    const answer = await this.options.compareHeads(documents.map((document) => ({ document, epoch: '', seq: 0 })));
    const heads = answer.kind === 'compared' ? answer.heads : [];
    return new Map(heads.map(({ document, epoch, headSeq }) => [document, { epoch, seq: headSeq }]));
  }

  /** One change after the other. */
  private async change(task: (files: Map<string, KeptFile>) => Promise<void>): Promise<void> {
    const earlier = this.files;
    this.files = this.changed(earlier, task);
    await this.files;
  }

  private async changed(
    earlier: Promise<ReadonlyMap<string, KeptFile>>,
    task: (files: Map<string, KeptFile>) => Promise<void>,
  ): Promise<ReadonlyMap<string, KeptFile>> {
    const known = await earlier;
    const files = new Map(known);
    try {
      await task(files);
      const kept = new Map([...files].slice(-MAX_FILES));
      const body = encode(kept);
      if (body !== encode(known)) await this.options.store.write('note', { name: NOTE, summary: '', body });
      return kept;
    } catch (error) {
      this.options.onFailure(error);
      return files;
    }
  }

  private async read(): Promise<ReadonlyMap<string, KeptFile>> {
    try {
      return decode((await this.options.store.read('note', NOTE))?.body ?? '[]');
    } catch (error) {
      this.options.onFailure(error);
      return new Map();
    }
  }
}

function encode(files: ReadonlyMap<string, KeptFile>): string {
  return JSON.stringify([...files.values()]);
}

/** Of a damaged note nothing is known. */
function decode(body: string): ReadonlyMap<string, KeptFile> {
  try {
    const value: unknown = JSON.parse(body);
    const entries: readonly unknown[] = Array.isArray(value) ? value : [];
    return new Map(entries.flatMap((entry) => readFile(entry)).map((file) => [file.fileId, file]));
  } catch {
    return new Map();
  }
}

function readFile(value: unknown): readonly KeptFile[] {
  const cursor = readCursor(value);
  if (!cursor || typeof value !== 'object' || value === null) return [];
  if (!('fileId' in value) || !('path' in value) || !('atMs' in value) || !('knownMs' in value)) return [];
  const { fileId, path, atMs, knownMs } = value;
  if (typeof fileId !== 'string' || typeof path !== 'string') return [];
  return typeof atMs === 'number' && typeof knownMs === 'number' ? [{ fileId, path, atMs, knownMs, ...cursor }] : [];
}
