import { Emitter } from '../../../../shared/lifecycle/index.ts';
import { hashBytes } from '../text-format.ts';
import type { BlobContents, BlobState, BlobUpload, BlobWish } from '../blob-contents.ts';

/** Contents at a relay in memory, which answers when it is asked to. */
export class MemoryBlobs implements BlobContents {
  private readonly settled = new Emitter<string>();
  private readonly uploads = new Map<string, Map<string, BlobUpload>>();
  private readonly wishes = new Map<string, Map<string, BlobWish>>();
  /** What is on this device. */
  private readonly here = new Map<string, Uint8Array>();
  /** What the relay has, by hash. */
  readonly relay = new Map<string, Uint8Array>();
  /** How many contents were sent. */
  uploadCount = 0;
  /** Nothing comes or goes. */
  isOffline = false;
  /** Why the relay takes no content. */
  refusal: string | undefined;
  /** Runs once, when a content is about to be read. */
  beforeRead: (() => Promise<void>) | undefined;
  readonly onDidSettle = this.settled.event;

  upload(upload: BlobUpload): BlobState {
    if (this.relay.has(upload.blob)) return { kind: 'there' };
    if (this.refusal !== undefined) return { kind: 'refused', explanation: this.refusal };
    put(this.uploads, upload);
    return { kind: 'waits' };
  }

  fetch(wish: BlobWish): BlobState {
    if (this.here.has(wish.blob)) return { kind: 'there' };
    put(this.wishes, wish);
    return { kind: 'waits' };
  }

  async *read(blob: string): AsyncGenerator<Uint8Array> {
    const task = this.beforeRead;
    this.beforeRead = undefined;
    await task?.();
    const bytes = this.here.get(blob);
    if (!bytes) throw new Error('the content is not on this device');
    for (let offset = 0; offset < bytes.length; offset += 10) yield bytes.subarray(offset, offset + 10);
  }

  retryRefused(): void {}

  /** Somebody else has sent a content; gives its hash. */
  bring(content: string | Uint8Array): string {
    const bytes = Buffer.from(content);
    const blob = hashBytes(bytes);
    this.relay.set(blob, bytes);
    return blob;
  }

  get isIdle(): boolean {
    const waits = [...this.uploads.keys(), ...[...this.wishes.keys()].filter((blob) => this.relay.has(blob))];
    return this.isOffline || waits.length === 0;
  }

  /** Sends and fetches what was asked for. */
  async work(): Promise<void> {
    if (this.isOffline) return;
    for (const [blob, uploads] of [...this.uploads]) {
      this.uploads.delete(blob);
      for (const upload of uploads.values()) await this.send(upload);
      this.settled.fire(blob);
    }
    for (const [blob, wishes] of [...this.wishes]) {
      const bytes = this.relay.get(blob);
      if (!bytes) continue;
      this.wishes.delete(blob);
      if ([...wishes.values()].some(({ isWanted }) => isWanted())) this.here.set(blob, bytes);
      this.settled.fire(blob);
    }
  }

  private async send({ blob, isWanted, open }: BlobUpload): Promise<void> {
    if (this.relay.has(blob) || !isWanted()) return;
    const file = await open();
    if (!file) return;
    const bytes = await file.readFile();
    await file.close();
    if (hashBytes(bytes) !== blob) return;
    this.uploadCount++;
    this.relay.set(blob, bytes);
  }
}

function put<T extends BlobWish>(wishes: Map<string, Map<string, T>>, wish: T): void {
  wishes.set(wish.blob, (wishes.get(wish.blob) ?? new Map<string, T>()).set(wish.fileId, wish));
}
