import { type Disposable, DisposableStore, type Scheduler } from '../lifecycle/index.ts';
import { comparablePath, CONTENT_TEXT, INDEX_DOCUMENT, readContent, WorkspaceIndex } from '../workspace/index.ts';
import { mayWrite } from './connection-state.ts';
import type { DocumentLease } from './open-documents.ts';

const LIST_MS = 5_000;

export interface KeptCopyOptions {
  readonly open: (name: string) => DocumentLease;
  readonly scheduler: Scheduler;
  readonly random: () => number;
}

/** A text cannot be kept as a file of the room. `message` says why. */
export class CannotKeepError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CannotKeepError';
  }
}

/** A text of a file that is listed as a new file beside it. Disposing it gives its documents back. */
export class KeptCopy implements Disposable {
  /** Where it is in the list. */
  readonly path: string;
  private readonly owned: DisposableStore;
  private readonly lease: DocumentLease;

  private constructor(path: string, lease: DocumentLease, owned: DisposableStore) {
    this.path = path;
    this.lease = lease;
    this.owned = owned;
  }

  /**
   * Lists `text` as `NAME (kept TIME).EXT`. Resolves when it is kept on this device. Rejects with an Error in words for
   * people when self may not add files, or the file is not listed any more.
   */
  static async create(fileId: string, text: string, options: KeptCopyOptions): Promise<KeptCopy> {
    const owned = new DisposableStore();
    try {
      const { open, scheduler, random } = options;
      const list = owned.add(open(INDEX_DOCUMENT)).replica;
      await list.whenLoaded;
      await whenListed(list.whenSynced, scheduler);
      if (!mayWrite(list.access)) throw new CannotKeepError('You may not add the file that would keep your text.');
      const index = owned.add(new WorkspaceIndex(list.doc, { random, nowMs: () => scheduler.now() }));
      const file = index.get(fileId);
      if (!file)
        throw new CannotKeepError('The file is not in the list any more, so that your text cannot be kept beside it.');
      const [newId = ''] = index.reserveIds(1);
      const lease = owned.add(open(newId));
      await lease.replica.whenLoaded;
      const path = freePath(
        file.path,
        new Set(index.files.map((other) => comparablePath(other.path))),
        scheduler.now(),
      );
      const copy = new KeptCopy(path, lease, owned);
      copy.write(text);
      await lease.replica.whenKept();
      index.add([{ fileId: newId, path, eol: file.eol, bom: file.bom, kind: 'text' }]);
      await list.whenKept();
      return copy;
    } catch (error) {
      owned.dispose();
      throw error;
    }
  }

  /** Puts `text` in the place of what is kept. */
  write(text: string): void {
    const { doc } = this.lease.replica;
    const content = doc.getText(CONTENT_TEXT);
    doc.transact(() => {
      content.delete(0, content.length);
      content.insert(0, text);
    });
  }

  dispose(): void {
    this.owned.dispose();
  }
}

/** Lists `text` beside a file, unless that has the same one. Gives the path. Rejects as {@link KeptCopy.create} does. */
export async function keepBeside(fileId: string, text: string, options: KeptCopyOptions): Promise<string | undefined> {
  const lease = options.open(fileId);
  try {
    await lease.replica.whenLoaded;
    if (readContent(lease.replica.doc.getText(CONTENT_TEXT)) === text) return undefined;
    const copy = await KeptCopy.create(fileId, text, options);
    copy.dispose();
    return copy.path;
  } finally {
    lease.dispose();
  }
}

/** Whoever asks is online: the list comes soon, if it is not there. */
async function whenListed(whenSynced: Promise<void>, scheduler: Scheduler): Promise<void> {
  let timer: Disposable | undefined;
  const late = new Promise<void>((resolve) => {
    timer = scheduler.schedule(resolve, LIST_MS);
  });
  await Promise.race([whenSynced, late]);
  timer?.dispose();
}

function freePath(path: string, taken: ReadonlySet<string>, nowMs: number): string {
  const nameAt = path.lastIndexOf('/') + 1;
  const dotAt = path.lastIndexOf('.');
  const endAt = dotAt > nameAt ? dotAt : path.length;
  // No colons: Windows has no such names.
  const time = new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.');
  for (let count = 1; ; count++) {
    const label = count === 1 ? `(kept ${time})` : `(kept ${time}, ${count})`;
    const candidate = `${path.slice(0, endAt)} ${label}${path.slice(endAt)}`;
    if (!taken.has(comparablePath(candidate))) return candidate;
  }
}
