import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderSnapshotStore } from './log/folder.ts';
import { LogFailure } from './log/log-failure.ts';
import type { SnapshotStore } from './log/snapshot-store.ts';
import { compact, FILE, openAs, OTHER, pathOf, setUpDocuments } from './testing/damaged-documents.ts';
import { temporaryFolder } from './testing/relay-under-test.ts';

describe('repairing a room', () => {
  it('checks all documents, has a line for each, and repairs those that are damaged when it is asked to', async () => {
    const { relay, storage, repairRoom, damageRow } = await setUpDocuments(['one ', 'two ', 'three']);
    await storage.log.settleEpoch({ ...FILE, document: 'never written' }, 'e');
    damageRow(2);
    const before = await storage.log.readDocument(FILE);
    const lines = [
      'The document file in room room is damaged: 3 updates; damaged: 1 update.\n',
      'The document never written in room room was never written to.\n',
      'The document other in room room is sound: 3 updates.\n',
    ];
    expect(await repairRoom(false)).toEqual({
      areUsable: false,
      lines: [
        ...lines,
        '3 documents in room room: 1 damaged, 2 sound. Nothing was changed. Run the command again with --apply to repair them.\n',
      ],
    });
    expect(await storage.log.readDocument(FILE)).toEqual(before);
    const repaired = await repairRoom(true);
    expect(repaired).toMatchObject({ areUsable: true });
    expect(repaired.lines[0]).toBe('The document file in room room is repaired: 3 updates; damaged: 1 update.\n');
    expect(repaired.lines.at(-1)).toMatch(/^3 documents in room room: 1 repaired, 2 sound\. Everybody who still has/);
    relay.restart();
    expect((await openAs(relay, 'bob')).text()).toBe('one ');
    expect((await repairRoom(false)).lines.at(-1)).toBe('3 documents in room room: 3 sound.\n');
  });

  it('makes all documents of a lost bucket usable, when it is told that they are lost', async () => {
    const world = await setUpDocuments(['one ', 'two ', 'three']);
    const { relay, storage, repairRoom } = world;
    for (const key of [FILE, OTHER]) rmSync(pathOf(relay, await compact(world, 2, key)));
    const before = await storage.log.readDocument(FILE);
    const refused = await repairRoom(true);
    expect(refused.areUsable).toBe(false);
    expect(refused.lines).toEqual([
      'The document file in room room has a snapshot by its database, and nothing of that is in the folder.\n',
      'The document other in room room has a snapshot by its database, and nothing of that is in the folder.\n',
      expect.stringMatching(/^2 documents .*: 2 with nothing in the store\. .* --s3 .* --give-up-missing-objects\.\n$/),
    ]);
    expect(await storage.log.readDocument(FILE)).toEqual(before);
    const repaired = await repairRoom(true, { givesUpMissingObjects: true });
    expect(repaired.areUsable).toBe(true);
    expect(repaired.lines[1]).toMatch(/other in room room is repaired: .*; damaged: its snapshot\.\n$/);
    relay.restart();
    for (const document of ['file', 'other'])
      expect((await openAs(relay, 'bob', document)).text()).toBe('one two three');
  });

  it('looks at every document of more than one page, and at none of another room', async () => {
    const { storage, repairRoom } = await setUpDocuments(['one']);
    for (let index = 0; index < 1_001; index++) await storage.log.settleEpoch({ ...FILE, document: `d${index}` }, 'e');
    await storage.log.settleEpoch({ ...FILE, room: 'elsewhere' }, 'e');
    const { lines } = await repairRoom(false);
    expect(new Set(lines).size).toBe(1_004);
    expect(lines.at(-1)).toBe('1003 documents in room room: 1003 sound.\n');
    expect(await repairRoom(false, {}, 'unknown')).toEqual({
      areUsable: false,
      lines: ['There is no document in room unknown. Check the names.\n'],
    });
  });

  it('takes nothing for lost that it cannot look at', async () => {
    const world = await setUpDocuments(['one ', 'two']);
    const { relay, storage, repairRoom } = world;
    await compact(world, 2);
    const before = await storage.log.readDocument(FILE);
    // A file where the folder should be.
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    const { areUsable, lines } = await repairRoom(true, {
      snapshots: new FolderSnapshotStore(path),
      givesUpMissingObjects: true,
    });
    expect(areUsable).toBe(false);
    expect(lines).toEqual([
      expect.stringContaining('The document file in room room cannot be checked: '),
      'The document other in room room is sound: 2 updates.\n',
      '2 documents in room room: 1 that cannot be checked, 1 sound.\n',
    ]);
    const reject = () => Promise.reject(new LogFailure('busy', 'the store is away'));
    const { snapshots } = relay;
    const away: SnapshotStore = { write: reject, read: reject, list: reject, remove: reject };
    // It would be the same with each of them.
    await expect(repairRoom(true, { snapshots: away })).rejects.toThrow('the store is away');
    expect(await storage.log.readDocument(FILE)).toEqual(before);
    expect(await snapshots.list(FILE)).toHaveLength(1);
  });
});
