import { beforeEach, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { RoomRequests } from '../../../shared/sync/administration/index.ts';
import { BLOB_PART_BYTES, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { TransfersState } from '../../ipc/index.ts';
import { BlobDownload } from './blob-download.ts';

const CONTENT = new Uint8Array(BLOB_PART_BYTES + 3).map((_, position) => position % 7);
const told: TransfersState[] = [];

async function hashOf(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A room with one picture, and a relay that has `stored` for it, and is asked. */
async function start(stored: Uint8Array = CONTENT, onAsked: (part: number) => void = () => undefined) {
  const blob = await hashOf(CONTENT);
  const parts = [stored.slice(0, BLOB_PART_BYTES), stored.slice(BLOB_PART_BYTES)];
  const described = await Promise.all(parts.map(async (bytes, part) => ({ part, sha256: await hashOf(bytes) })));
  const requests = new RoomRequests({
    relayUrl: 'https://relay',
    room: 'r',
    tokens: { obtain: async () => ({ kind: 'granted', granted: { token: 't', expiresAtMs: 9 } }) },
    send: async ({ url }) => {
      const part = /parts\/(\d+)$/.exec(url)?.[1];
      if (part !== undefined) onAsked(Number(part));
      if (part !== undefined) return { status: 200, body: parts[Number(part)] };
      return { status: 200, body: { state: 'complete', sizeBytes: stored.byteLength, parts: described } };
    },
  });
  const index = new WorkspaceIndex(new Y.Doc(), { random: Math.random, nowMs: Date.now });
  onTestFinished(() => index.dispose());
  const sizeBytes = CONTENT.byteLength;
  const [fileId = ''] = index.add([{ path: 'a.png', eol: 'LF', bom: false, kind: 'binary', sizeBytes, blob }]);
  const download = new BlobDownload({
    requests,
    index,
    scheduler: systemScheduler,
    onChange: (state) => told.push(state),
  });
  onTestFinished(() => download.dispose());
  return { download, fileId, index };
}

beforeEach(() => void told.splice(0));

it('a page fetches a content in parts, and tells how far it is', async () => {
  const { download, fileId } = await start();
  const outcome = await download.fetch(fileId);
  expect(outcome.ok && (await hashOf(outcome.value.bytes))).toBe(await hashOf(CONTENT));
  expect(told[0]?.down).toEqual({ files: 1, doneBytes: 0, totalBytes: CONTENT.byteLength });
  expect(told.at(-1)?.down).toEqual({ files: 0, doneBytes: 0, totalBytes: 0 });
  expect(told.some(({ down }) => down.doneBytes === CONTENT.byteLength)).toBe(true);
});

it('[BL3] what is not the content by its hash is not given', async () => {
  const { download, fileId } = await start(CONTENT.map((byte) => byte + 1));
  expect(await download.fetch(fileId)).toEqual({
    ok: false,
    explanation: 'What the relay has of this file is not the file.',
  });
});

it('what was broken off goes on where it was when it is asked for again', async () => {
  const asked: number[] = [];
  let isAway = true;
  const { download, fileId } = await start(CONTENT, (part) => {
    asked.push(part);
    if (isAway && part === 1) throw new Error('gone');
  });
  const outcome = await download.fetch(fileId);
  expect(outcome.ok ? 'done' : outcome.explanation).toContain('gone');
  expect(asked).toContain(0);
  asked.splice(0);
  isAway = false;
  expect((await download.fetch(fileId)).ok).toBe(true);
  expect(asked).toEqual([1]);
});

it('what is too large, is gone or has no content is explained', async () => {
  const { download, fileId, index } = await start();
  const explain = async (...asked: Parameters<BlobDownload['fetch']>) => {
    const outcome = await download.fetch(...asked);
    return outcome.ok ? 'done' : outcome.explanation;
  };
  expect(await explain(fileId, 100)).toContain('too large');
  index.remove([fileId]);
  expect(await explain(fileId)).toContain('not in the room');
  const [empty = ''] = index.add([{ path: 'b.png', eol: 'LF', bom: false, kind: 'binary' }]);
  expect(await explain(empty)).toContain('not have the content');
});
