import { describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { BY_BOTH, changesOf, meet, rest } from '../testing/away-room.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';
import { YjsClient } from '../testing/yjs-client.ts';

/** Bob has edited offline and is back for long; nobody else is there. */
async function bobHasEdited() {
  const room = await meet();
  const { relay, ada, bob } = room;
  const before = Y.encodeStateAsUpdate(ada.doc('file'));
  await ada.quit();
  bob.cut();
  bob.text().insert(3, ' by Bob');
  await relay.advance(10_000);
  await bob.reach();
  await relay.advance(60_000);
  expect(changesOf(bob)).toEqual([]);
  return { ...room, before };
}

describe('a Yjs client and edits that somebody has made offline', () => {
  it('[YW12] knows them once it has synced: nothing is told of what it types then', async () => {
    const room = await bobHasEdited();
    const { relay, bob } = room;
    const eve = new YjsClient(relay, { token: 'eve.editor', document: 'file' });
    await relay.advance(5_000);
    expect(eve.text.toString()).toBe('one by Bob\ntwo\nthree\n');
    eve.text.insert(0, 'live ');
    await rest(room);
    expect(bob.text().toString()).toContain('live one by Bob');
    expect(changesOf(bob)).toEqual([]);
  });

  it('[YW12] does not know them when it brings what it wrote before it synced', async () => {
    const room = await bobHasEdited();
    const { relay, bob, before } = room;
    const doc = new Y.Doc();
    Y.applyUpdate(doc, before);
    doc.getText('content').insert(3, ' by Eve');
    new YjsClient(relay, { token: 'eve.editor', document: 'file', doc });
    await rest(room);
    expect(bob.text().toString()).toContain(' by Eve');
    expect(changesOf(bob)).toEqual(BY_BOTH);
  });

  it('[YW12] knows them once they have come while it was there', async () => {
    const room = await meet();
    const { relay, ada, bob } = room;
    await ada.quit();
    bob.cut();
    bob.text().insert(3, ' by Bob');
    const eve = new YjsClient(relay, { token: 'eve.editor', document: 'file' });
    await relay.advance(5_000);
    await bob.reach();
    await relay.advance(5_000);
    eve.text.insert(0, 'live ');
    await rest(room);
    expect(bob.text().toString()).toBe('live one by Bob\ntwo\nthree\n');
    expect(changesOf(bob)).toEqual([]);
  });
});

describe('how far a Yjs client has a document', () => {
  async function start() {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'doc');
    await relay.advance(100);
    const seen = () => ada.client.all('seen').flatMap(({ entries }) => entries.map(({ seq }) => seq));
    return { relay, seen };
  }

  it.each(['editor', 'viewer'])(
    '[YW12] is told by the relay, of a %s, and goes on with what is sent to them',
    async (role) => {
      const { relay, seen } = await start();
      const eve = new YjsClient(relay, { token: 'eve.editor', document: 'doc' });
      await relay.advance(100);
      eve.text.insert(0, 'text');
      await relay.advance(200);
      eve.leave();
      await relay.advance(200);
      const earlier = seen().length;
      new YjsClient(relay, { token: `vera.${role}`, document: 'doc' });
      await relay.advance(200);
      const joined = seen().slice(earlier);
      expect(joined.length).toBeGreaterThan(0);
      const dora = new YjsClient(relay, { token: 'dora.editor', document: 'doc' });
      await relay.advance(200);
      dora.text.insert(0, 'more');
      await rest({ relay });
      expect(Math.max(...seen())).toBeGreaterThan(Math.max(...joined));
    },
  );

  it('[YW12] is told once the client has answered what the relay asked it, not before', async () => {
    const { relay, seen } = await start();
    const eve = new YjsClient(relay, { token: 'eve.editor', document: 'doc' });
    const { client } = eve.pair;
    const send = client.send.bind(client);
    const held: Uint8Array[] = [];
    const isAnswer = (frame: Uint8Array) => frame[0] === 0 && frame[1] === 1;
    vi.spyOn(client, 'send').mockImplementation((frame) => void (isAnswer(frame) ? held.push(frame) : send(frame)));
    await rest({ relay });
    expect([eve.syncMessages, held.length, seen()]).toEqual([[1, 0], 1, []]);
    for (const frame of held) send(frame);
    await rest({ relay });
    expect(seen()).toEqual([1]);
  });

  it('[YW12] is not told of what waits for a client that takes nothing', async () => {
    const { relay, seen } = await start();
    const eve = new YjsClient(relay, { token: 'eve.editor', document: 'doc' });
    await relay.advance(200);
    eve.isStalled = true;
    const earlier = seen().length;
    const dora = await relay.join('dora.editor');
    dora.client.open(1, 'doc');
    await relay.advance(100);
    const typist = new Y.Doc();
    typist.getText('content').insert(0, 'text');
    dora.client.update(1, 1, Y.encodeStateAsUpdate(typist));
    await rest({ relay });
    expect(seen()).toHaveLength(earlier);
    eve.isStalled = false;
    eve.drain();
    await rest({ relay });
    expect(seen().length).toBeGreaterThan(earlier);
  });
});
