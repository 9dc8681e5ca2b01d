import { Zip, ZipDeflate, ZipPassThrough } from 'fflate';
import { DisposableStore, type Scheduler } from '../../../shared/lifecycle/index.ts';
import { CONTENT_TEXT, readContent, type SharedFile } from '../../../shared/workspace/index.ts';
import type { Answer } from '../ui/outcome.ts';
import type { OpenRoom } from './open-room.ts';

/** A text that is asked for may take so long to come. */
const TEXT_TIMEOUT_MS = 20_000;
/** Texts that are fetched at the same time. */
const MAX_AT_ONCE = 8;
/** A larger archive can be made neither in a page nor handed to the app in one piece. */
const MAX_ARCHIVE_BYTES = 512 * 1024 * 1024;
/** No larger file that is no text is put in. */
export const MAX_COPIED_BYTES = 64 * 1024 * 1024;

const NOT_HERE = 'its text is not on this device, and the relay does not give it now';
const NOT_SHARED = 'it is not shared with you any more';
const TOO_LARGE = 'it is too large for the archive: save a copy of it from its own tab';

/** A file that is not in the archive, and why; completes "Left out, since …". */
export interface LeftOutFile {
  readonly path: string;
  readonly reason: string;
}

export interface RoomArchive {
  /** A ZIP archive. */
  readonly content: Uint8Array;
  readonly fileCount: number;
  readonly leftOut: readonly LeftOutFile[];
}

export interface RoomArchiveOptions {
  readonly room: OpenRoom;
  readonly scheduler: Scheduler;
  /** Gives the content of a file that is no text, of at most {@link MAX_COPIED_BYTES}. */
  readonly readContent: (fileId: string) => Promise<Answer<Uint8Array>>;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * All files of the room, texts with the line endings that they have on disk. What is not on this device is fetched; what
 * cannot be had is left out and said. Undefined when `signal` aborts.
 */
export async function archiveRoom(options: RoomArchiveOptions): Promise<RoomArchive | undefined> {
  const { room, signal, onProgress } = options;
  const files = room.index.files.slice();
  const archive = new GrowingArchive();
  const leftOut: LeftOutFile[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    for (let file = files[next++]; file && !signal.aborted; file = files[next++]) {
      const content = await readFile(file, options);
      const reason = content.ok ? archive.add(file, content.value) : content.explanation;
      if (reason !== undefined) leftOut.push({ path: file.path, reason });
      onProgress(++done, files.length);
    }
  };
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, work));
  if (signal.aborted) return undefined;
  leftOut.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { content: archive.finish(), fileCount: files.length - leftOut.length, leftOut };
}

async function readFile(file: SharedFile, options: RoomArchiveOptions): Promise<Answer<Uint8Array>> {
  if (file.kind === 'text') return readText(file, options);
  if (file.blob === undefined) return refuse('the room does not have its content yet');
  if ((file.sizeBytes ?? 0) > MAX_COPIED_BYTES) return refuse(TOO_LARGE);
  return options.readContent(file.fileId);
}

async function readText({ fileId, eol, bom }: SharedFile, options: RoomArchiveOptions): Promise<Answer<Uint8Array>> {
  const { session } = options.room;
  const lifetime = new DisposableStore();
  try {
    const document = lifetime.add(session.open(fileId));
    let isRead = false;
    await new Promise<void>((resolve) => {
      const isAsked = () => session.state.kind !== 'ended' && session.state.kind !== 'reconnecting';
      const look = () => {
        const { wasSynced, access } = document.status;
        if (options.signal.aborted || (isRead && (wasSynced || access === 'none' || !isAsked()))) resolve();
      };
      lifetime.add(document.onDidChangeStatus(look));
      lifetime.add(session.onDidChangeState(look));
      lifetime.add(options.scheduler.schedule(resolve, TEXT_TIMEOUT_MS));
      options.signal.addEventListener('abort', look);
      lifetime.add({ dispose: () => options.signal.removeEventListener('abort', look) });
      void document.whenReady.then(() => {
        isRead = true;
        look();
      });
      look();
    });
    const { access, isKnown } = document.status;
    if (!isRead || !isKnown) return refuse(access === 'none' ? NOT_SHARED : NOT_HERE);
    const text = readContent(document.doc.getText(CONTENT_TEXT));
    const onDisk = eol === 'CRLF' ? text.replaceAll('\n', '\r\n') : text;
    return { ok: true, value: new TextEncoder().encode((bom ? '\uFEFF' : '') + onDisk) };
  } finally {
    lifetime.dispose();
  }
}

/** A ZIP archive that files are put into one by one, so that no more than one is there twice. */
class GrowingArchive {
  private readonly zip: Zip;
  private readonly pieces: Uint8Array[] = [];
  private byteLength = 0;
  private failure: Error | undefined;

  constructor() {
    this.zip = new Zip((error, piece) => {
      if (error) this.failure = error;
      else this.pieces.push(piece);
      this.byteLength += error ? 0 : piece.byteLength;
    });
  }

  /** Gives why it cannot be put in; undefined when it was. */
  add({ path, kind }: SharedFile, content: Uint8Array): string | undefined {
    if (this.byteLength + content.byteLength > MAX_ARCHIVE_BYTES) return TOO_LARGE;
    // Most contents that are no texts are compressed already.
    const entry = kind === 'text' ? new ZipDeflate(path) : new ZipPassThrough(path);
    this.zip.add(entry);
    entry.push(content, true);
    return undefined;
  }

  /** Throws Error when the archive could not be made. */
  finish(): Uint8Array {
    this.zip.end();
    if (this.failure) throw this.failure;
    const content = new Uint8Array(this.byteLength);
    let offset = 0;
    for (const piece of this.pieces) {
      content.set(piece, offset);
      offset += piece.byteLength;
    }
    return content;
  }
}

function refuse(explanation: string): Answer<never> {
  return { ok: false, explanation };
}
