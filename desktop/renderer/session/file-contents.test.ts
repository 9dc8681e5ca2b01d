import { expect, it } from 'vitest';
import type { LabelledEvent } from '../../../shared/sync/administration/index.ts';
import { type ReplacedContent, writeReplacement } from '../../../shared/sync/blobs/index.ts';
import { contentsOf } from './file-contents.ts';

const [OLD, BENS, ROOTS, LAST] = ['a', 'b', 'c', 'd'].map((digit, sizeBytes) => ({
  blob: digit.repeat(64),
  sizeBytes,
}));

type Content = ReplacedContent['from'];

let seq = 0;
function replaced(actorName: string, from: Content, to: Content, isConcurrent = false): LabelledEvent {
  const detail = writeReplacement({ fileId: 'f', from, to, isConcurrent });
  const base = { id: `event-number-${++seq}`, kind: 'blob', label: 'Replaced pic.bin', files: 1 };
  return { seq, ...base, detail, actor: actorName, actorName, atMs: seq, receivedMs: seq };
}

/** Who wrote each content, and what became of it. */
function told(current: Content | undefined, ...oldestFirst: readonly LabelledEvent[]) {
  return contentsOf('f', current, oldestFirst.toReversed()).map(({ blob, written, fate }) => [
    blob[0],
    written?.by,
    fate.kind === 'replaced' ? `replaced by ${fate.by}` : fate.kind,
  ]);
}

function known(content: Content | undefined): Content {
  if (!content) throw new Error('there are four contents');
  return content;
}
const [old, bens, roots, last] = [known(OLD), known(BENS), known(ROOTS), known(LAST)];

it.each([
  ['root’s event is the last', ['ben', 'root']],
  ['Ben’s event is the last', ['root', 'ben']],
])('of two at once, each is of who wrote it, and one counts: %s', (_, order) => {
  const events = order.map((name) => replaced(name, old, name === 'ben' ? bens : roots));
  const contents = told(bens, ...events);
  expect(contents).toHaveLength(3);
  expect(contents[0]).toEqual(['b', 'ben', 'counts']);
  expect(contents).toContainEqual(['a', undefined, 'replaced by ben']);
  expect(contents).toContainEqual(['c', 'root', 'passed-over']);
});

it('one after the other, and one that came too late', () => {
  const events = [replaced('ben', old, bens), replaced('root', bens, last), replaced('cleo', roots, last, true)];
  expect(told(last, ...events)).toEqual([
    ['d', 'root', 'counts'],
    ['c', 'cleo', 'late'],
    ['b', 'ben', 'replaced by root'],
    ['a', undefined, 'replaced by ben'],
  ]);
});

it('one that was brought back counts, and the other can be brought back in turn', () => {
  expect(told(old, replaced('ben', old, bens))).toEqual([
    ['a', undefined, 'counts'],
    ['b', 'ben', 'passed-over'],
  ]);
  expect(told(undefined)).toEqual([]);
});
