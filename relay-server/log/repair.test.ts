import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as Y from 'yjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RepairCommandOptions, runRepair } from '../repair-command.ts';
import { createTypist } from '../testing/raw-client.ts';
import { type ConnectedClient, RelayUnderTest, temporaryFolder } from '../testing/relay-under-test.ts';
import { archiveSegment } from './archive-segment.ts';
import { describeDocumentRepairs } from './document-repairs.contract.ts';
import { FolderSegmentStore, FolderSnapshotStore } from './folder.ts';
import { repairDocument } from './repair.ts';
import { SegmentReader } from './segment-reader.ts';
import { openSqliteStorage } from './sqlite.ts';

const FILE = { tenant: 'default', room: 'room', document: 'file' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
let sessions = 0;
const OTHER = { ...FILE, document: 'other' };
const REPAIR = { key: FILE, place: 'the folder', givesUpMissingObjects: false };

/** A relay on whose documents `file` and `other` ada has typed, each word an update. */
async function setUp(words: readonly string[]) {
  const relay = new RelayUnderTest();
  const path = join(relay.folder, 'relay.db');
  const storage = openSqliteStorage(path);
  const database = new Database(path);
  onTestFinished(() => {
    database.close();
    storage.dispose();
  });
  const ada = await relay.join('ada.editor');
  const typist = createTypist(1);
  ada.client.open(1, 'file');
  ada.client.open(2, 'other');
  await relay.settle();
  for (const [index, word] of words.entries()) {
    const payload = typist.type(word);
    ada.client.update(1, 2 * index + 1, payload);
    ada.client.update(2, 2 * index + 2, payload);
    await relay.settle();
  }
  await relay.advance(5);
  const { snapshots, segmentStore } = relay;
  const repair = (isApplied: boolean, options: Partial<RepairCommandOptions> = {}) =>
    runRepair({ ...REPAIR, storage, snapshots, segmentStore, isApplied, ...options });
  const rows = database.prepare<[Uint8Array, number, string]>(
    'UPDATE updates SET payload = ? WHERE seq = ? AND document_id = (SELECT document_id FROM documents WHERE document = ?)',
  );
  const damageRow = (seq: number, payload: Uint8Array = new Uint8Array([7, 7, 7])) => rows.run(payload, seq, 'file');
  return { relay, storage, database, typist, repair, damageRow };
}

/** Somebody who has a document open, or was told why not. */
interface Reader extends ConnectedClient {
  readonly handle: number;
  readonly text: () => string;
}

/** Opens a document and waits for the answer, for which files may have to be read. */
async function open(
  relay: RelayUnderTest,
  connected: ConnectedClient,
  { document = 'file', epoch = '', handle = 1 } = {},
): Promise<Reader> {
  const { client } = connected;
  const isAnswered = () => [...client.all('opened'), ...client.all('document-closed')].some((m) => m.handle === handle);
  client.open(handle, document, { epoch });
  while (!isAnswered()) await relay.settle();
  await relay.settle();
  return { ...connected, handle, text: () => client.textOf(handle) };
}

async function openAs(relay: RelayUnderTest, who: string, document = 'file'): Promise<Reader> {
  return open(relay, await relay.join(`${who}.editor`, `session-of-${who}-${++sessions}`), { document });
}

/** Somebody who still has the content opens the document and sends what the relay lacks. */
async function bringBack(relay: RelayUnderTest, doc: Y.Doc): Promise<void> {
  const ada = await relay.join('ada.editor', `session-of-ada-${++sessions}`);
  await open(relay, ada, { epoch: 'an-old-one' });
  ada.client.update(1, 1, Y.encodeStateAsUpdate(doc, ada.client.last('opened').stateVector));
  await relay.advance(5);
}

/** Makes a snapshot of `file` as a compaction does. */
async function compact({ relay, typist }: Awaited<ReturnType<typeof setUp>>, seq: number): Promise<string> {
  const bytes = Y.encodeStateAsUpdate(typist.doc);
  const snapshotId = await relay.snapshots.write(FILE, seq, bytes);
  await relay.log.setSnapshot(FILE, { seq, snapshotId, byteLength: bytes.byteLength }, undefined);
  return snapshotId;
}

function pathOf(relay: RelayUnderTest, snapshotId: string): string {
  const folder = join(relay.folder, 'snapshots');
  const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) => path.endsWith(snapshotId));
  return join(folder, name ?? 'missing');
}

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
    const world = await setUp(['one ', 'two']);
    await compact(world, 2);
    const before = await world.storage.log.readDocument(FILE);
    expect(await world.repair(true)).toEqual({
      text: 'The document file in room room is sound: 2 updates, a snapshot at 2.\n',
      isUsable: true,
    });
    expect(await world.storage.log.readDocument(FILE)).toEqual(before);
  });

  it('says that nothing was ever written to a document', async () => {
    const { storage, relay } = await setUp([]);
    const key = { ...FILE, document: 'unknown' };
    const { snapshots, segmentStore } = relay;
    const result = await runRepair({ ...REPAIR, storage, snapshots, segmentStore, key, isApplied: true });
    expect(result).toMatchObject({ isUsable: false, text: expect.stringContaining('never written to') as unknown });
  });

  it('puts a bad row aside; others are not touched, and who has the content brings it back', async () => {
    const { relay, storage, database, typist, repair, damageRow } = await setUp(['one ', 'two ', 'three']);
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

    const again = await open(relay, bob, { handle: 2 });
    expect(again.text()).toBe('one ');
    await bringBack(relay, typist.doc);
    await relay.advance(5);
    expect(again.text()).toBe('one two three');
    expect((await openAs(relay, 'eve')).text()).toBe('one two three');
    expect((await repair(false)).text).toContain('is sound');
  });

  it('lets those who have the document open compare it again', async () => {
    const { relay, typist, repair, damageRow } = await setUp(['one ', 'two']);
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
    const { relay, typist, repair, damageRow } = await setUp(['one ', 'two']);
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
    const world = await setUp(['one ', 'two ', 'three']);
    const { relay, repair, storage } = world;
    damage(pathOf(relay, await compact(world, 2)));
    relay.restart();
    const bob = await openAs(relay, 'bob');
    expect(bob.client.last('document-closed')).toMatchObject({ handle: 1, reason: 'unreadable' });
    const givenUp = { givesUpMissingObjects: true };
    expect((await repair(false, givenUp)).text).toMatch(/\n- its snapshot: .*(damaged|missing)\.\nNothing was changed/);
    expect((await repair(true, givenUp)).text).toMatch(/snapshot is no longer used.*can be used again/s);
    expect(await storage.log.readDocument(FILE)).toMatchObject({ headSeq: 3, snapshot: undefined });
    const again = await open(relay, bob, { handle: 2 });
    expect(again.text()).toBe('one two three');
  });

  it('takes nothing for lost when the store has nothing of it, until it is told to', async () => {
    const world = await setUp(['one ', 'two ', 'three']);
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
    const world = await setUp(['one ', 'two ', 'three']);
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
    const world = await setUp(['one ', 'two ', 'three']);
    const { relay, repair, damageRow } = world;
    await compact(world, 3);
    damageRow(2);
    expect((await repair(true)).isUsable).toBe(true);
    relay.restart();
    expect((await openAs(relay, 'bob')).text()).toBe('one two three');
  });

  it('fills gaps', async () => {
    const { relay, typist, repair, database } = await setUp(['one ', 'two ', 'three ', 'four']);
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
    const { storage, relay, damageRow } = await setUp(['one ', 'two']);
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

  describe('of which a part is archived', () => {
    /** Twelve words, of which the first eight are in two segments and a snapshot. */
    async function setUpArchived() {
      const words = Array.from({ length: 12 }, (_, index) => `${index + 1} `);
      const world = await setUp(words);
      const snapshotId = await compact(world, 12);
      const { relay, storage } = world;
      const services = {
        log: storage.log,
        index: storage.segments,
        store: relay.segmentStore,
        scheduler: relay.scheduler,
      };
      const epoch = (await storage.log.readDocument(FILE))?.epoch ?? '';
      const archive = (fromSeq: number) => {
        const candidate = { key: FILE, epoch, fromSeq, throughSeq: 8 };
        return archiveSegment(services, candidate, { maxUpdates: 4, maxBytes: 1e6 }, new AbortController().signal);
      };
      expect([await archive(1), await archive(5)]).toEqual(['archived', 'archived']);
      const segmentIds = [0, 4].map(
        async (afterSeq) => (await storage.segments.findAfter(FILE, afterSeq))?.segmentId ?? '',
      );
      const [first = '', second = ''] = await Promise.all(segmentIds);
      const pathOfSegment = (segmentId: string) => {
        const folder = join(relay.folder, 'segments');
        const path = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) =>
          name.endsWith(segmentId),
        );
        return join(folder, path ?? 'missing');
      };
      return { ...world, text: words.join(''), snapshotId, first, second, pathOfSegment };
    }

    it('says that it is sound', async () => {
      const { repair } = await setUpArchived();
      expect(await repair(true)).toMatchObject({
        isUsable: true,
        text: expect.stringContaining('is sound') as unknown,
      });
    });

    it.each([
      ['damaged', (path: string) => writeFileSync(path, 'nonsense')],
      ['missing', (path: string) => rmSync(path)],
    ])('names a %s segment, keeps the text and the rows, and is usable again', async (_kind, damage) => {
      const { relay, storage, repair, text, first, pathOfSegment } = await setUpArchived();
      damage(pathOfSegment(first));
      const checked = await repair(false);
      expect(checked.isUsable).toBe(false);
      expect(checked.text).toContain(`- the segment ${first} with the updates 1 to 4: `);
      expect(checked.text).not.toContain('- update');
      const rowsBefore = await storage.log.readUpdates(FILE, ALL);
      expect((await repair(true)).text).toMatch(/damaged segments are no longer read.*can be used again/s);
      expect(await storage.log.readUpdates(FILE, ALL)).toEqual(rowsBefore);
      expect((await repair(false)).text).toContain('is sound: 12 updates');
      relay.restart();
      const bob = await openAs(relay, 'bob');
      expect(bob.text()).toBe(text);
      bob.client.update(1, 1, createTypist(2).type('!'));
      await relay.advance(5);
      expect(bob.client.last('ack')).toMatchObject({ seq: 13 });
      expect(relay.problems).toEqual([]);
    });

    it('takes no segment for lost when the store has none, until it is told to', async () => {
      const { relay, repair, text, storage, first, second, snapshotId, pathOfSegment, typist } = await setUpArchived();
      const before = await storage.log.readDocument(FILE);
      const paths = [pathOf(relay, snapshotId), pathOfSegment(first), pathOfSegment(second)];
      for (const path of paths) renameSync(path, `${path}.away`);
      await expect(repair(true)).rejects.toMatchObject({
        name: 'OperatorError',
        message: expect.stringContaining('has a snapshot and 2 segments by its database') as unknown,
      });
      expect(await storage.log.readDocument(FILE)).toEqual(before);
      for (const afterSeq of [0, 4])
        expect(await storage.segments.findAfter(FILE, afterSeq)).toMatchObject({ damage: undefined });
      for (const path of paths) renameSync(`${path}.away`, path);
      expect((await repair(true)).text).toContain('is sound');
      for (const path of paths) rmSync(path);
      expect(await repair(true, { givesUpMissingObjects: true })).toMatchObject({ isUsable: true });
      // What was given up is not asked for again.
      expect((await repair(true)).text).toContain('is sound');
      relay.restart();
      await bringBack(relay, typist.doc);
      expect((await openAs(relay, 'eve')).text()).toBe(text);
    });

    it('reads the segments in place of a bad snapshot', async () => {
      const { relay, repair, text, snapshotId } = await setUpArchived();
      rmSync(pathOf(relay, snapshotId));
      relay.restart();
      const bob = await openAs(relay, 'bob');
      expect(bob.client.last('document-closed')).toMatchObject({ reason: 'unreadable' });
      expect((await repair(true)).text).toMatch(/no longer used; the log has everything/);
      expect((await open(relay, bob, { handle: 2 })).text()).toBe(text);
    });

    it('is usable, and brought back, when a segment and the snapshot are lost', async () => {
      const { relay, repair, text, snapshotId, second, pathOfSegment, typist } = await setUpArchived();
      rmSync(pathOf(relay, snapshotId));
      rmSync(pathOfSegment(second));
      relay.restart();
      const bob = await openAs(relay, 'bob');
      expect(bob.client.last('document-closed')).toMatchObject({ reason: 'unreadable' });
      const repaired = await repair(true);
      expect(repaired).toMatchObject({ isUsable: true });
      expect(repaired.text).toMatch(/no longer used; the document is what is left of the log/);
      const again = await open(relay, bob, { handle: 2 });
      await bringBack(relay, typist.doc);
      await relay.advance(5);
      expect(again.text()).toBe(text);
      relay.restart();
      expect((await openAs(relay, 'eve')).text()).toBe(text);
    });

    it('refuses the object of another document, and leaves it where it is', async () => {
      const { repair, first, second, pathOfSegment, database } = await setUpArchived();
      // As a database whose rows were mixed up would name it.
      const rename = database.prepare('UPDATE segments SET segment_id = ? WHERE segment_id = ?');
      rename.run(second, first);
      expect((await repair(false)).text).toMatch(
        /with the updates 1 to 4: The segment is damaged: it has the updates 5 to 8/,
      );
      expect((await repair(true)).isUsable).toBe(true);
      expect(existsSync(pathOfSegment(second))).toBe(true);
    });
  });
});
