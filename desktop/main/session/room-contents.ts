import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errorMessage, type Event } from '../../../shared/lifecycle/index.ts';
import type { SharedFile, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { Outcome, TransfersState } from '../../ipc/index.ts';
import type { BlobTransfers } from '../blobs/blob-transfers.ts';
import { createTempName } from '../workspace/own-files.ts';
import { toWorkspaceError } from '../workspace/workspace-error.ts';

/** No larger file is shown. */
export const MAX_SHOWN_BYTES = 5 * 1024 * 1024;
/** No larger file goes into a copy of all files. */
export const MAX_COPIED_BYTES = 64 * 1024 * 1024;
const TOO_LARGE = 'The file is too large for this: save a copy of it by itself.';

type FileWithContent = SharedFile & { readonly blob: string };

/** Contents of a room's files that are no texts, for those who look at them. Nothing here rejects. */
export class RoomContents {
  private readonly transfers: BlobTransfers;
  private readonly index: WorkspaceIndex;
  /** Fires a few times a second while something is on its way, and at its end. */
  readonly onDidChangeTransfers: Event<TransfersState>;

  constructor(transfers: BlobTransfers, index: WorkspaceIndex) {
    this.transfers = transfers;
    this.index = index;
    this.onDidChangeTransfers = transfers.onDidChange;
  }

  get transfersState(): TransfersState {
    return this.transfers.state;
  }

  /** Path of a file; undefined when it is not in the room. */
  pathOf(fileId: string): string | undefined {
    return this.index.get(fileId)?.path;
  }

  /** The whole of a small file. */
  async read(fileId: string, maxBytes = MAX_SHOWN_BYTES): Promise<Outcome<Uint8Array<ArrayBuffer>>> {
    const found = await this.bring(fileId, maxBytes);
    if (!found.ok) return found;
    try {
      const pieces: Uint8Array[] = [];
      let byteLength = 0;
      for await (const piece of this.transfers.read(found.value.blob)) {
        byteLength += piece.byteLength;
        if (byteLength > maxBytes) return refuse(TOO_LARGE);
        pieces.push(piece);
      }
      const bytes = Buffer.concat(pieces);
      return { ok: true, value: new Uint8Array(bytes) };
    } catch (error) {
      return refuse(errorMessage(error));
    }
  }

  /** Puts a copy where `target` says, in one step; what is there is replaced. */
  async saveCopy(fileId: string, target: string): Promise<Outcome<boolean>> {
    const found = await this.bring(fileId, Infinity);
    if (!found.ok) return found;
    const unfinished = join(dirname(target), createTempName());
    try {
      await pipeline(
        this.transfers.read(found.value.blob),
        createWriteStream(unfinished, { flags: 'wx', flush: true }),
      );
      await rename(unfinished, target);
      return { ok: true, value: true };
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => undefined);
      return refuse(toWorkspaceError(error, target, 'write').message);
    }
  }

  private async bring(fileId: string, maxBytes: number): Promise<Outcome<FileWithContent>> {
    const file = this.index.get(fileId);
    const blob = file?.blob;
    if (!file || file.kind === 'text') return refuse('The file is not in the room any more.');
    if (blob === undefined)
      return refuse('The room does not have the content of this file yet. Whoever has it is sending it.');
    if ((file.sizeBytes ?? 0) > maxBytes) return refuse(TOO_LARGE);
    const isWanted = () => this.index.get(fileId)?.blob === blob;
    const outcome = await this.transfers.bring({ blob, fileId, isWanted, sizeBytes: file.sizeBytes ?? 0 });
    return outcome.ok ? { ok: true, value: { ...file, blob } } : outcome;
  }
}

function refuse<T>(explanation: string): Outcome<T> {
  return { ok: false, explanation };
}
