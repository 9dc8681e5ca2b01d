import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  bringBack,
  compact,
  FILE,
  openAs,
  openDocument,
  pathOf,
  setUpDocuments,
} from '../testing/damaged-documents.ts';
import { createTypist } from '../testing/raw-client.ts';
import { archiveSegment } from './archive-segment.ts';

const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

describe('repairing a document of which a part is archived', () => {
  /** Twelve words, of which the first eight are in two segments and a snapshot. */
  async function setUpArchived() {
    const words = Array.from({ length: 12 }, (_, index) => `${index + 1} `);
    const world = await setUpDocuments(words);
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
      const path = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith(segmentId));
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
    expect((await openDocument(relay, bob, { handle: 2 })).text()).toBe(text);
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
    const again = await openDocument(relay, bob, { handle: 2 });
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
