import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../../shared/testing/seeded-random.ts';
import { SnapshotBuilder } from '../log/snapshot-builder.ts';
import { readSnapshotUpdate } from '../log/snapshot-format.ts';
import { deletionOf, nestedArrays, nestedLists } from '../testing/hostile/deep-structures.ts';
import { checkEdit, findFaultAlone } from './check-edit.ts';
import { inspectUpdate } from './inspect-update.ts';
import { KnownClocks } from './known-clocks.ts';
import { NestedTypes } from './nested-types.ts';

/** What a relay knows of one document and has stored of it. */
class StoredDocument {
  clocks = new KnownClocks();
  nesting = new NestedTypes(this.clocks);
  private snapshot: Uint8Array | undefined;
  private rows: Uint8Array[] = [];

  /** Gives why an edit is refused. */
  send(update: Uint8Array): string | undefined {
    const check = checkEdit(update, this.nesting, this.clocks);
    if (check.kind === 'refused') return check.reason;
    this.rows.push(check.payload);
    this.clocks.add(check.ranges);
    return undefined;
  }

  get stateVector(): Uint8Array {
    return this.clocks.encodeStateVector();
  }

  get updates(): readonly Uint8Array[] {
    return this.snapshot ? [this.snapshot, ...this.rows] : this.rows;
  }

  compact(): void {
    const builder = new SnapshotBuilder();
    builder.add(this.updates);
    this.snapshot = readSnapshotUpdate(builder.finish());
    this.rows = [];
  }

  /** Forgets all but what is stored. */
  async reload(): Promise<void> {
    this.clocks = new KnownClocks();
    this.nesting = new NestedTypes(this.clocks);
    if (this.snapshot) {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, this.snapshot);
      const ranges = [...Y.decodeStateVector(Y.encodeStateVector(doc))].map(([client, end]) => ({
        client,
        start: 0,
        end,
      }));
      await this.nesting.addSnapshot(this.snapshot, ranges);
      this.clocks.add(ranges);
    }
    for (const row of this.rows) {
      const inspection = inspectUpdate(row);
      this.nesting.add(row);
      if (inspection.kind === 'sound') this.clocks.add(inspection.ranges);
    }
  }
}

interface Client {
  readonly doc: Y.Doc;
  readonly undo: Y.UndoManager;
}

function createClient(clientID: number, gc: boolean): Client {
  const doc = Object.assign(new Y.Doc({ gc }), { clientID });
  const roots = [doc.getArray('array'), doc.getMap('map'), doc.getText('text'), doc.getXmlFragment('xml')];
  return { doc, undo: new Y.UndoManager(roots, { captureTimeout: 0 }) };
}

function editOnce(random: SeededRandom, { doc, undo }: Client): void {
  let place: unknown = random.pick([
    doc.getArray('array'),
    doc.getMap('map'),
    doc.getText('text'),
    doc.getXmlFragment('xml'),
  ]);
  for (;;) {
    const inner = valuesOf(place).filter((value) => value instanceof Y.AbstractType);
    if (inner.length === 0 || random.chance(0.2)) break;
    place = random.pick(inner);
  }
  const isDeletion = random.chance(0.3);
  if (random.chance(0.1)) undo.undo();
  else if (random.chance(0.05)) undo.redo();
  else if (place instanceof Y.Map) {
    const key = `k${random.below(3)}`;
    if (isDeletion) place.delete(key);
    else place.set(key, createValue(random));
  } else if (place instanceof Y.Text) {
    const at = random.below(place.length + 1);
    if (isDeletion) place.delete(0, random.below(place.length + 1));
    else if (random.chance(0.3)) place.insertEmbed(at, new Y.Map([['a', 'b']]));
    else place.insert(at, random.pick(['a', 'bc', '🙂']));
  } else if (place instanceof Y.Array || place instanceof Y.XmlFragment) {
    const at = random.below(place.length + 1);
    if (isDeletion) place.delete(0, random.below(place.length + 1));
    else if (place instanceof Y.Array) place.insert(at, [createValue(random)]);
    else place.insert(at, [random.chance(0.5) ? new Y.XmlElement('p') : new Y.XmlText('x')]);
  }
}

function valuesOf(place: unknown): readonly unknown[] {
  if (place instanceof Y.Array || place instanceof Y.XmlFragment) return place.toArray();
  return place instanceof Y.Map ? [...place.values()] : [];
}

function createValue(random: SeededRandom): unknown {
  return random.pick([
    () => new Y.Array(),
    () => new Y.Map([['inner', new Y.Array()]]),
    () => new Y.Text('text'),
    () => 'x',
    () => ({ value: 1 }),
  ])();
}

describe('an edit', () => {
  it('[UP2] of a client that keeps to Yjs is taken, whatever was deleted, compacted, read anew or sent again', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = createSeededRandom(seed);
      const stored = new StoredDocument();
      const clients = [1, 2, 3].map((clientID) => createClient(clientID, clientID > 1));
      for (let step = 0; step < 150; step++) {
        const { doc } = random.pick(clients);
        const kind = random.below(20);
        if (kind < 12) editOnce(random, random.pick(clients));
        else if (kind < 16) {
          // As on a new connection, with a state vector or without.
          const update = random.chance(0.8)
            ? Y.encodeStateAsUpdate(doc, stored.stateVector)
            : Y.encodeStateAsUpdate(doc);
          expect(stored.send(update)).toBeUndefined();
        } else if (kind < 18) for (const update of stored.updates) Y.applyUpdate(doc, update);
        else if (kind === 18) stored.compact();
        else await stored.reload();
      }
      for (const { doc } of clients) expect(stored.send(Y.encodeStateAsUpdate(doc))).toBeUndefined();
      for (const { doc, undo } of clients) {
        for (const update of stored.updates) Y.applyUpdate(doc, update);
        undo.destroy();
      }
      const [first, ...others] = clients.map(({ doc }) => doc.toJSON());
      for (const other of others) expect(other).toEqual(first);
    }
  });

  it('[UP2] is refused with a nesting that nobody could delete', () => {
    const stored = new StoredDocument();
    expect(stored.send(nestedArrays({ clientID: 7, depth: 100_000 }))).toBe('malformed');
    const doc = new Y.Doc();
    doc.getMap('map').set('key', nestedLists(300));
    expect(stored.send(Y.encodeStateAsUpdate(doc))).toBe('malformed');
  });

  it('[UP2] is sent again later when what it is in has not come', () => {
    const stored = new StoredDocument();
    const inner = nestedArrays({ clientID: 7, depth: 1, fromClock: 1 });
    expect(stored.send(inner)).toBe('rate-limited');
    expect(stored.send(nestedArrays({ clientID: 7, depth: 1 }))).toBeUndefined();
    expect(stored.send(inner)).toBeUndefined();
  });

  it('[UP2] does not bring back what was collected as garbage', async () => {
    const stored = new StoredDocument();
    const chain = nestedArrays({ clientID: 7, depth: 3 });
    for (const update of [chain, deletionOf(7)]) stored.send(update);
    stored.compact();
    await stored.reload();
    const doc = new Y.Doc({ gc: false });
    Y.applyUpdate(doc, chain);
    doc.getText('content').insert(0, 'hello');
    expect(stored.send(Y.encodeStateAsUpdate(doc))).toBeUndefined();
    const merged = new Y.Doc({ gc: false });
    Y.applyUpdate(merged, Y.mergeUpdates([...stored.updates]));
    expect([merged.getText('content').toString(), merged.getArray('deep').toJSON()]).toEqual(['hello', []]);
    expect(merged.store.clients.get(7)?.filter((struct) => struct instanceof Y.GC).length).toBeGreaterThan(0);
  });

  it('[UP2] that is a proposal is judged by itself', () => {
    expect(findFaultAlone(nestedArrays({ clientID: 7, depth: 257 }))).toContain('deeper than 256');
    expect(findFaultAlone(nestedArrays({ clientID: 7, depth: 255, fromClock: 9 }))).toBeUndefined();
    expect(findFaultAlone(Uint8Array.of(1, 2, 3))).toContain('no valid Yjs update');
  });
});
