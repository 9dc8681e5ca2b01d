import { createHash } from 'node:crypto';
import { systemScheduler } from '../../shared/lifecycle/index.ts';
import { type RelayRequest, RoomRequests } from '../../shared/sync/administration/index.ts';
import {
  type BlobSink,
  type BlobSource,
  type BlobTransferOptions,
  TransferLine,
} from '../../shared/sync/blobs/index.ts';

export interface BlobClientOptions {
  readonly url: string;
  readonly room: string;
  readonly token: string;
  /** Hears of each request before it is sent. */
  readonly onRequest?: (request: RelayRequest) => void;
  /** Hears of each answer that came. */
  readonly onAnswer?: (request: RelayRequest, status: number) => void;
  /** As {@link BlobTransferOptions.pieceTimeoutMs}. */
  readonly pieceTimeoutMs?: number;
}

/** What a person has to send and fetch blobs with, who does not wait long when the relay is away. */
export function createBlobClient({ url, room, token, ...rest }: BlobClientOptions): BlobTransferOptions {
  const { onRequest, onAnswer, pieceTimeoutMs } = rest;
  const granted = { token, expiresAtMs: Infinity };
  return {
    requests: new RoomRequests({
      relayUrl: url,
      room,
      tokens: { obtain: async () => ({ kind: 'granted', granted }) },
      send: async (request) => {
        onRequest?.(request);
        const answer = await send(request);
        onAnswer?.(request, answer.status);
        return answer;
      },
    }),
    sha256: async (bytes) => hashOf(bytes),
    scheduler: { ...systemScheduler, schedule: (task) => systemScheduler.schedule(task, 5) },
    random: () => 0,
    line: new TransferLine(systemScheduler),
    ...(pieceTimeoutMs !== undefined && { pieceTimeoutMs }),
  };
}

async function send({ method, url, bearerToken, body, bytes, headers, answerAs, idleTimeoutMs }: RelayRequest) {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const response = await fetch(url, {
    method,
    headers: {
      Authorization: `Bearer ${bearerToken}`,
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(bytes && { 'Content-Type': 'application/octet-stream' }),
      ...headers,
    },
    body: bytes ? new Blob([new Uint8Array(bytes)]) : (json ?? null),
    ...(idleTimeoutMs !== undefined && { signal: AbortSignal.timeout(idleTimeoutMs) }),
  });
  const { ok, status } = response;
  if (ok && answerAs === 'bytes') return { status, body: new Uint8Array(await response.arrayBuffer()) };
  const said: unknown = await response.json().catch(() => undefined);
  return { status, body: said };
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes in memory to be sent. */
export function sourceOf(bytes: Uint8Array): BlobSource {
  return {
    sizeBytes: bytes.byteLength,
    read: async (offset, byteLength) => bytes.subarray(offset, offset + byteLength),
  };
}

/** Takes what is fetched, and keeps it for another attempt. */
export class MemorySink implements BlobSink {
  bytes = new Uint8Array(0);
  private readonly there = new Set<number>();

  async begin(sizeBytes: number): Promise<string | undefined> {
    if (this.bytes.byteLength !== sizeBytes) this.bytes = new Uint8Array(sizeBytes);
    return undefined;
  }

  async has({ part }: { readonly part: number }): Promise<boolean> {
    return this.there.has(part);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.bytes.set(bytes, offset);
    this.there.add(offset / (1024 * 1024));
  }

  async hash(): Promise<string> {
    return hashOf(this.bytes);
  }
}
