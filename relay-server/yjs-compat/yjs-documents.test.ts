import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { DEFAULT_ROOM_SETTINGS } from '../../shared/access/index.ts';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { InProcessBackplaneHub } from '../backplane/in-process.ts';
import { LogFailure } from '../log/log-failure.ts';
import { createTypist } from '../testing/raw-client.ts';
import { createPlainDoorkeeper, RelayUnderTest } from '../testing/relay-under-test.ts';
import { YjsClient, type YjsClientOptions } from '../testing/yjs-client.ts';

const KEY = { tenant: 'default', room: 'room', document: 'doc' };

async function join(relay: RelayUnderTest, token: string, options: Partial<YjsClientOptions> = {}): Promise<YjsClient> {
  const client = new YjsClient(relay, { token, ...options });
  await relay.advance(10);
  return client;
}

const headSeq = async (relay: RelayUnderTest) => (await relay.log.readDocument(KEY))?.headSeq ?? 0;

describe('documents over y-websocket', () => {
  it('[YW3] brings a client up to date with one step 2 and asks it for what the relay lacks', async () => {
    const relay = new RelayUnderTest();
    const doc = new Y.Doc();
    doc.getText('content').insert(0, 'offline ');
    const ada = await join(relay, 'ada.editor', { doc });
    expect(ada.syncMessages).toEqual([1, 0]);
    await relay.advance(50);
    const ben = await join(relay, 'ben.editor');
    expect(ben.text.toJSON()).toBe('offline ');
    expect(ben.syncMessages).toEqual([1, 0]);
  });

  it('[YW3] passes edits on to Yjs clients and Tutti clients, and theirs back', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    const ben = await join(relay, 'ben.editor');
    const tutti = await relay.join('cleo.editor');
    tutti.client.open(1, 'doc');
    await relay.advance(50);
    ada.text.insert(0, 'ada ');
    await relay.settle();
    const typist = createTypist(7);
    Y.applyUpdate(typist.doc, Y.encodeStateAsUpdate(ada.doc));
    tutti.client.update(1, 1, typist.type('cleo'));
    await relay.settle();
    expect([ada.text.toJSON(), ben.text.toJSON(), tutti.client.textOf(1)]).toEqual(['ada cleo', 'ada cleo', 'ada ']);
    expect(ben.syncMessages.slice(2)).toEqual([2, 2]);
  });

  it('[YW3] answers step 1 at any time', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    ada.text.insert(0, 'text');
    await relay.advance(50);
    for (let round = 0; round < 3; round++) ada.sendStep1();
    await relay.advance(50);
    ada.text.insert(0, 'more ');
    await relay.advance(50);
    expect(ada.syncMessages.filter((type) => type === 1).length).toBeGreaterThan(1);
    expect((await join(relay, 'ben.editor')).text.toJSON()).toBe('more text');
  });

  it('[YW4] is made by the first writer who opens it, and by no viewer', async () => {
    const relay = new RelayUnderTest();
    const early = await join(relay, 'vera.viewer');
    expect(early.closes.map(({ code }) => code)).toEqual([4404]);
    expect(early.denials).toEqual(['The document doc does not exist, and your role may not make it.']);
    expect(await headSeq(relay)).toBe(0);
    await join(relay, 'ada.editor');
    await relay.advance(50);
    expect(await headSeq(relay)).toBe(1);
    const late = await join(relay, 'vera.viewer');
    expect([late.closes, late.syncMessages]).toEqual([[], [1]]);
  });

  it.each(['viewer', 'commenter'])('[YW5] [UP6] refuses the edits of a %s, and says so once', async (role) => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    ada.text.insert(0, 'shared');
    await relay.advance(50);
    const before = await headSeq(relay);
    const vera = await join(relay, `vera.${role}`);
    for (let edit = 0; edit < 20; edit++) vera.text.insert(0, 'x');
    await relay.advance(50);
    expect(vera.denials).toEqual(['Your role may read this document, not change it.']);
    expect([ada.text.toJSON(), await headSeq(relay), vera.closes]).toEqual(['shared', before, []]);
    await relay.advance(10_000);
    vera.text.insert(0, 'x');
    await relay.settle();
    expect(vera.denials).toHaveLength(2);
  });

  it('[YW5] asks for what a role did not allow once it does, and loses nothing that is typed from then on', async () => {
    const relay = new RelayUnderTest();
    const room = { tenant: KEY.tenant, room: KEY.room };
    const present = async (presenter: string | undefined) => {
      const settings = { ...DEFAULT_ROOM_SETTINGS, presenter };
      const { version } = await relay.directory.change(room, { kind: 'set-settings', settings }, undefined);
      relay.core.announceAccess(room, version);
      await relay.advance(50);
    };
    const [ada, ben] = [await join(relay, 'ada.editor'), await join(relay, 'ben.editor')];
    await present('ada');
    ben.text.insert(0, 'early ');
    await relay.advance(50);
    expect(ben.denials).toEqual(['Somebody is presenting: only they can edit for now.']);
    await present(undefined);
    ben.text.insert(0, 'later ');
    await relay.advance(50);
    ada.text.insert(0, 'ada ');
    await relay.advance(50);
    const texts = [ada, ben, await join(relay, 'cleo.viewer')].map(({ text }) => text.toJSON());
    expect(texts).toEqual(Array(3).fill('ada later early '));
  });

  it('[YW5] lets a commenter write comments', async () => {
    const relay = new RelayUnderTest();
    const vera = await join(relay, 'vera.commenter', { document: 'comments' });
    vera.text.insert(0, 'a comment');
    await relay.advance(50);
    expect((await join(relay, 'ada.viewer', { document: 'comments' })).text.toJSON()).toBe('a comment');
  });

  it.each([
    ['a malformed update', new Uint8Array([1, 2, 3, 250]), 4409],
    ['an update that is too large', new Uint8Array(2000), 4413],
  ])('[YW5] ends a client that sends %s; others see nothing of it', async (_what, update, code) => {
    const relay = new RelayUnderTest({ maxUpdateBytes: 1000 });
    const ada = await join(relay, 'ada.editor');
    const ben = await join(relay, 'ben.editor');
    const before = ben.syncMessages.length;
    ada.sendUpdate(update);
    await relay.settle();
    expect(ada.closes.map((close) => close.code)).toEqual([code]);
    expect([ben.closes, ben.syncMessages.length]).toEqual([[], before]);
  });

  it.each([
    ['no message', []],
    ['an unknown message', [77]],
    ['an unknown sync message', [0, 9, 0]],
    ['a cut message', [0, 2, 5, 1]],
    ['bytes left over', [3, 0]],
    ['a malformed state vector', [0, 0, 2, 200, 200]],
    ['a malformed awareness update', [1, 2, 9, 9]],
  ])('[YW2] ends a client that sends %s with 4409', async (_what, frame) => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    ada.sendRaw(new Uint8Array(frame));
    await relay.settle();
    expect(ada.closes.map(({ code }) => code)).toEqual([4409]);
    expect(relay.problems).toEqual([]);
  });

  it('[YW6] asks again for what the relay could not store, until it can', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    await relay.advance(50);
    const append = relay.log.append.bind(relay.log);
    relay.log.append = () => {
      throw new LogFailure('full', 'the disk is full');
    };
    ada.text.insert(0, 'kept');
    await relay.advance(100);
    expect(ada.denials).toEqual([expect.stringContaining('disk is full')]);
    relay.log.append = append;
    await relay.advance(1_000);
    await relay.advance(50);
    expect((await join(relay, 'ben.editor')).text.toJSON()).toBe('kept');
    expect(ada.closes).toEqual([]);
  });

  it('[YW6] asks again for what came too fast', async () => {
    const relay = new RelayUnderTest({
      limits: { updates: { capacity: 5, refillPerSecond: 5 }, updateBytes: { capacity: 1e6, refillPerSecond: 1e6 } },
    });
    const ada = await join(relay, 'ada.editor');
    for (let edit = 0; edit < 20; edit++) ada.text.insert(ada.text.length, `${edit} `);
    await relay.settle();
    expect(ada.denials).toHaveLength(1);
    await relay.advance(1_000);
    await relay.advance(50);
    expect((await join(relay, 'ben.editor')).text.toJSON()).toBe(ada.text.toJSON());
  });

  it('[YW6] says that a document cannot be read, never shows an empty one, and serves it once it is well', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    ada.text.insert(0, 'kept');
    await relay.advance(50);
    relay.restart();
    const read = relay.log.readDocument.bind(relay.log);
    relay.log.readDocument = () => Promise.reject(new LogFailure('corrupted', 'The document doc is damaged.'));
    const ben = await join(relay, 'ben.editor');
    expect([ben.denials, ben.syncMessages, ben.closes]).toEqual([[expect.stringContaining('damaged')], [], []]);
    ben.text.insert(0, 'ben ');
    relay.log.readDocument = read;
    await relay.advance(1_000);
    await relay.advance(50);
    expect(ben.text.toJSON()).toContain('kept');
    expect((await join(relay, 'cleo.viewer')).text.toJSON()).toBe(ben.text.toJSON());
  });

  it('is one document on several nodes, with the people of all of them', async () => {
    const hub = new InProcessBackplaneHub();
    const [eastern, western, issuer] = [hub.join(), hub.join(), hub.join()];
    const east = new RelayUnderTest({ backplane: eastern, headPollIntervalMs: 2_000 });
    const { scheduler, log } = east;
    const west = new RelayUnderTest({
      log,
      scheduler,
      doorkeeper: createPlainDoorkeeper(scheduler),
      backplane: western,
      headPollIntervalMs: 2_000,
      random: createSeededRandom(8).next,
    });
    const advance = async (ms: number) => {
      await west.settle();
      await east.advance(ms);
      await west.settle();
    };
    const ada = await join(east, 'ada.editor');
    const ben = await join(west, 'ben.editor');
    await advance(100);
    ada.text.insert(0, 'ada ');
    ben.show(2, 1, { user: {} });
    await advance(100);
    ben.text.insert(ben.text.length, 'ben');
    await advance(100);
    await advance(100);
    expect([ada.text.toJSON(), ben.text.toJSON()]).toEqual(['ada ben', 'ada ben']);
    expect(ada.shown().get(2)).toMatchObject({ user: { name: 'Name of ben' } });
    const { version } = await west.directory.change(KEY, { kind: 'revoke-subject', subject: 'ben' }, undefined);
    issuer.publish(KEY, { kind: 'access', version });
    await advance(100);
    expect([ada.closes.length, ben.closes.map(({ code }) => code)]).toEqual([0, [4403]]);
    expect(ada.shown().has(2)).toBe(false);
    for (const backplane of [eastern, western, issuer]) backplane.dispose();
  });

  it('[YW7] stores no answer to step 1 that brings nothing new', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    ada.text.insert(0, 'hello world');
    ada.text.delete(2, 4);
    await relay.advance(50);
    const before = await headSeq(relay);
    const again = await join(relay, 'ada.editor', { doc: ada.doc });
    await relay.advance(50);
    expect(again.syncMessages).toEqual([1, 0]);
    expect(await headSeq(relay)).toBe(before);
  });

  it('[YW7] stores a deletion that was made offline', async () => {
    const relay = new RelayUnderTest();
    const ada = await join(relay, 'ada.editor');
    ada.text.insert(0, 'hello world');
    await relay.advance(50);
    ada.leave();
    ada.text.delete(0, 6);
    await join(relay, 'ada.editor', { doc: ada.doc });
    await relay.advance(50);
    expect((await join(relay, 'ben.viewer')).text.toJSON()).toBe('world');
  });
});
