import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { EMPTY_UPDATE, REPAIR_SUBJECT } from '../log/document-repairs.ts';
import { AuthorRuns } from './author-runs.ts';

const ANY_SIZE = 1_000;
const ANA = { subject: 'ana', sessionId: 'a' };
const BEN = { subject: 'ben', sessionId: 'b' };

/** A document of somebody's, and what each change of it brings. */
function writer(clientID: number) {
  const doc = new Y.Doc();
  doc.clientID = clientID;
  const text = doc.getText('content');
  return {
    edit(change: (text: Y.Text) => void): Uint8Array {
      const before = Y.snapshot(doc);
      const vector = Y.encodeStateVector(doc);
      doc.transact(() => change(text));
      expect(Y.equalSnapshots(before, Y.snapshot(doc))).toBe(false);
      return Y.encodeStateAsUpdate(doc, vector);
    },
  };
}

function collect(maxSize = ANY_SIZE) {
  const runs = new AuthorRuns(maxSize);
  let seq = 0;
  return {
    runs,
    add: (session: typeof ANA, timeMs: number, payload: Uint8Array, name = session.subject) =>
      runs.add({ seq: ++seq, session, clientSeq: seq, name, timeMs, payload }),
  };
}

it('joins what one session writes within a minute, whoever writes in between', () => {
  const { runs, add } = collect();
  const [ana, ben] = [writer(1), writer(2)];
  add(
    ANA,
    1_000,
    ana.edit((text) => text.insert(0, 'abc')),
  );
  add(
    BEN,
    2_000,
    ben.edit((text) => text.insert(0, 'x')),
  );
  add(
    ANA,
    61_000,
    ana.edit((text) => text.insert(3, 'de')),
    'Ana B.',
  );
  add(
    ANA,
    121_001,
    ana.edit((text) => text.insert(5, 'f')),
  );
  expect(runs.finish()).toEqual([
    { fromSeq: 1, toSeq: 3, subject: 'ana', name: 'Ana B.', fromMs: 1_000, toMs: 61_000, clients: [[1, 0, 5]] },
    { fromSeq: 2, toSeq: 2, subject: 'ben', name: 'ben', fromMs: 2_000, toMs: 2_000, clients: [[2, 0, 1]] },
    { fromSeq: 4, toSeq: 4, subject: 'ana', name: 'ana', fromMs: 121_001, toMs: 121_001, clients: [[1, 5, 6]] },
  ]);
  expect(runs.isFull).toBe(false);
});

it('keeps sessions of one person apart, and takes clocks that go back for what they are', () => {
  const { runs, add } = collect();
  const [phone, desk] = [writer(1), writer(2)];
  add(
    ANA,
    5_000,
    phone.edit((text) => text.insert(0, 'a')),
  );
  add(
    { ...ANA, sessionId: 'other' },
    4_000,
    desk.edit((text) => text.insert(0, 'b')),
  );
  add(
    ANA,
    3_000,
    phone.edit((text) => text.insert(0, 'c')),
  );
  expect(runs.finish()).toMatchObject([
    { fromSeq: 1, toSeq: 3, fromMs: 3_000, toMs: 5_000 },
    { fromSeq: 2, toSeq: 2, fromMs: 4_000 },
  ]);
});

it('notes who only deleted, and leaves out what a repair has written', () => {
  const { runs, add } = collect();
  const ana = writer(1);
  add(
    ANA,
    1,
    ana.edit((text) => text.insert(0, 'abc')),
  );
  add(
    BEN,
    2,
    ana.edit((text) => text.delete(0, 2)),
  );
  add({ subject: REPAIR_SUBJECT, sessionId: 'e' }, 3, EMPTY_UPDATE);
  expect(runs.finish().map(({ subject, clients }) => [subject, clients])).toEqual([
    ['ana', [[1, 0, 3]]],
    ['ben', []],
  ]);
});

it('says who wrote a row that is damaged', () => {
  const { runs, add } = collect();
  add(ANA, 1, new Uint8Array([1, 1, 1, 0, 255]));
  expect(runs.finish()).toMatchObject([{ subject: 'ana' }]);
});

it('names several clients of one update, and ends when there are too many', () => {
  const merged = Y.mergeUpdates([3, 5, 7].map((client) => writer(client).edit((text) => text.insert(0, 'ab'))));
  const whole = collect();
  whole.add(ANA, 1, merged);
  expect(whole.runs.finish()[0]?.clients.toSorted(([a], [b]) => a - b)).toEqual([
    [3, 0, 2],
    [5, 0, 2],
    [7, 0, 2],
  ]);
  const cut = collect(7);
  cut.add(ANA, 1, merged);
  expect(cut.runs.isFull).toBe(true);
  cut.add(BEN, 2, merged);
  expect(cut.runs.finish()).toMatchObject([{ subject: 'ana', clients: [{}, {}] }]);
});
