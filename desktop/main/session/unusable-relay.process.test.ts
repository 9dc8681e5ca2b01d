import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { parseShareLink } from '../../../shared/access/index.ts';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { CLOSE_CODES } from '../../../shared/protocol/index.ts';
import { LinkTokenSource } from '../../../shared/sync/index.ts';
import { type RelayProcess, roomToken, shareLink } from '../../testing/relay-process.ts';
import { Engine } from '../testing/engine.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startTestRelay } from '../testing/test-relay.ts';
import { postJson } from './relay-api.ts';

const ROOM = 'room';
const DOCUMENT = 'notes';
const TYPED = 'typed without a usable relay';

/** Types into an engine that has no usable relay, and checks that it says so in one place and keeps the text. */
async function expectKeptOnThisDevice(engine: Engine): Promise<void> {
  const document = engine.open(DOCUMENT);
  await document.replica.whenLoaded;
  document.text.insert(0, TYPED);
  await document.whenStatus(() => document.replica.saveState.kind === 'on-this-device');
  await engine.close();
}

/** Starts an engine on the same store with what it should have had, and checks that the text reaches the relay. */
async function expectSentTo(relay: RelayProcess, token: string, storage: string): Promise<void> {
  const engine = await Engine.start({ syncUrl: relay.syncUrl(ROOM), token, storage });
  const document = engine.open(DOCUMENT);
  await document.whenOnTheRelay();
  expect(document.text.toString()).toBe(TYPED);
}

it('says that a token is of another relay, asks for one new link, and keeps the edits', async () => {
  const folder = temporaryFolder();
  const storage = join(folder, 'room.sqlite');
  const [ours, other] = await Promise.all([
    startTestRelay(join(folder, 'ours')),
    startTestRelay(join(folder, 'other')),
  ]);
  const [token, foreignToken] = await Promise.all(
    [ours, other].map(({ dataFolder }) => roomToken(dataFolder, ROOM, 'editor', 'Ana')),
  );
  const engine = await Engine.start({ syncUrl: ours.syncUrl(ROOM), token: foreignToken ?? '', storage });
  const state = await engine.whenState(({ kind }) => kind === 'ended');
  expect(state).toMatchObject({ closeCode: CLOSE_CODES.unauthenticated });
  expect((await engine.whenProblem('session-ended')).explanation).toMatch(/token/i);
  await expectKeptOnThisDevice(engine);
  await expectSentTo(ours, token ?? '', storage);
});

it('says that a link is of another relay, and keeps the edits', async () => {
  const folder = temporaryFolder();
  const storage = join(folder, 'room.sqlite');
  const [ours, other] = await Promise.all([
    startTestRelay(join(folder, 'ours')),
    startTestRelay(join(folder, 'other')),
  ]);
  const token = await roomToken(ours.dataFolder, ROOM, 'editor', 'Ana');
  const parsed = parseShareLink(await shareLink(other.dataFolder, ROOM, 'editor'));
  if (!parsed.ok) throw new Error(parsed.explanation);
  const { secret } = parsed.link;
  const wrong = new LinkTokenSource({
    relayUrl: ours.url,
    room: ROOM,
    secret,
    name: 'Ana',
    postJson,
    scheduler: systemScheduler,
  });
  const engine = await Engine.start({ syncUrl: ours.syncUrl(ROOM), token: wrong, storage });
  await engine.whenState(({ kind }) => kind === 'ended');
  expect((await engine.whenProblem('session-ended')).explanation).toMatch(/link/i);
  await expectKeptOnThisDevice(engine);
  await expectSentTo(ours, token, storage);
});

it('says that no relay answers, goes on trying, and sends the edits when one does', async () => {
  const folder = temporaryFolder();
  const gone = await startTestRelay(join(folder, 'relay'));
  const token = await roomToken(gone.dataFolder, ROOM, 'editor', 'Ana');
  await gone.stop();
  const engine = await Engine.start({ syncUrl: gone.syncUrl(ROOM), token, storage: join(folder, 'room.sqlite') });
  const document = engine.open(DOCUMENT);
  const state = await engine.whenState(({ kind }) => kind === 'reconnecting');
  expect(state).toMatchObject({ explanation: `No Tutti relay answers at ${gone.syncUrl(ROOM)}.` });
  await document.replica.whenLoaded;
  document.text.insert(0, TYPED);
  await document.whenStatus(() => document.replica.saveState.kind === 'on-this-device');
  expect(engine.problems).toEqual([]);

  const relay = await startTestRelay(gone.dataFolder, gone.port);
  await document.whenOnTheRelay();
  await engine.close();
  await expectSentTo(relay, token, join(folder, 'other-device.sqlite'));
});

it('says that the relay speaks another version of the protocol, and keeps the edits', async () => {
  const folder = temporaryFolder();
  const storage = join(folder, 'room.sqlite');
  const newer = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => new Promise<void>((resolve) => newer.close(() => resolve())));
  newer.on('connection', (socket) => socket.on('message', () => socket.close(CLOSE_CODES.version)));
  await once(newer, 'listening');
  // Always an AddressInfo for a TCP server.
  const { port } = newer.address() as AddressInfo;
  const engine = await Engine.start({ syncUrl: `ws://127.0.0.1:${port}/sync/${ROOM}`, token: 'any', storage });
  const state = await engine.whenState(({ kind }) => kind === 'ended');
  expect(state).toMatchObject({ closeCode: CLOSE_CODES.version });
  const explanation = 'The relay and this app speak different versions of the protocol. Update the older one.';
  expect(await engine.whenProblem('session-ended')).toMatchObject({ explanation });
  await expectKeptOnThisDevice(engine);

  const relay = await startTestRelay(join(folder, 'relay'));
  await expectSentTo(relay, await roomToken(relay.dataFolder, ROOM, 'editor', 'Ana'), storage);
});

it('says that what answers is not a relay, and keeps the edits', async () => {
  const folder = temporaryFolder();
  const storage = join(folder, 'room.sqlite');
  const relay = await startTestRelay(join(folder, 'relay'));
  const token = await roomToken(relay.dataFolder, ROOM, 'editor', 'Ana');
  const syncUrl = `${relay.url.replace('http', 'ws')}/elsewhere`;
  const engine = await Engine.start({ syncUrl, token, storage });
  const state = await engine.whenState(({ kind }) => kind === 'ended' || kind === 'reconnecting');
  expect(state.kind).toBe('ended');
  expect((await engine.whenProblem('session-ended')).explanation).toContain(syncUrl);
  await expectKeptOnThisDevice(engine);
  await expectSentTo(relay, token, storage);
});
