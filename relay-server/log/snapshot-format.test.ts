import * as Y from 'yjs';
import { expect, it } from 'vitest';
import { createTypist } from '../testing/raw-client.ts';
import { decodeSnapshot, encodeSnapshot, readSnapshotUpdate } from './snapshot-format.ts';

function createSnapshot(words: number) {
  const { doc, type } = createTypist(7);
  type('la '.repeat(words));
  const update = Y.encodeStateAsUpdate(doc);
  const stateVector = Y.encodeStateVector(doc);
  return { update, stateVector, bytes: encodeSnapshot(update, stateVector) };
}

it('keeps the update, compressed, and its state vector', () => {
  const { update, stateVector, bytes } = createSnapshot(5_000);
  expect(bytes.byteLength).toBeLessThan(update.byteLength / 10);
  expect(decodeSnapshot(bytes)).toMatchObject({ stateVector, updateByteLength: update.byteLength });
  expect(new Uint8Array(readSnapshotUpdate(bytes))).toEqual(update);
});

it('reads a plain update as what it is', () => {
  const { update } = createSnapshot(3);
  expect(decodeSnapshot(update)).toBeUndefined();
  expect(readSnapshotUpdate(update)).toEqual(update);
});

it('refuses what is cut off or changed', () => {
  const { bytes } = createSnapshot(5_000);
  for (const length of [9, 12, bytes.byteLength - 5]) {
    expect(() => readSnapshotUpdate(bytes.subarray(0, length))).toThrow('damaged');
  }
  const changed = bytes.slice();
  changed[8] = 1;
  changed[9] = 1;
  expect(() => readSnapshotUpdate(changed)).toThrow('damaged');
});
