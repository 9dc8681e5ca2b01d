import { join } from 'node:path';
import * as Y from 'yjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteStorage } from './log/sqlite.ts';
import { runRepair } from './repair-command.ts';
import { deletionOf, nestedArrays, nestedLists } from './testing/hostile/deep-structures.ts';
import { RelayUnderTest } from './testing/relay-under-test.ts';

const KEY = { tenant: 'default', room: 'room', document: 'file' };

function encodeWith(edit: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  edit(doc);
  return Y.encodeStateAsUpdate(doc);
}

/** A value that can be read, and is nested too deep to be written. */
function unwritableEmbed(): Uint8Array {
  // Yjs does not write it.
  const depth = 200_000;
  const marker = 'a'.repeat(2 * depth - 4);
  const update = encodeWith((doc) => doc.getText('content').insertEmbed(0, [marker]));
  update.set(Buffer.from('['.repeat(depth) + ']'.repeat(depth)), Buffer.from(update).indexOf(`["${marker}"]`));
  return update;
}

async function repairOf(...payloads: readonly Uint8Array[]) {
  const relay = new RelayUnderTest();
  const session = { subject: 'ada', sessionId: 'session-of-ada-01' };
  const updates = payloads.map((payload, index) => ({
    session,
    clientSeq: index + 1,
    name: 'Ada',
    timeMs: 1,
    payload,
  }));
  await relay.log.append([{ key: KEY, epochWhenNew: 'first', updates }]);
  const storage = openSqliteStorage(join(relay.folder, 'relay.db'));
  onTestFinished(() => storage.dispose());
  const { snapshots, segmentStore } = relay;
  const options = { storage, snapshots, segmentStore, place: 'the folder', givesUpMissingObjects: false };
  return { relay, repair: (isApplied: boolean) => runRepair({ ...options, isApplied }, KEY) };
}

describe('repairing a document with something that is nested', () => {
  it('moves nothing aside that can be read, however deep it is', async () => {
    const value = encodeWith((doc) => doc.getMap('map').set('key', nestedLists(1_000)));
    const { repair } = await repairOf(value, nestedArrays({ clientID: 7, depth: 1_000 }), deletionOf(7));
    expect(await repair(true)).toEqual({
      text: 'The document file in room room is sound: 3 updates.\n',
      isUsable: true,
    });
  });

  it('moves aside what cannot be merged or deleted, after which the document can be used', async () => {
    const text = encodeWith((doc) => doc.getText('content').insert(0, 'hello'));
    const chain = nestedArrays({ clientID: 7, depth: 30_000 });
    const { relay, repair } = await repairOf(text, unwritableEmbed(), chain, deletionOf(7));
    const checked = await repair(false);
    expect(checked.isUsable).toBe(false);
    expect(checked.text).toMatch(/is damaged: 4 updates\.\n- update 2: it cannot be merged.*\n- update 4: .*\nNothing/);
    expect(await repair(true)).toMatchObject({ isUsable: true });
    expect((await repair(false)).text).toContain('is sound');
    const { client } = await relay.join('ada.editor');
    client.open(1, 'file');
    await relay.settle();
    expect(client.textOf(1)).toBe('hello');
  });
});
