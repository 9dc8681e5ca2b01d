import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { WorkspaceIndex } from '../../shared/workspace/index.ts';
import { createPlainDoorkeeper, RelayUnderTest } from '../testing/relay-under-test.ts';
import type { Admission, Doorkeeper } from '../access/room-grant.ts';
import { PATH_VIEW } from './subscription.ts';

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
});
