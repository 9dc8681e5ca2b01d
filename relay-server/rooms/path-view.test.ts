import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { DIGEST_FEATURE } from '../../shared/protocol/index.ts';
import { decodePresenceState, encodePresenceState, WorkspaceIndex } from '../../shared/workspace/index.ts';
import { LogFailure } from '../log/log-failure.ts';
import { deletionOf, nestedArrays } from '../testing/hostile/deep-structures.ts';
import type { RawClient } from '../testing/raw-client.ts';
import { createPlainDoorkeeper, RelayUnderTest } from '../testing/relay-under-test.ts';
import { YjsClient } from '../testing/yjs-client.ts';
import type { Admission, Doorkeeper } from '../access/room-grant.ts';
import { PATH_VIEW } from './subscription.ts';

const INDEX = { tenant: 'default', room: 'room', document: 'index' };

/** Admits like the plain one, and everybody whose name begins with `part` only to `src`. */
function createPartialDoorkeeper(plain: Doorkeeper): Doorkeeper {
  return {
    async admit(token, room): Promise<Admission> {
      const admission = await plain.admit(token, room);
      if (admission.kind === 'refused' || !token.startsWith('part')) return admission;
      return { ...admission, grant: { ...admission.grant, paths: ['src/**'] } };
    },
  };
}

async function start() {
  const relay: RelayUnderTest = new RelayUnderTest({
    doorkeeper: createPartialDoorkeeper({ admit: (token, room) => plain.admit(token, room) }),
  });
  const plain = createPlainDoorkeeper(relay.scheduler);
  const join = async (token: string, sessionId: string) => {
    const { client } = await relay.join(token, sessionId);
    const doc = new Y.Doc();
    let taken = 0;
    const list = () => {
      for (const message of client.received.slice(taken)) {
        if (
          (message.type === 'sync' || message.type === 'update') &&
          message.handle === 1 &&
          message.payload.byteLength > 0
        )
          Y.applyUpdate(doc, message.payload, 'relay');
      }
      taken = client.received.length;
      return new WorkspaceIndex(doc, { random: Math.random, nowMs: Date.now });
    };
    const paths = () => {
      const index = list();
      const found = index.files.map(({ path }) => path);
      index.dispose();
      return found;
    };
    client.open(1, 'index');
    await relay.advance(100);
    return { client, doc, paths };
  };
  const owner = await join('ana.owner', 'session-of-the-owner');
  let clientSeq = 0;
  const index = new WorkspaceIndex(owner.doc, { random: Math.random, nowMs: Date.now });
  const edit = async (change: (index: WorkspaceIndex) => void) => {
    const before = Y.encodeStateVector(owner.doc);
    change(index);
    const payload = Y.encodeStateAsUpdate(owner.doc, before);
    owner.client.send({ type: 'update', handle: 1, clientSeq: ++clientSeq, payload });
    await relay.advance(100);
    await relay.advance(100);
  };
  const ids = new Map<string, string>();
  await edit((files) => {
    const names = ['README.md', 'src/a.ts', 'src/b.ts', 'secret/plan.md'];
    const added = files.add(names.map((path) => ({ path, eol: 'LF', bom: false, kind: 'text' })));
    for (const [position, path] of names.entries()) ids.set(path, added[position] ?? '');
  });
  const idOf = (path: string) => ids.get(path) ?? '';
  return { relay, join, edit, idOf, owner, dispose: () => index.dispose() };
}

/** What `client` would show of somebody now: the file, nothing, or undefined when that one never came. */
function shownFile(client: RawClient, presenceId: number): string | undefined {
  const states = client
    .all('presence')
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.presenceId === presenceId && entry.state !== undefined);
  const state = states.at(-1)?.state;
  return state && (decodePresenceState(state)?.fileId ?? 'nothing');
}

function presenceIn(fileId: string): Uint8Array {
  return encodePresenceState({ fileId, selections: new Uint8Array([1, 2, 3]) });
}

describe('a person who may see only some paths', () => {
  it('[AC5] gets a list of those files alone, which follows the room', async () => {
    const { join, edit, idOf, dispose } = await start();
    const part = await join('part.editor', 'session-of-the-guest');
    expect(part.paths()).toEqual(['src/a.ts', 'src/b.ts']);
    expect(part.client.last('opened').access).toBe('read');
    await edit((files) => files.update(idOf('src/b.ts'), { path: 'secret/b.ts' }));
    expect(part.paths()).toEqual(['src/a.ts']);
    await edit((files) => files.update(idOf('README.md'), { path: 'src/README.md' }));
    expect(part.paths()).toEqual(['src/README.md', 'src/a.ts']);
    await edit((files) => files.remove([idOf('src/a.ts')]));
    expect(part.paths()).toEqual(['src/README.md']);
    // Nothing of the others was ever sent.
    const sent = JSON.stringify(
      part.client.received.map((message) =>
        'payload' in message ? Buffer.from(message.payload).toString('latin1') : '',
      ),
    );
    expect(sent).not.toContain('plan.md');
    dispose();
  });

  it('[AC5] [BL1] is told which content a file has that is no text, and of none once there is none', async () => {
    const { join, edit, owner, dispose } = await start();
    const blob = 'a'.repeat(64);
    let fileId = '';
    let hidden = '';
    await edit((files) => {
      const file = { eol: 'LF', bom: false, kind: 'binary', sizeBytes: 7, blob } as const;
      [fileId = '', hidden = ''] = files.add([
        { ...file, path: 'src/a.png' },
        { ...file, path: 'secret/b.png', blob: 'b'.repeat(64) },
      ]);
    });
    const part = await join('part.editor', 'session-of-the-guest');
    const shown = () => {
      expect(part.paths()).toContain('src/a.png');
      return part.doc.getMap<Y.Map<unknown>>('files').get(fileId)?.get('blob');
    };
    expect(shown()).toBe(blob);
    await edit((files) => files.update(fileId, { blob: 'c'.repeat(64) }));
    expect(shown()).toBe('c'.repeat(64));
    const entry = owner.doc.getMap<Y.Map<unknown>>('files').get(fileId);
    await edit(() => entry?.forEach((_value, field) => field.startsWith('content:') && entry.delete(field)));
    expect(shown()).toBeUndefined();
    expect(part.doc.getMap('files').has(hidden)).toBe(false);
    dispose();
  });

  it('[AC5] [FI2] is told which files are executable', async () => {
    const { join, edit, idOf, dispose } = await start();
    const part = await join('part.editor', 'session-of-the-guest');
    const shown = () => {
      expect(part.paths()).toContain('src/a.ts');
      return part.doc.getMap<Y.Map<unknown>>('files').get(idOf('src/a.ts'))?.get('executable');
    };
    expect(shown()).toBeUndefined();
    await edit((files) => files.update(idOf('src/a.ts'), { executable: true }));
    expect(shown()).toBe(true);
    await edit((files) => files.update(idOf('src/a.ts'), { executable: false }));
    expect(shown()).toBe(false);
    dispose();
  });

  it('[AC5] is let into those documents and the chat, and into no others, not even by renaming', async () => {
    const { relay, join, edit, idOf, dispose } = await start();
    const part = await join('part.editor', 'session-of-the-guest');
    const names = ['src/a.ts', 'secret/plan.md'].map(idOf);
    for (const [position, name] of [...names, 'comments', 'chat', 'unknown'].entries())
      part.client.open(10 + position, name);
    await relay.advance(100);
    const closed = () => part.client.all('document-closed').map(({ handle, reason }) => [handle, reason]);
    expect(closed()).toEqual([
      [11, 'forbidden'],
      [12, 'forbidden'],
      [14, 'forbidden'],
    ]);
    expect(part.client.all('opened').map(({ handle, access }) => [handle, access])).toEqual([
      [1, 'read'],
      [10, 'write'],
      [13, 'write'],
    ]);
    await edit((files) => files.update(idOf('src/a.ts'), { path: 'secret/a.ts' }));
    expect(closed().at(-1)).toEqual([10, 'forbidden']);
    part.client.open(20, idOf('src/a.ts'));
    await relay.advance(100);
    expect(closed().at(-1)).toEqual([20, 'forbidden']);
    dispose();
  });

  it('[AC5] cannot change the list, and nor can others change what stands for it', async () => {
    const { relay, join, owner, dispose } = await start();
    const part = await join('part.editor', 'session-of-the-guest');
    const doc = new Y.Doc();
    doc.getMap('files').set('x', new Y.Map([['path', 'src/x']]));
    part.client.send({ type: 'update', handle: 1, clientSeq: 1, payload: Y.encodeStateAsUpdate(doc) });
    owner.client.open(2, 'view-0123456789');
    await relay.advance(100);
    owner.client.send({ type: 'update', handle: 2, clientSeq: 99, payload: Y.encodeStateAsUpdate(doc) });
    await relay.advance(100);
    expect(part.client.last('refused').reason).toBe('read-only');
    expect(owner.client.last('refused').reason).toBe('read-only');
    expect(PATH_VIEW.test('view-0123456789')).toBe(true);
    dispose();
  });

  it('[AC5] finds the list as it is after a restart of the relay', async () => {
    const { relay, join, idOf, dispose } = await start();
    await join('part.editor', 'session-of-the-guest');
    relay.restart();
    const part = await join('part.editor', 'session-after-restart');
    expect(part.paths()).toEqual(['src/a.ts', 'src/b.ts']);
    part.client.open(2, idOf('src/a.ts'));
    await relay.advance(100);
    expect(part.client.all('opened')).toHaveLength(2);
    dispose();
  });

  it('[AC5] [DO5] is told when the list cannot be read, and served once it can', async () => {
    const { relay, join, idOf, dispose } = await start();
    relay.restart();
    const read = relay.log.readDocument.bind(relay.log);
    relay.log.readDocument = async (key) => {
      if (key.document === 'index') throw new LogFailure('corrupted', 'The document index is damaged.');
      return read(key);
    };
    const part = await join('part.editor', 'session-of-the-guest');
    part.client.open(2, idOf('src/a.ts'));
    part.client.open(3, 'chat');
    await relay.advance(100);
    const closed = part.client.all('document-closed');
    expect(closed).toMatchObject([
      { handle: 1, reason: 'unreadable' },
      { handle: 2, reason: 'unreadable' },
    ]);
    expect(closed[0]?.explanation).toContain('is damaged');
    expect(part.client.all('opened').map(({ handle }) => handle)).toEqual([3]);
    await relay.advance(1_000);
    await relay.advance(1_000);
    // However often it is tried.
    expect(relay.problems).toHaveLength(1);
    relay.log.readDocument = read;
    await relay.advance(1_000);
    part.client.open(4, 'index');
    part.client.open(5, idOf('src/a.ts'));
    part.client.open(6, idOf('secret/plan.md'));
    await relay.advance(100);
    await relay.advance(100);
    expect(part.client.all('opened').map(({ handle }) => handle)).toEqual([3, 4, 5]);
    expect(part.client.last('document-closed')).toMatchObject({ handle: 6, reason: 'forbidden' });
    dispose();
  });

  it('[AC5] [DO5] costs nobody else anything when the list cannot be applied, and is served once it can', async () => {
    const { relay, join, idOf, dispose } = await start();
    // Nobody may send it, and a relay of before has stored it.
    const deep = nestedArrays({ clientID: 7, depth: 30_000 });
    const session = { subject: 'eve', sessionId: 'session-of-eve-0123' };
    const update = { session, clientSeq: 1, name: 'Eve', timeMs: 1, payload: deep };
    await relay.log.append([{ key: INDEX, epochWhenNew: 'unused', updates: [update] }]);
    relay.restart();
    const part = await join('part.editor', 'session-of-the-guest');
    const eve = await join('eve.editor', 'session-of-eve-4567');
    const bob = await join('bob.editor', 'session-of-bob-0123');
    expect(part.paths()).toEqual(['src/a.ts', 'src/b.ts']);
    eve.client.update(1, 1, deletionOf(7));
    await relay.advance(100);
    expect(eve.client.last('ack')).toMatchObject({ handle: 1, clientSeq: 1 });
    expect(bob.client.all('update')).toHaveLength(1);
    for (let retry = 0; retry < 4; retry++) await relay.advance(4_000);
    part.client.open(2, idOf('src/a.ts'));
    await relay.advance(100);
    expect(part.client.last('document-closed')).toMatchObject({ handle: 2, reason: 'unreadable' });
    // However often it is tried.
    expect(relay.problems).toHaveLength(1);

    // As a repair leaves it.
    const read = relay.log.readUpdates.bind(relay.log);
    const nothing = new Uint8Array([0, 0]);
    relay.log.readUpdates = async (...range) =>
      (await read(...range)).map((row) =>
        row.clientSeq === 1 && row.name === 'Eve' ? { ...row, payload: nothing } : row,
      );
    await relay.advance(16_000);
    part.client.open(3, idOf('src/a.ts'));
    part.client.open(4, idOf('secret/plan.md'));
    await relay.advance(100);
    expect(part.client.last('opened')).toMatchObject({ handle: 3, access: 'write' });
    expect(part.client.last('document-closed')).toMatchObject({ handle: 4, reason: 'forbidden' });
    dispose();
  });

  it('[AC5] sees where others are in those files and the chat, and not elsewhere', async () => {
    const { relay, join, edit, idOf, owner, dispose } = await start();
    const part = await join('part.editor', 'session-of-the-guest');
    const whole = await join('bob.viewer', 'session-of-somebody-else');
    const ownerId = owner.client.last('welcome').presenceId;
    const seenBy = async (state: Uint8Array) => {
      owner.client.send({ type: 'presence', state });
      await relay.advance(100);
      return [shownFile(part.client, ownerId), shownFile(whole.client, ownerId)];
    };
    const [inside, outside] = [idOf('src/a.ts'), idOf('secret/plan.md')];
    expect(await seenBy(presenceIn(outside))).toEqual(['nothing', outside]);
    expect(await seenBy(presenceIn(inside))).toEqual([inside, inside]);
    expect(await seenBy(presenceIn('index'))).toEqual(['nothing', 'index']);
    expect(await seenBy(presenceIn('chat'))).toEqual(['chat', 'chat']);
    expect(await seenBy(new Uint8Array([77, 7]))).toEqual(['nothing', 'nothing']);
    await seenBy(presenceIn(outside));
    const late = await join('partner.viewer', 'session-of-a-late-one');
    expect(shownFile(late.client, ownerId)).toBe('nothing');
    const sent = [part, late].flatMap(({ client }) => client.all('presence').flatMap(({ entries }) => entries));
    expect(sent.some(({ state }) => state && Buffer.from(state).includes(outside))).toBe(false);
    await edit((files) => files.update(outside, { path: 'src/plan.md' }));
    expect([part, late].map(({ client }) => shownFile(client, ownerId))).toEqual([outside, outside]);
    await edit((files) => files.update(outside, { path: 'secret/plan.md' }));
    expect([part, late].map(({ client }) => shownFile(client, ownerId))).toEqual(['nothing', 'nothing']);
    dispose();
  });

  it('[AC5] is told again of those alone whom a change of the list hides or shows', async () => {
    const { relay, join, edit, idOf, owner, dispose } = await start();
    const others = [];
    for (const name of ['bob', 'carl', 'dan']) others.push(await join(`${name}.viewer`, `session-of-${name}-0123`));
    const part = await join('part.editor', 'session-of-the-guest');
    const files = ['src/a.ts', 'secret/plan.md', 'secret/plan.md', 'README.md'].map(idOf);
    for (const [index, { client }] of [owner, ...others].entries())
      client.send({ type: 'presence', state: presenceIn(files[index] ?? '') });
    await relay.advance(100);
    const newsOf = async (change: () => Promise<void>) => {
      const heard = part.client.received.length;
      await change();
      const news = part.client.received.slice(heard).flatMap((m) => (m.type === 'presence' ? m.entries : []));
      return news.map(({ presenceId }) => presenceId);
    };
    const idsOf = (...clients: { readonly client: RawClient }[]) =>
      clients.map(({ client }) => client.last('welcome').presenceId);
    const [bob, carl, dan] = others;
    if (!bob || !carl || !dan) throw new Error('somebody is missing');
    expect(await newsOf(() => edit((list) => list.update(idOf('src/b.ts'), { path: 'secret/b.ts' })))).toEqual([]);
    const moved = await newsOf(() => edit((list) => list.update(idOf('secret/plan.md'), { path: 'src/plan.md' })));
    expect(moved).toEqual(idsOf(bob, carl));
    const both = await newsOf(() =>
      edit((list) => {
        list.update(idOf('secret/plan.md'), { path: 'secret/plan.md' });
        list.update(idOf('README.md'), { path: 'src/README.md' });
        list.update(idOf('src/a.ts'), { path: 'secret/a.ts' });
      }),
    );
    expect(both).toEqual(idsOf(owner, bob, carl, dan));
    dispose();
  });

  it('[HD2] [DG3] learns of no other document by comparing, nor by what others say of their copies', async () => {
    const { relay, idOf, owner, dispose } = await start();
    const part = relay.connect();
    part.client.hello('part.viewer', 'session-of-the-guest', [DIGEST_FEATURE]);
    await relay.settle();
    const [inside, outside] = [idOf('src/a.ts'), idOf('secret/plan.md')];
    for (const [handle, name] of [inside, outside].entries()) {
      owner.client.open(handle + 2, name);
      part.client.open(handle + 2, name);
      await relay.advance(100);
      const hash = new Uint8Array(16).fill(handle);
      owner.client.send({ type: 'digest', handle: handle + 2, seq: 0, state: hash, text: hash });
      await relay.advance(100);
    }
    expect(part.client.all('digests').map(({ handle }) => handle)).toEqual([2]);
    const names = [inside, outside, 'index', 'comments', 'chat'];
    part.client.send({
      type: 'compare',
      requestId: 1,
      entries: names.map((document) => ({ document, epoch: '', seq: 9 })),
    });
    await relay.settle();
    const { entries } = part.client.last('compared');
    expect(entries.map(({ document }) => document)).toEqual([inside, 'index', 'chat']);
    // It is the list that they are served.
    const listed = await relay.log.readHeads([INDEX]);
    expect(entries[1]?.epoch).not.toBe(listed[0]?.epoch);
    dispose();
  });

  it('[AC5] [YW2] is told by no query who is in a document that is none of theirs', async () => {
    const { relay, idOf, dispose } = await start();
    const document = idOf('secret/plan.md');
    const ada = new YjsClient(relay, { token: 'ada.editor', document });
    await relay.advance(50);
    ada.show(7, 1, { user: {}, mood: 'secret' });
    await relay.advance(50);
    const part = new YjsClient(relay, { token: 'part.editor', document });
    part.queryAwareness();
    await relay.advance(100);
    expect([part.awareness, part.closes.map(({ code }) => code)]).toEqual([[], [4403]]);
    dispose();
  });
});
