import type { AccessKey, RoomVisits } from '../access-directory.ts';
import type {
  AbandonedPart,
  AbandonedSince,
  BlobIndex,
  BlobKey,
  BlobPart,
  NewBlob,
  PartAnnouncement,
} from '../blob-index.ts';
import type { AddedEvent, EventBounds, NewRoomEvent } from '../event-directory.ts';
import type { LogFailureCode } from '../log-failure.ts';
import type { AbandonedUpload, NewSegment } from '../segment-index.ts';
import { packParts, unpackParts } from '../snapshot-messages.ts';
import type {
  DocumentAppend,
  DocumentHead,
  DocumentKey,
  LoggedUpdate,
  NewUpdate,
  ReadRange,
  SnapshotPointer,
  UpdateLog,
} from '../update-log.ts';

/** A batch of appends with all payloads in one piece of memory, which is handed over and not copied. */
export interface PackedBatch {
  readonly documents: readonly {
    readonly key: DocumentKey;
    readonly epochWhenNew: string;
    readonly updates: readonly Omit<NewUpdate, 'payload'>[];
  }[];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: readonly number[];
}

/** A page of the log, packed like a {@link PackedBatch}. */
export interface PackedPage {
  readonly updates: readonly Omit<LoggedUpdate, 'payload'>[];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: readonly number[];
}

/** What the thread is asked to do. */
export type WriteRequest =
  | { readonly kind: 'append'; readonly batch: PackedBatch }
  | { readonly kind: 'read-updates'; readonly key: DocumentKey; readonly range: ReadRange }
  | { readonly kind: 'settle-epoch'; readonly key: DocumentKey; readonly epoch: string }
  | { readonly kind: 'replace-epoch'; readonly key: DocumentKey; readonly from: string; readonly to: string }
  | {
      readonly kind: 'set-snapshot';
      readonly key: DocumentKey;
      readonly snapshot: SnapshotPointer;
      readonly replacedId: string | undefined;
    }
  | { readonly kind: 'begin-upload'; readonly key: DocumentKey; readonly segmentId: string; readonly nowMs: number }
  | { readonly kind: 'commit-segment'; readonly key: DocumentKey; readonly segment: NewSegment }
  | { readonly kind: 'abandon-uploads'; readonly beforeMs: number }
  | { readonly kind: 'forget-upload'; readonly upload: AbandonedUpload }
  | { readonly kind: 'record-visits'; readonly rooms: readonly RoomVisits[] }
  | {
      readonly kind: 'add-event';
      readonly key: AccessKey;
      readonly event: NewRoomEvent;
      readonly bounds: EventBounds;
    }
  | {
      readonly kind: 'announce-part';
      readonly key: BlobKey;
      readonly part: BlobPart;
      readonly limit: Parameters<BlobIndex['announcePart']>[2];
    }
  | { readonly kind: 'store-part'; readonly key: BlobKey; readonly part: BlobPart }
  | { readonly kind: 'complete-blob'; readonly key: BlobKey; readonly blob: NewBlob }
  | { readonly kind: 'lose-part'; readonly key: BlobKey; readonly part: BlobPart; readonly nowMs: number }
  | { readonly kind: 'abandon-parts'; readonly since: AbandonedSince }
  | { readonly kind: 'forget-part'; readonly abandoned: AbandonedPart };

/** What comes back for each kind of request. */
export interface WriteResults {
  readonly append: Awaited<ReturnType<UpdateLog['append']>>;
  readonly 'read-updates': PackedPage;
  readonly 'settle-epoch': DocumentHead;
  readonly 'replace-epoch': string;
  readonly 'set-snapshot': boolean;
  readonly 'begin-upload': boolean;
  readonly 'commit-segment': boolean;
  readonly 'abandon-uploads': readonly AbandonedUpload[];
  readonly 'forget-upload': true;
  readonly 'record-visits': true;
  readonly 'add-event': AddedEvent;
  readonly 'announce-part': PartAnnouncement;
  readonly 'store-part': boolean;
  readonly 'complete-blob': boolean;
  readonly 'lose-part': true;
  readonly 'abandon-parts': readonly AbandonedPart[];
  readonly 'forget-part': true;
}

export interface WriteCommand {
  readonly id: number;
  readonly request: WriteRequest;
}

export type WriteReply =
  | { readonly id: number; readonly ok: true; readonly result: WriteResults[keyof WriteResults] }
  | { readonly id: number; readonly ok: false; readonly code: LogFailureCode; readonly message: string };

export async function packBatch(batch: readonly DocumentAppend[]): Promise<PackedBatch> {
  const { bytes, lengths } = await packParts(batch.flatMap(({ updates }) => updates.map(({ payload }) => payload)));
  const documents = batch.map(({ key, epochWhenNew, updates }) => ({
    key: { tenant: key.tenant, room: key.room, document: key.document },
    epochWhenNew,
    updates: updates.map(({ session, clientSeq, name, timeMs }) => ({ session, clientSeq, name, timeMs })),
  }));
  return { documents, bytes, lengths };
}

export function unpackBatch({ documents, bytes, lengths }: PackedBatch): DocumentAppend[] {
  const payloads = [...unpackParts(bytes, lengths)];
  let next = 0;
  return documents.map(({ key, epochWhenNew, updates }) => ({
    key,
    epochWhenNew,
    updates: updates.map((update) => ({ ...update, payload: payloads[next++] ?? new Uint8Array(0) })),
  }));
}

export async function packPage(page: readonly LoggedUpdate[]): Promise<PackedPage> {
  const { bytes, lengths } = await packParts(page.map(({ payload }) => payload));
  const updates = page.map(({ seq, session, clientSeq, name, timeMs }) => ({ seq, session, clientSeq, name, timeMs }));
  return { updates, bytes, lengths };
}

export function unpackPage({ updates, bytes, lengths }: PackedPage): LoggedUpdate[] {
  const payloads = [...unpackParts(bytes, lengths)];
  return updates.map((update, index) => ({ ...update, payload: payloads[index] ?? new Uint8Array(0) }));
}
