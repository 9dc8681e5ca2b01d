import { setImmediate as settle } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Emitter } from '../../../shared/lifecycle/index.ts';
import { type RelayAnswer, RoomRequests } from '../../../shared/sync/administration/index.ts';
import type { ConnectionState, KnownAccess } from '../../../shared/sync/index.ts';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import type { SharedFile } from '../../../shared/workspace/index.ts';
import type { BlobUpload } from '../workspace/blob-contents.ts';
import { LackingContents } from './lacking-contents.ts';

const ONLINE: ConnectionState = { kind: 'online', sinceMs: 0 };
const OFFLINE: ConnectionState = { kind: 'connecting', sinceMs: 0 };

const blobOf = (number: number) => number.toString(16).padStart(64, '0');

/** A device that has what a room lists, but for every tenth content, and half of that in its folder alone. */
async function start(count: number, access: KnownAccess = 'write') {
  const scheduler = new ManualScheduler();
  const stateChanged = new Emitter<ConnectionState>();
  const session = { state: OFFLINE, onDidChangeState: stateChanged.event };
  const files = Array.from({ length: count }, (_, number): SharedFile => {
    const listed = { fileId: `f${number}`, path: `${number}.png`, eol: 'LF', bom: false, kind: 'binary' } as const;
    return { ...listed, blob: blobOf(number), sizeBytes: 1, writtenMs: number + 1 };
  });
  const numberOf = (fileId: string) => Number(fileId.slice(1));
  const lacking = new Set<string>();
  const asked: (readonly string[])[] = [];
  const uploads: BlobUpload[] = [];
  let refusal: RelayAnswer | undefined;
  const contents = new LackingContents({
    session,
    replica: { access },
    index: { files, get: (fileId) => files[numberOf(fileId)] },
    transfers: {
      has: (blob) => Number.parseInt(blob, 16) % 2 === 0 && Number.parseInt(blob, 16) % 10 !== 0,
      upload: (upload) => {
        uploads.push(upload);
        return { kind: 'waits' };
      },
    },
    requests: new RoomRequests({
      relayUrl: 'https://relay',
      room: 'r',
      tokens: { obtain: async () => ({ kind: 'granted', granted: { token: 't', expiresAtMs: Infinity } }) },
      send: async ({ body }) => {
        const blobs: unknown = Reflect.get(Object(body), 'blobs');
        const listed = Array.isArray(blobs) ? blobs.map(String) : [];
        asked.push(listed);
        return refusal ?? { status: 200, body: { lacking: listed.filter((blob) => lacking.has(blob)) } };
      },
    }),
    folder: {
      pathOnDisk: (fileId) => (numberOf(fileId) % 2 === 1 ? `/folder/${fileId}` : undefined),
      openOnDisk: async () => undefined,
    },
    scheduler,
    random: () => 0.5,
  });
  onTestFinished(() => {
    contents.dispose();
    stateChanged.dispose();
  });
  const connect = async (answer?: RelayAnswer) => {
    refusal = answer;
    for (const state of [OFFLINE, ONLINE]) {
      session.state = state;
      stateChanged.fire(state);
    }
    scheduler.advance(1_000);
    for (let turn = 0; turn < 50; turn++) await settle();
    return [asked.splice(0).map(({ length }) => length), uploads.splice(0).map(({ fileId }) => fileId)];
  };
  return { connect, lacking, contents };
}

it('[BL7] asks for everything that is here once, and then for what was written last, as far as that is lacking', async () => {
  const { connect, lacking } = await start(3_000);
  lacking.add(blobOf(7)).add(blobOf(2_998)).add(blobOf(10));
  expect(await connect()).toEqual([
    [1_000, 1_000, 700],
    ['f2998', 'f7'],
  ]);
  lacking.clear();
  expect(await connect()).toEqual([[100], []]);
  lacking.add(blobOf(2_999)).add(blobOf(2_001));
  expect(await connect()).toEqual([
    [100, 1_000, 1_000],
    ['f2999', 'f2001'],
  ]);
});

it('[BL7] asks for everything again where the relay did not say it', async () => {
  const { connect, lacking } = await start(200);
  lacking.add(blobOf(1));
  expect(await connect({ status: 503, body: {} })).toEqual([[180], []]);
  expect(await connect({ status: 200, body: { lacking: 'all' } })).toEqual([[180], []]);
  expect(await connect({ status: 200, body: { lacking: [blobOf(1), 7] } })).toEqual([[180], ['f1']]);
});

it.each<KnownAccess>(['read', 'none'])('[BL7] asks nothing for somebody whose access is "%s"', async (access) => {
  const { connect } = await start(10, access);
  expect(await connect()).toEqual([[], []]);
});

it('asks nothing once the room is closed', async () => {
  const { connect, contents } = await start(10);
  contents.dispose();
  expect(await connect()).toEqual([[], []]);
});
