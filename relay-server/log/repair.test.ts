import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as Y from 'yjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  bringBack,
  compact,
  FILE,
  openAs,
  openDocument,
  OTHER,
  pathOf,
  setUpDocuments,
} from '../testing/damaged-documents.ts';
import { createTypist } from '../testing/raw-client.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { describeDocumentRepairs } from './document-repairs.contract.ts';
import { FolderSegmentStore, FolderSnapshotStore } from './folder.ts';
import { repairDocument } from './repair.ts';
import { SegmentReader } from './segment-reader.ts';
import { openSqliteStorage } from './sqlite.ts';

describeDocumentRepairs('SQLite', () => {
  const path = join(temporaryFolder(), 'relay.db');
  const storage = openSqliteStorage(path);
  const database = new Database(path);
  onTestFinished(() => {
    database.close();
    storage.dispose();
  });
  const { log, repairs } = storage;
  const remove = database.prepare<[number, string]>(
    'DELETE FROM updates WHERE seq = ? AND document_id = (SELECT document_id FROM documents WHERE document = ?)',
  );
  return {
    log,
    repairs,
    deleteUpdate: ({ document }, seq) => void remove.run(seq, document),
    listDamaged: () => database.prepare('SELECT * FROM damaged_updates').all(),
  };
});

describe('repairing a document', () => {
  it('says that a document is sound, and changes nothing', async () => {
    const world = await setUpDocuments(['one ', 'two']);
    await compact(world, 2);
    const before = await world.storage.log.readDocument(FILE);
    expect(await world.repair(true)).toEqual({
      text: 'The document file in room room is sound: 2 updates, a snapshot at 2.\n',
      isUsable: true,
    });
    expect(await world.storage.log.readDocument(FILE)).toEqual(before);
  });

  it('says that nothing was ever written to a document', async () => {
    const { repair } = await setUpDocuments([]);
    const result = await repair(true, {}, { ...FILE, document: 'unknown' });
    expect(result).toMatchObject({ isUsable: false, text: expect.stringContaining('never written to') as unknown });
  });

  it('puts a bad row aside; others are not touched, and who has the content brings it back', async () => {
    const { relay, storage, database, typist, repair, damageRow } = await setUpDocuments(['one ', 'two ', 'three']);
    damageRow(2);
    relay.restart();
    const bob = await openAs(relay, 'bob');
    expect(bob.client.last('document-closed')).toMatchObject({ handle: 1, reason: 'unreadable' });
    expect((await openAs(relay, 'eve', 'other')).text()).toBe('one two three');

    const checked = await repair(false);
    expect(checked.isUsable).toBe(false);
    expect(checked.text).toMatch(/is damaged: 3 updates\.\n- update 2: .*\nNothing was changed.*--apply/);
    const before = await storage.log.readDocument(FILE);
    const otherBefore = await storage.log.readDocument(OTHER);
    expect(await repair(true)).toMatchObject({ isUsable: true });
    const after = await storage.log.readDocument(FILE);
    expect(after?.headSeq).toBe(3);
    expect(after?.epoch).not.toBe(before?.epoch);
    expect(await storage.log.readDocument(OTHER)).toEqual(otherBefore);
    const aside = database.prepare('SELECT seq, subject, payload, reason FROM damaged_updates').all();
    expect(aside).toMatchObject([{ seq: 2, subject: 'ada', payload: Buffer.from([7, 7, 7]) }]);

    const again = await openDocument(relay, bob, { handle: 2 });
    expect(again.text()).toBe('one ');
    await bringBack(relay, typist.doc);
    await relay.advance(5);
    expect(again.text()).toBe('one two three');
    expect((await openAs(relay, 'eve')).text()).toBe('one two three');
    expect((await repair(false)).text).toContain('is sound');
  });

  it('lets those who have the document open compare it again', async () => {
    const { relay, typist, repair, damageRow } = await setUpDocuments(['one ', 'two']);
    const bob = await openAs(relay, 'bob');
    damageRow(2);
    await repair(true);
    bob.client.update(1, 1, createTypist(2).type('!'));
    await relay.advance(5);
    expect(bob.client.last('document-closed')).toMatchObject({ handle: 1, reason: 'reopen' });
    await bringBack(relay, typist.doc);
    expect((await openAs(relay, 'eve')).text()).toMatch(/one two/);
  });

  it('does not lose a deletion for those who still know of it', async () => {
    const { relay, typist, repair, damageRow } = await setUpDocuments(['one ', 'two']);
    const before = Y.encodeStateVector(typist.doc);
    typist.doc.getText('content').delete(0, 4);
    const { client } = await openAs(relay, 'ada');
    client.update(1, 1, Y.encodeStateAsUpdate(typist.doc, before));
    await relay.advance(5);
    damageRow(3);
    relay.restart();
    await repair(true);
    expect((await openAs(relay, 'bob')).text()).toBe('one two');
    await bringBack(relay, typist.doc);
    expect((await openAs(relay, 'eve')).text()).toBe('two');
  });

  it.each([
    ['damaged', (path: string) => writeFileSync(path, new Uint8Array([1, 2, 3]))],
    ['missing', (path: string) => rmSync(path)],
  ])('reads the log in place of a %s snapshot', async (_kind, damage) => {
    const world = await setUpDocuments(['one ', 'two ', 'three']);
    const { relay, repair, storage } = world;
    damage(pathOf(relay, await compact(world, 2)));
    relay.restart();
    const bob = await openAs(relay, 'bob');
    expect(bob.client.last('document-closed')).toMatchObject({ handle: 1, reason: 'unreadable' });
    const givenUp = { givesUpMissingObjects: true };
    expect((await repair(false, givenUp)).text).toMatch(/\n- its snapshot: .*(damaged|missing)\.\nNothing was changed/);
    expect((await repair(true, givenUp)).text).toMatch(/snapshot is no longer used.*can be used again/s);
    expect(await storage.log.readDocument(FILE)).toMatchObject({ headSeq: 3, snapshot: undefined });
    const again = await openDocument(relay, bob, { handle: 2 });
    expect(again.text()).toBe('one two three');
  });

  it('takes nothing for lost when the store has nothing of it, until it is told to', async () => {
    const world = await setUpDocuments(['one ', 'two ', 'three']);
    const { relay, repair, storage } = world;
    await compact(world, 2);
    const before = await storage.log.readDocument(FILE);
    const empty = join(temporaryFolder(), 'nothing');
    const wrong = {
      snapshots: new FolderSnapshotStore(empty),
      segmentStore: new FolderSegmentStore(empty),
      place: 'the bucket of others',
    };
    for (const isApplied of [false, true])
      await expect(repair(isApplied, wrong)).rejects.toMatchObject({
        name: 'OperatorError',
        message: expect.stringMatching(
          /file in room room has a snapshot .* in the bucket of others\. Nothing was changed.* --s3 .*--give-up-missing-objects/,
        ) as unknown,
      });
    expect(await storage.log.readDocument(FILE)).toEqual(before);
    expect((await repair(true)).text).toContain('is sound');
    const damaged = pathOf(relay, before?.snapshot?.snapshotId ?? '');
    writeFileSync(damaged, 'nonsense');
    // What is there, in whatever state, is of this database.
    expect((await repair(true)).text).toMatch(/snapshot is no longer used/);
  });

  it('takes nothing for lost when the store cannot be reached', async () => {
    const world = await setUpDocuments(['one ', 'two ', 'three']);
    const { repair, storage } = world;
    await compact(world, 2);
    const before = await storage.log.readDocument(FILE);
    // A file where the folder should be.
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    const snapshots = new FolderSnapshotStore(path);
    for (const givesUpMissingObjects of [false, true])
      await expect(repair(true, { snapshots, givesUpMissingObjects })).rejects.toMatchObject({ name: 'LogFailure' });
    expect(await storage.log.readDocument(FILE)).toEqual(before);
  });

  it('keeps a sound snapshot that has the effect of a bad row', async () => {
    const world = await setUpDocuments(['one ', 'two ', 'three']);
    const { relay, repair, damageRow } = world;
    await compact(world, 3);
    damageRow(2);
    expect((await repair(true)).isUsable).toBe(true);
    relay.restart();
    expect((await openAs(relay, 'bob')).text()).toBe('one two three');
  });

  it('fills gaps', async () => {
    const { relay, typist, repair, database } = await setUpDocuments(['one ', 'two ', 'three ', 'four']);
    const remove =
      'DELETE FROM updates WHERE seq IN (2, 4) AND document_id = (SELECT document_id FROM documents WHERE document = ?)';
    database.prepare(remove).run('file');
    relay.restart();
    expect((await openAs(relay, 'bob')).client.last('document-closed').reason).toBe('unreadable');
    expect((await repair(true)).text).toMatch(/- update 2: it is missing\n- update 4: it is missing\n/);
    await bringBack(relay, typist.doc);
    expect((await openAs(relay, 'eve')).text()).toBe('one two three four');
    expect((await repair(false)).text).toContain('is sound: 5 updates');
  });

  it('finds an update that looks sound and cannot be applied', async () => {
    const { storage, relay, damageRow } = await setUpDocuments(['one ', 'two']);
    damageRow(2);
    const { log, repairs, segments: index } = storage;
    const segments = new SegmentReader(relay.segmentStore, relay.scheduler);
    onTestFinished(() => segments.dispose());
    const services = {
      log,
      index,
      segments,
      segmentStore: relay.segmentStore,
      repairs,
      snapshots: relay.snapshots,
      createEpoch: () => 'repaired',
      now: () => 1,
    };
    const inspect = () => undefined;
    const repair = () =>
      repairDocument({ ...services, inspect }, FILE, { isApplied: true, givesUpMissingObjects: false });
    expect(await repair()).toMatchObject({
      outcome: 'repaired',
      damaged: [{ seq: 2, reason: expect.stringMatching(/^it cannot be applied \(.+\)$/) as unknown }],
    });
    expect(await repair()).toMatchObject({ outcome: 'sound' });
  });
});
