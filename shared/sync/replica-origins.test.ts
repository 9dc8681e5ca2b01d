import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { ReplicaOrigins } from './replica-origins.ts';

function updateOf(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

const DAMAGED = Uint8Array.of(9, 9, 9);

it('tells what is put in from what is edited, and from what the store changes itself', () => {
  const [doc, ownOrigin] = [new Y.Doc(), Symbol('the store')];
  const origins = new ReplicaOrigins(doc, ownOrigin);
  const sources: string[] = [];
  doc.on('update', (_update, origin) => void sources.push(origins.sourceOf(origin)));
  origins.applyInitial(updateOf('a'));
  origins.applyStored([updateOf('b')]);
  origins.applyRemote([updateOf('c')]);
  Y.applyUpdate(doc, updateOf('d'), ownOrigin);
  doc.getText('content').insert(0, 'e');
  expect(sources).toEqual(['stored', 'stored', 'remote', 'stored', 'local']);
});

it('takes an edit without an origin for one of this device where the store changes nothing itself', () => {
  const origins = new ReplicaOrigins(new Y.Doc(), undefined);
  expect([undefined, null].map((origin) => origins.sourceOf(origin))).toEqual(['local', 'local']);
});

it('leaves out what is damaged in the store, and refuses what the relay sends damaged', () => {
  const doc = new Y.Doc();
  const origins = new ReplicaOrigins(doc, undefined);
  expect(origins.applyStored([DAMAGED, updateOf('kept'), DAMAGED])).toBe(2);
  expect(doc.getText('content').toJSON()).toBe('kept');
  expect(() => origins.applyRemote([DAMAGED])).toThrow();
  expect(() => origins.applyInitial(DAMAGED)).toThrow();
});
