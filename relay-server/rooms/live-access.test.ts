import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { DEFAULT_ROOM_SETTINGS, type RoomSettings } from '../../shared/access/index.ts';
import { ACCESS_FEATURE } from '../../shared/protocol/index.ts';
import type { AccessChange } from '../log/access-directory.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

const KEY = { tenant: 'default', room: 'room' };

function insertion(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

async function start() {
  const relay = new RelayUnderTest();
  const change = async (what: AccessChange) => {
    const { version } = await relay.directory.change(KEY, what, undefined);
    relay.core.announceAccess(KEY, version);
    await relay.settle();
  };
  const set = (settings: Partial<RoomSettings>) =>
    change({ kind: 'set-settings', settings: { ...DEFAULT_ROOM_SETTINGS, ...settings } });
  const join = async (token: string) => {
    const joined = relay.connect();
    joined.client.hello(token, undefined, [ACCESS_FEATURE]);
    await relay.settle();
    joined.client.open(1, 'file');
    await relay.settle();
    return joined;
  };
  return { relay, change, set, join };
}

describe('what owners change', () => {
  it('[AC1] is told to those who can hear it, from the beginning', async () => {
    const { change, join } = await start();
    const ben = await join('ben.editor');
    const plain = { chat: 'commenters', presenter: undefined, explanation: '' };
    const asEditor = { type: 'access', role: 'editor', writesAs: 'editor', ...plain };
    expect(ben.client.last('access')).toEqual({ ...asEditor, version: 0 });
    const ana = await join('ana.owner');
    await change({ kind: 'touch' });
    expect(ana.client.last('access')).toMatchObject({ role: 'owner', version: 1 });
    expect(ben.client.all('access')).toHaveLength(1);
    await change({ kind: 'set-role', subject: 'ben', role: 'viewer' });
    expect(ben.client.last('access')).toEqual({
      ...asEditor,
      role: 'viewer',
      writesAs: 'viewer',
      version: 2,
      explanation: 'An owner of the room made you a viewer.',
    });
    expect(ben.closes).toEqual([]);
  });

  it('[AC1] is told by `renewed` to older clients', async () => {
    const { relay, set } = await start();
    const old = await relay.join('old.editor');
    await set({ presenter: 'ana' });
    expect(old.client.last('renewed').role).toBe('viewer');
    expect(old.client.all('access')).toEqual([]);
    await set({});
    expect(old.client.last('renewed').role).toBe('editor');
  });

  it('[AC2] counts for open documents at once, and back again', async () => {
    const { relay, set, join } = await start();
    const [ana, ben] = [await join('ana.owner'), await join('ben.editor')];
    await set({ presenter: 'ana' });
    ben.client.send({ type: 'update', handle: 1, clientSeq: 1, payload: insertion('no') });
    ana.client.send({ type: 'update', handle: 1, clientSeq: 1, payload: insertion('yes') });
    await relay.advance(50);
    expect(ben.client.last('refused')).toMatchObject({ clientSeq: 1, reason: 'read-only' });
    expect(ana.client.last('ack').clientSeq).toBe(1);
    expect(ana.client.all('update')).toEqual([]);
    await set({});
    ben.client.send({ type: 'update', handle: 1, clientSeq: 2, payload: insertion('now') });
    await relay.advance(50);
    expect(ben.client.last('ack').clientSeq).toBe(2);
    expect(ana.client.all('update')).toHaveLength(1);
  });

  it('[PR2] is what others are shown', async () => {
    const { relay, change, join } = await start();
    const [ana, ben] = [await join('ana.owner'), await join('ben.viewer')];
    await change({ kind: 'set-role', subject: 'ben', role: 'editor' });
    await relay.advance(100);
    const { presenceId } = ben.client.last('welcome');
    const entry = ana.client.last('presence').entries.find((candidate) => candidate.presenceId === presenceId);
    expect(entry?.identity).toMatchObject({ subject: 'ben', role: 'editor' });
  });

  it('[AC4] throws out whom it is taken from, and nobody else, and lets them in no more', async () => {
    const { relay, change, join } = await start();
    const people = [await join('ana.owner'), await join('ben.editor'), await join('cleo.viewer')];
    await change({ kind: 'revoke-subject', subject: 'ben' });
    expect(people.map(({ closes }) => closes)).toEqual([[], [4403], []]);
    expect(people[1]?.client.last('goodbye').explanation).toContain('taken back by an owner');
    expect((await relay.join('ben.editor')).closes).toEqual([4403]);
    await change({ kind: 'revoke-all' });
    expect(people.map(({ closes }) => closes)).toEqual([[], [4403], [4403]]);
  });

  it('[AC4] is found in the database when nobody tells of it', async () => {
    const { relay, join } = await start();
    const ben = await join('ben.editor');
    await relay.directory.change(KEY, { kind: 'revoke-subject', subject: 'ben' }, undefined);
    await relay.settle();
    expect(ben.closes).toEqual([]);
    await relay.advance(1_000);
    expect(ben.closes).toEqual([4403]);
  });

  it('counts for rooms of the same name in other tenants not at all', async () => {
    const { relay, join } = await start();
    const ben = await join('ben.editor');
    await relay.directory.change({ ...KEY, tenant: 'other' }, { kind: 'revoke-subject', subject: 'ben' }, undefined);
    await relay.advance(2_000);
    expect(ben.closes).toEqual([]);
  });
});
