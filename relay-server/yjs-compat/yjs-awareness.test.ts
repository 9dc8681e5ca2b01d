import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import {
  decodePresenceState,
  decodeSelections,
  encodePresenceState,
  encodeSelections,
} from '../../shared/workspace/index.ts';
import type { RawClient } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';
import { YjsClient, type YjsClientOptions } from '../testing/yjs-client.ts';

async function join(relay: RelayUnderTest, token: string, options: Partial<YjsClientOptions> = {}): Promise<YjsClient> {
  const client = new YjsClient(relay, { token, ...options });
  await relay.advance(50);
  return client;
}

const position = (client: number, clock: number) => ({ type: null, tname: null, item: { client, clock }, assoc: 0 });
const userOf = (state: unknown) => (typeof state === 'object' && state && 'user' in state ? state.user : undefined);
const named = (name: string): unknown => expect.objectContaining({ name: `Name of ${name}` });

function presenceOf(client: RawClient, presenceId: number) {
  const state = client
    .all('presence')
    .flatMap(({ entries }) => entries)
    .findLast((entry) => entry.presenceId === presenceId && entry.state !== undefined)?.state;
  return state && decodePresenceState(state);
}

describe('awareness over y-websocket', () => {
  it('[YW8] shows the state of others under their own client id and the name of their token', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    const ben = await join(relay, 'ben.viewer');
    ben.show(7, 1, { user: { name: 'The Boss', color: '#123456', isAdmin: true }, name: 'Boss', mood: ['fine'] });
    await relay.advance(50);
    expect(ada.shown().get(7)).toEqual({
      user: { name: 'Name of ben', color: '#123456', colorLight: '#b59b0033' },
      name: 'Name of ben',
      mood: ['fine'],
    });
    expect(ben.shown().has(7)).toBe(false);
    const late = await join(relay, 'cleo.viewer');
    expect(userOf(late.shown().get(7))).toEqual(named('ben'));
  });

  it('[YW2] answers a query once the client has the document, and not before', async () => {
    const relay = new RelayUnderTest();
    const tutti = await relay.join('ada.editor');
    // It shows itself in a document that nobody has written.
    const state = encodePresenceState({ fileId: 'doc', selections: encodeSelections([]) });
    tutti.client.send({ type: 'presence', state });
    await relay.advance(50);
    const vera = new YjsClient(relay, { token: 'vera.viewer' });
    vera.queryAwareness();
    await relay.advance(50);
    expect([vera.awareness, vera.closes.map(({ code }) => code)]).toEqual([[], [4404]]);
    const ben = await join(relay, 'ben.editor');
    const before = ben.awareness.length;
    ben.queryAwareness();
    await relay.settle();
    expect(ben.awareness.slice(before).map(({ clientId }) => clientId)).toEqual([
      tutti.client.last('welcome').presenceId,
    ]);
  });

  it('[YW8] keeps others from changing or removing it, and tells them', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    const ben = await join(relay, 'ben.editor');
    const cleo = await join(relay, 'cleo.editor');
    ada.show(1, 1, { user: {}, cursor: 'ada' });
    ben.show(2, 1, { user: {} });
    await relay.advance(50);
    ben.show(1, 99, { user: {}, cursor: 'spoofed' });
    ben.show(1, 100, null);
    ben.show(3, 1, { user: {} });
    await relay.advance(50);
    expect(new Set(cleo.shown().keys())).toEqual(new Set([1, 2]));
    expect(cleo.shown().get(1)).toMatchObject({ cursor: 'ada' });
    expect(ben.denials).toHaveLength(2);
    expect(ben.closes).toEqual([]);
  });

  it('[YW8] gives somebody who comes first with the id of another an id of the relay', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    const ben = await join(relay, 'ben.editor');
    const cleo = await join(relay, 'cleo.editor');
    ada.show(1, 1, { cursor: 'ada' });
    await relay.advance(50);
    ben.show(1, 99, { cursor: 'ben' });
    await relay.advance(50);
    expect(cleo.shown().get(1)).toMatchObject({ cursor: 'ada', user: named('ada') });
    const users = [...cleo.shown().values()].map(userOf);
    expect(users).toHaveLength(2);
    expect(users).toEqual(expect.arrayContaining([named('ada'), named('ben')]));
    expect(ada.shown().get(1)).toBeUndefined();
  });

  it('[YW8] leaves alone what a stock client repeats of others', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    const ben = await join(relay, 'ben.editor');
    ada.show(1, 5, { cursor: 'ada' });
    ben.show(2, 5, { cursor: 'ben' });
    await relay.advance(50);
    const told = ben.awareness.findLast(({ clientId }) => clientId === 1);
    ben.show(1, told?.clock ?? 0, told?.state);
    ben.show(1, told?.clock ?? 0, null);
    await relay.advance(50);
    expect(ben.denials).toEqual([]);
    expect((await join(relay, 'cleo.editor')).shown().get(1)).toMatchObject({ cursor: 'ada' });
  });

  it('[YW8] ends with the socket, and comes back with the same id before the old socket has ended', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    const ben = await join(relay, 'ben.editor');
    ada.show(1, 5, { cursor: 'old' });
    await relay.advance(50);
    const again = await join(relay, 'ada.editor');
    again.show(1, 5, { cursor: 'new' });
    await relay.advance(50);
    expect(ben.shown().get(1)).toMatchObject({ cursor: 'new' });
    ada.leave();
    await relay.advance(50);
    expect(ben.shown().get(1)).toMatchObject({ cursor: 'new' });
    again.leave();
    await relay.advance(50);
    expect(ben.shown().has(1)).toBe(false);
    const clocks = ben.awareness.filter(({ clientId }) => clientId === 1).map(({ clock }) => clock);
    expect(clocks).toEqual(clocks.toSorted((a, b) => a - b));
  });

  it.each([
    ['too large', JSON.stringify({ note: 'x'.repeat(3_000) })],
    ['no object', '"text"'],
    ['no JSON', '{'],
  ])('[YW8] shows a person without the state when that is %s', async (_what, json) => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    const ben = await join(relay, 'ben.editor');
    ben.showJson(2, 1, json);
    await relay.advance(50);
    expect(ada.shown().get(2)).toEqual({ user: named('ben') });
    expect(ben.denials).toHaveLength(1);
    ben.show(2, 2, { fine: true });
    await relay.advance(50);
    expect(ada.shown().get(2)).toMatchObject({ fine: true });
  });

  it('[YW8] leaves out a selection that editors would stumble over', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    const ben = await join(relay, 'ben.editor');
    ben.show(2, 1, {
      selection: { anchor: { tname: 7 }, head: {} },
      cursor: { anchor: { item: { client: 1, clock: 2 } }, head: position(1, 2) },
    });
    await relay.advance(50);
    expect(ada.shown().get(2)).toEqual({
      user: named('ben'),
      cursor: { anchor: position(1, 2), head: position(1, 2) },
    });
  });

  it('[YW8] is of one document, and answers a query', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    const other = await join(relay, 'ben.editor', { document: 'other' });
    other.show(2, 1, { there: true });
    ada.show(1, 1, { here: true });
    const cleo = await join(relay, 'cleo.editor');
    expect([...cleo.shown().keys()].filter((id) => id < 10)).toEqual([1]);
    const before = cleo.awareness.length;
    cleo.queryAwareness();
    await relay.settle();
    expect(cleo.awareness.slice(before)).toContainEqual(expect.objectContaining({ clientId: 1 }));
  });

  it('[YW9] shows Tutti windows that have the document before them, with their cursor', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    const tutti = await relay.join('tess.viewer');
    const anchor = new Y.RelativePosition(null, null, Y.createID(5, 6), 0);
    const head = new Y.RelativePosition(null, 'content', null, -1);
    const selections = encodeSelections([{ anchor, head }]);
    tutti.client.send({ type: 'presence', state: encodePresenceState({ fileId: 'doc', selections }) });
    await relay.advance(50);
    const { presenceId } = tutti.client.last('welcome');
    const selection = {
      anchor: position(5, 6),
      head: { type: null, tname: 'content', item: null, assoc: -1 },
    };
    expect(ada.shown().get(presenceId)).toEqual({ user: named('tess'), selection, cursor: selection });
    const clock = ada.awareness.at(-1)?.clock ?? 0;
    await relay.advance(15_000);
    expect(ada.awareness.at(-1)).toMatchObject({ clientId: presenceId, state: { selection } });
    expect(ada.awareness.at(-1)?.clock).toBeGreaterThan(clock);
    tutti.client.send({ type: 'presence', state: encodePresenceState({ fileId: 'other', selections }) });
    await relay.advance(50);
    expect(ada.shown().has(presenceId)).toBe(false);
  });

  it('[YW9] shows Yjs clients to Tutti windows, with their cursor', async () => {
    const relay = new RelayUnderTest();
    const tutti = await relay.join('tess.viewer');
    const ada = await join(relay, 'ada.editor');
    const identified = tutti.client.all('presence').flatMap(({ entries }) => entries);
    const entry = identified.findLast(({ identity }) => identity?.subject === 'ada');
    const presenceId = entry?.presenceId ?? 0;
    expect(presenceOf(tutti.client, presenceId)).toMatchObject({ fileId: 'doc' });
    ada.show(1, 1, { user: { name: 'x' }, selection: { anchor: position(5, 6), head: position(5, 9) } });
    await relay.advance(50);
    const [selection] = decodeSelections(presenceOf(tutti.client, presenceId)?.selections ?? new Uint8Array(0));
    expect([selection?.anchor.item, selection?.head.item]).toEqual([Y.createID(5, 6), Y.createID(5, 9)]);
  });
});
