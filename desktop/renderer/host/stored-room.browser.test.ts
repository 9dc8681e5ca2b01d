import * as Y from 'yjs';
import { expect, it, onTestFinished } from 'vitest';
import { INDEX_DOCUMENT } from '../../../shared/workspace/index.ts';
import { openIndexedDbStore } from '../session/indexeddb-store.ts';
import { forgetIndexedDbRoom } from '../session/indexeddb-rooms.ts';
import { createBrowserHost } from './browser-host.ts';

it('opens what the browser keeps of a room at whose link the page is not', async () => {
  const room = `room-${crypto.randomUUID()}`;
  const store = await openIndexedDbStore(room);
  const doc = new Y.Doc();
  const document = store.openDocument(INDEX_DOCUMENT, doc);
  await document.load();
  doc.getMap('x').set('y', 1);
  await document.appendLocal(Y.encodeStateAsUpdate(doc));
  await store.close();
  const { api } = createBrowserHost();
  const statuses: unknown[] = [];
  const stopListening = api.on('workspace:status', (status) => statuses.push(status));
  onTestFinished(async () => {
    stopListening();
    await api.invoke('room:leave', undefined);
    await forgetIndexedDbRoom(room);
  });
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
