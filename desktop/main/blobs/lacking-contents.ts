import type { FileHandle } from 'node:fs/promises';
import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
} from '../../../shared/lifecycle/index.ts';
import type { RoomRequests } from '../../../shared/sync/administration/index.ts';
import { askLacking } from '../../../shared/sync/blobs/index.ts';
import { type DocumentReplica, mayWrite, type RoomSession } from '../../../shared/sync/index.ts';
import { MAX_ASKED_BLOBS, type SharedFile, type WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { BlobTransfers } from './blob-transfers.ts';

/** The folder that mirrors the room, if any does. */
export interface MirroringFolder {
  /** Undefined when the file is not there. */
  pathOnDisk(fileId: string): string | undefined;
  /** Opens what is there for reading; undefined when it cannot be read. The caller closes it. */
  openOnDisk(fileId: string): Promise<FileHandle | undefined>;
}

export interface LackingContentsOptions {
  readonly session: Pick<RoomSession, 'state' | 'onDidChangeState'>;
  readonly requests: RoomRequests;
  readonly index: Pick<WorkspaceIndex, 'files' | 'get'>;
  /** Of the list of files. */
  readonly replica: Pick<DocumentReplica, 'access'>;
  readonly transfers: Pick<BlobTransfers, 'has' | 'upload'>;
  readonly folder: MirroringFolder;
  readonly scheduler: Scheduler;
  /** Floats in [0, 1). */
  readonly random: () => number;
}

type Listed = SharedFile & { readonly blob: string };

/** Not everybody whom a relay that came back lets in is to ask at once. */
const LATEST_MS = 2_000;
/** A relay that went back lacks what was written last: where it has so many of those, it has the others. */
const LAST_WRITTEN = 100;

/**
 * Sends contents again that the room lists, this device has, and the relay does not, such as one that was restored from a
 * backup. It is asked whenever the room comes online: once for all of them, then for those that were written last.
 */
export class LackingContents implements Disposable {
  private readonly options: LackingContentsOptions;
  private readonly disposables = new DisposableStore();
  private readonly timer = this.disposables.add(new MutableDisposable<Disposable>());
  private hasAskedForAll = false;

  constructor(options: LackingContentsOptions) {
    this.options = options;
    const { session } = options;
    this.disposables.add(session.onDidChangeState(() => this.notice()));
    this.notice();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private notice(): void {
    const { session, scheduler, random } = this.options;
    this.timer.value = undefined;
    if (session.state.kind !== 'online') return;
    this.timer.value = scheduler.schedule(() => {
      this.timer.value = undefined;
      this.askAll().catch(reportUnexpectedError);
    }, random() * LATEST_MS);
  }

  private async askAll(): Promise<void> {
    const { replica, requests } = this.options;
    if (!mayWrite(replica.access)) return;
    const files = this.listOwn();
    let size = this.hasAskedForAll ? LAST_WRITTEN : MAX_ASKED_BLOBS;
    for (let from = 0; from < files.length;) {
      const asked = files.slice(from, from + size);
      const lacking = await askLacking(
        requests,
        asked.map(({ blob }) => blob),
      );
      // Whoever may not send, or reaches the relay no more, asks when that is different.
      if (!lacking || this.disposables.isDisposed) return;
      for (const file of asked) if (lacking.has(file.blob)) this.send(file);
      from += size;
      size = MAX_ASKED_BLOBS;
      if (this.hasAskedForAll && lacking.size === 0) return;
    }
    this.hasAskedForAll = true;
  }

  /** One file for each content that this device may have, those written last first. */
  private listOwn(): readonly Listed[] {
    const { index, transfers, folder } = this.options;
    const byBlob = new Map<string, Listed>();
    for (const file of index.files) {
      const { blob, fileId } = file;
      if (blob === undefined || byBlob.has(blob)) continue;
      if (transfers.has(blob) || folder.pathOnDisk(fileId) !== undefined) byBlob.set(blob, { ...file, blob });
    }
    return [...byBlob.values()].toSorted((a, b) => (b.writtenMs ?? 0) - (a.writtenMs ?? 0));
  }

  private send({ fileId, blob, sizeBytes = 0 }: Listed): void {
    const { index, transfers, folder } = this.options;
    const isWanted = () => index.get(fileId)?.blob === blob;
    transfers.upload({ blob, fileId, sizeBytes, isWanted, open: () => folder.openOnDisk(fileId) });
  }
}
