import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { allBy } from './attribution.ts';
import { OwnEdits } from './own-edits.ts';
import type { PresentConnection } from './present-connections.ts';
import { TextLayers } from './text-layers.ts';

const STRANGER = 7;

/** Self has written in a text while away, and is back for long. */
function start() {
  const docs = [new Y.Doc(), new Y.Doc()] as const;
  onTestFinished(() => docs.forEach((each) => each.destroy()));
  const [doc, other] = docs;
  const text = doc.getText('content');
  text.insert(0, 'one two three');
  Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
  const before = TextLayers.of(text);
  text.insert(3, ' mine');
  const connections = new Map<number, PresentConnection>();
  const host = { nowMs: 0, elapsedMs: 0, connections, isSelf: (subject: string) => subject === 'me' };
  const own = new OwnEdits({
    ...{ document: 'file', doc, text, host },
    sourceOf: (origin) => (origin === 'remote' ? 'remote' : 'local'),
    cursor: () => ({ epoch: 'e', seq: 1 }),
    edits: () => ({ last: 1, firstUnacked: Infinity }),
    textAt: () => undefined,
    keep: () => undefined,
  });
  own.add(before.advance(text, allBy('mine')), { leftMs: 0, returnedMs: 0 }, 1);
  host.elapsedMs = 3_600_000;
  const bring = (written: string) => {
    other.getText('content').insert(0, written);
    const update = Y.encodeStateAsUpdate(other, Y.encodeStateVector(doc));
    own.receive(STRANGER, [update], () => Y.applyUpdate(doc, update, 'remote'));
  };
  const meetStranger = () => connections.set(STRANGER, { subject: 'eve', arrivedMs: host.elapsedMs, hasStayed: false });
  return { own, connections, bring, meetStranger };
}

it('tells nothing of what somebody brings of whom the relay never says that they are there', () => {
  const { own, bring } = start();
  bring('theirs ');
  expect(own.take()).toBeUndefined();
});

it('tells of what somebody brings of whom the relay says so a moment later', () => {
  const { own, bring, meetStranger } = start();
  bring('theirs ');
  meetStranger();
  expect(own.take()?.change).toMatchObject({ isByOthers: true, isByMe: true });
});

it('tells of what somebody brings who leaves at once', () => {
  const { own, connections, bring, meetStranger } = start();
  meetStranger();
  bring('theirs ');
  connections.clear();
  bring('more ');
  expect(own.take()?.change).toMatchObject({ isByOthers: true, isByMe: true });
});
