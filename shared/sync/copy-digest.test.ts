import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom } from '../testing/seeded-random.ts';
import { CopyDigest, hashCopy } from './copy-digest.ts';

function createDoc(clientID: number, text = ''): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = clientID;
  if (text !== '') doc.getText('content').insert(0, text);
  return doc;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** As SPEC DG2 has it. */
function hashInPieces(bytes: Uint8Array): Uint8Array {
  const hashes: Buffer[] = [];
  for (let start = 0; start < bytes.byteLength; start += 65_536)
    hashes.push(sha256(bytes.subarray(start, start + 65_536)));
  return new Uint8Array(sha256(Buffer.concat(hashes)).subarray(0, 16));
}

describe('the digest of a copy', () => {
  it.each(['', 'a', 'Łódź 🙂\n', 'x'.repeat(65_536), 'y'.repeat(200_001)])(
    '[DG2] hashes the text by pieces of 64 KiB (%#)',
    (text) => {
      expect(hashCopy(createDoc(1, text)).text).toEqual(hashInPieces(Buffer.from(text)));
    },
  );

  it('[DG2] hashes clients, clocks and deletions, runs of which that touch are one', () => {
    const doc = createDoc(300, 'abcdef');
    doc.getText('content').delete(1, 1);
    doc.getText('content').delete(1, 1);
    doc.getText('content').delete(3, 1);
    const other = createDoc(7, 'x');
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
    const state = [2, 7, 1, 0, 172, 2, 6, 2, 1, 2, 5, 1];
    expect(hashCopy(doc).state).toEqual(hashInPieces(Uint8Array.from(state)));
  });

  it('is the same however the same edits came, collected as garbage or not', () => {
    const random = createSeededRandom(5);
    const writers = [createDoc(1), createDoc(2)];
    const updates: Uint8Array[] = [];
    for (const doc of writers) doc.on('update', (update: Uint8Array) => updates.push(update));
    for (let edit = 0; edit < 300; edit++) {
      const doc = random.pick(writers);
      const text = doc.getText('content');
      if (text.length > 4 && random.chance(0.4)) text.delete(random.below(text.length - 3), 3);
      else text.insert(random.below(text.length + 1), `w${edit}`);
      if (random.chance(0.1))
        for (const other of writers) if (other !== doc) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
    }
    const reader = new Y.Doc({ gc: false });
    for (const update of updates) Y.applyUpdate(reader, update);
    const merged = new Y.Doc();
    Y.applyUpdate(merged, Y.mergeUpdates([...updates].reverse()));
    const fromSnapshot = new Y.Doc();
    Y.applyUpdate(fromSnapshot, Y.encodeStateAsUpdate(merged));
    expect(hashCopy(merged)).toEqual(hashCopy(reader));
    expect(hashCopy(fromSnapshot)).toEqual(hashCopy(reader));
    merged.getText('content').delete(0, 1);
    expect(hashCopy(merged).state).not.toEqual(hashCopy(reader).state);
    expect(hashCopy(merged).text).not.toEqual(hashCopy(reader).text);
  });

  it('[DG2] leaves out what waits for structs that are missing', () => {
    const writer = createDoc(1, 'first ');
    const before = Y.encodeStateVector(writer);
    const reader = new Y.Doc();
    Y.applyUpdate(reader, Y.encodeStateAsUpdate(writer));
    writer.getText('content').insert(6, 'second ');
    const between = Y.encodeStateVector(writer);
    writer.getText('content').insert(13, 'third');
    const complete = hashCopy(reader);
    Y.applyUpdate(reader, Y.encodeStateAsUpdate(writer, between));
    expect(hashCopy(reader)).toEqual(complete);
    Y.applyUpdate(reader, Y.encodeStateAsUpdate(writer, before));
    expect(hashCopy(reader)).toEqual(hashCopy(writer));
  });

  it('is of the moment in which it was begun', () => {
    const doc = createDoc(1, 'z'.repeat(300_000));
    const hashes = hashCopy(doc);
    const digest = new CopyDigest(doc);
    let steps = 1;
    let finished = digest.step();
    for (; !finished; steps++) {
      doc.getText('content').insert(0, 'later ');
      finished = digest.step();
    }
    expect(finished).toEqual(hashes);
    expect(steps).toBeGreaterThan(4);
  });
});
