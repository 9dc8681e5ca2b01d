import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom } from '../testing/seeded-random.ts';
import { WorkspaceIndex } from './workspace-index.ts';

const random = createSeededRandom(11);
const [OLD, ANAS, BENS] = ['00'.repeat(32), 'aa'.repeat(32), 'bb'.repeat(32)] as const;
const FILE = { fileId: 'id1', path: 'a.png', eol: 'LF', bom: false, kind: 'binary' } as const;

function openIndex(clientID: number) {
  const doc = new Y.Doc();
  doc.clientID = clientID;
  const index = new WorkspaceIndex(doc, { random: random.next, nowMs: () => 1_000 });
  onTestFinished(() => index.dispose());
  return { doc, index };
}

/** Two who have a picture, and whose ids are such that the one or the other would win by them. */
function openTwo(order: readonly [number, number]) {
  const [ana, ben] = [openIndex(order[0]), openIndex(order[1])];
  ana.index.add([{ ...FILE, blob: OLD, sizeBytes: 1, writtenMs: 100 }]);
  const meet = () => {
    for (const from of [ana, ben]) for (const to of [ana, ben]) Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc));
    expect(ana.index.get('id1')).toEqual(ben.index.get('id1'));
    return ana.index.get('id1');
  };
  meet();
  return { ana: ana.index, ben: ben.index, bensDoc: ben.doc, meet };
}

describe.each([
  [1, 2],
  [2, 1],
] as const)('[BL1] of contents that two gave a file at once, by clients %i and %i', (...order) => {
  it('the one written last counts, with its size', () => {
    const { ana, ben, meet } = openTwo(order);
    ana.update('id1', { blob: ANAS, sizeBytes: 2, writtenMs: 201 });
    ben.update('id1', { blob: BENS, sizeBytes: 3, writtenMs: 200 });
    expect(meet()).toMatchObject({ blob: ANAS, sizeBytes: 2, writtenMs: 201 });
  });

  it('the one with the largest hash counts when they were written at the same moment', () => {
    const { ana, ben, meet } = openTwo(order);
    ana.update('id1', { blob: ANAS, sizeBytes: 2, writtenMs: 200 });
    ben.update('id1', { blob: BENS, sizeBytes: 3, writtenMs: 200 });
    expect(meet()).toMatchObject({ blob: BENS, sizeBytes: 3 });
  });

  it('neither counts any more once somebody who knows both has replaced them, whatever their clock says', () => {
    const { ana, ben, meet } = openTwo(order);
    ana.update('id1', { blob: ANAS, sizeBytes: 2, writtenMs: 9_000 });
    ben.update('id1', { blob: BENS, sizeBytes: 3, writtenMs: 200 });
    meet();
    ben.update('id1', { blob: BENS, sizeBytes: 3, writtenMs: 300 });
    expect(meet()).toMatchObject({ blob: BENS, writtenMs: 9_001 });
  });

  it('one that was written before, without knowing of the other, changes nothing when it is noted later', () => {
    const { ana, ben, meet } = openTwo(order);
    ben.update('id1', { blob: BENS, sizeBytes: 3, writtenMs: 200 });
    meet();
    ana.addContent('id1', { blob: ANAS, sizeBytes: 2, writtenMs: 150 });
    expect(meet()).toMatchObject({ blob: BENS, sizeBytes: 3 });
    ana.update('id1', { blob: OLD, sizeBytes: 1 });
    expect(meet()).toMatchObject({ blob: OLD, sizeBytes: 1, writtenMs: 1_000 });
  });
});

it('[BL1] takes what somebody has put in place of a content for none, and one without a time for the oldest', () => {
  const { ana, bensDoc, meet } = openTwo([1, 2]);
  const entry = bensDoc.getMap<Y.Map<unknown>>('files').get('id1');
  entry?.set('content:no-hash', { writtenMs: 900 });
  entry?.set(`content:${BENS}`, 'text');
  entry?.set('blob', BENS);
  expect(meet()).toMatchObject({ blob: OLD, sizeBytes: 1 });
  for (const wrong of [NaN, -1, '900', null, {}]) {
    entry?.set(`content:${ANAS}`, { writtenMs: wrong, sizeBytes: wrong });
    expect(meet()).toMatchObject({ blob: OLD });
  }
  entry?.set(`content:${ANAS}`, { writtenMs: Infinity, sizeBytes: 1.5 });
  expect(meet()).toEqual({ ...FILE, blob: ANAS, writtenMs: 8.64e15 });
  ana.update('id1', { blob: BENS });
  expect(meet()).toEqual({ ...FILE, blob: BENS, writtenMs: 8.64e15 });
});
