import * as Y from 'yjs';
import { expect, it, onTestFinished } from 'vitest';
import { AttachedSession } from '../../../shared/sync/attachment/index.ts';
import { describeProposals } from '../../../shared/sync/index.ts';
import { INDEX_DOCUMENT } from '../../../shared/workspace/index.ts';
import { openIndexedDbStore } from '../session/indexeddb-store.ts';
import { forgetIndexedDbRoom, listIndexedDbRooms } from '../session/indexeddb-rooms.ts';
import { createBrowserHost } from './browser-host.ts';
import { BrowserRoom } from './browser-room.ts';

/** Nobody listens there. */
const NO_RELAY = 'http://127.0.0.1:9';
const SECRET = 'secret-of-the-link';

/** A room with an edit that the relay does not have, from an earlier visit. */
async function storeRoom(): Promise<string> {
  const room = `room-${crypto.randomUUID()}`;
  const store = await openIndexedDbStore(room);
  const doc = new Y.Doc();
  const document = store.openDocument(INDEX_DOCUMENT, doc);
  await document.load();
  doc.getMap('x').set('y', 1);
  await document.appendLocal(Y.encodeStateAsUpdate(doc));
  await store.close();
  return room;
}

/** A page's host; its room is left and forgotten when the test ends. */
function openPage(room: string) {
  const { api } = createBrowserHost();
  const statuses: unknown[] = [];
  const stopListening = api.on('workspace:status', (status) => statuses.push(status));
  onTestFinished(async () => {
    stopListening();
    await api.invoke('room:leave', undefined);
    await forgetIndexedDbRoom(room);
  });
  return { api, statuses };
}

function visit(path: string): void {
  const before = window.location.href;
  onTestFinished(() => window.history.replaceState(null, '', before));
  window.history.replaceState(null, '', path);
}

it('opens what the browser keeps of a room at whose link the page is not', async () => {
  const room = await storeRoom();
  const { api, statuses } = openPage(room);
  const listed = await api.invoke('storage:list', undefined);
  expect(listed.ok && listed.value.rooms.find(({ key }) => key === room)).toMatchObject({
    canOpen: true,
    unsentDocuments: 1,
  });
  expect(await api.invoke('storage:open', { key: room })).toEqual({ ok: true, value: true });
  expect(statuses.at(-1)).toMatchObject({ kind: 'open', room });
  const current = await api.invoke('storage:current', undefined);
  expect(current).toMatchObject({ ok: true, value: { key: room, isOpen: true } });
});

it('opens it, too, when its address is opened without the secret, as from the history of the browser', async () => {
  const room = await storeRoom();
  visit(`/join/${room}`);
  const { api } = openPage(room);
  expect(await api.invoke('window:ready', undefined)).toMatchObject({
    status: { kind: 'open', room },
    joinLink: undefined,
  });
  expect(await api.invoke('edits:read-unsent', undefined)).toMatchObject({ ok: true });
});

it('asks about the link when the browser keeps nothing of the room, or when the address has a secret', async () => {
  const [unknown, known] = [`room-${crypto.randomUUID()}`, await storeRoom()];
  for (const path of [`/join/${unknown}`, `/join/${known}#${SECRET}`, `/join/${known}#damaged`]) {
    visit(path);
    const { api } = openPage(known);
    const start = await api.invoke('window:ready', undefined);
    expect(start).toMatchObject({ status: { kind: 'none' }, joinLink: `${window.location.origin}${path}` });
  }
});

it('opens a room without its relay only when it keeps something of it', async () => {
  const kept = await storeRoom();
  onTestFinished(() => forgetIndexedDbRoom(kept));
  const joined = await BrowserRoom.join({ relayUrl: NO_RELAY, room: kept, secret: SECRET }, 'Ana');
  if (!joined.ok) throw new Error(joined.explanation);
  expect(await joined.value.readUnsent()).toMatchObject({ ok: true });
  await joined.value.leave();
  const unknown = `room-${crypto.randomUUID()}`;
  const refused = await BrowserRoom.join({ relayUrl: NO_RELAY, room: unknown, secret: SECRET }, 'Ana');
  expect(refused.ok ? '' : refused.explanation).toContain(`No Tutti relay answers at ${NO_RELAY}`);
  expect(await listIndexedDbRooms()).not.toContain(unknown);
});

it('says one thing of what is kept without its link: that it is to be opened again', async () => {
  const room = await storeRoom();
  onTestFinished(() => forgetIndexedDbRoom(room));
  const opened = await BrowserRoom.openStored(room);
  const session = new AttachedSession();
  session.attach(opened.attach());
  onTestFinished(async () => {
    session.dispose();
    await opened.leave();
  });
  const explanation = expect.stringContaining('Open the link again to be with the others, and to edit.') as unknown;
  await expect.poll(() => session.state).toMatchObject({ kind: 'ended', explanation, isFinal: true });
  const report = await opened.proposeUnsent();
  expect(report.ok && describeProposals(report.value)).toBe(
    'Your edits of one file are on this device only. They are sent once you have opened the link again.',
  );
});
