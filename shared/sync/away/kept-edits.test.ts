import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { allBy } from './attribution.ts';
import { readKeptEdits, writeKeptEdits } from './kept-edits.ts';
import { TextLayers } from './text-layers.ts';

/** A text of which self wrote and deleted a part. */
function edited() {
  const doc = new Y.Doc();
  const text = doc.getText('content');
  text.insert(0, 'one two three');
  const before = TextLayers.of(text);
  text.insert(3, ' mine');
  return { text, layers: before.advance(text, allBy('mine')) };
}

it('keeps what self wrote alone, and finds it again in what the text has become', () => {
  const { text, layers } = edited();
  const trace = layers.traceOf('mine');
  expect(trace.length).toBe(' mine'.length);
  const kept = { trace, leftMs: 1, returnedMs: 2, at: { epoch: 'e', seq: 3 }, knownTo: ['ada'] };
  const [read] = readKeptEdits(writeKeptEdits([kept]));
  expect(read).toMatchObject({ leftMs: 1, returnedMs: 2, at: { epoch: 'e', seq: 3 }, knownTo: ['ada'] });
  text.insert(0, 'since ');
  const found = read?.trace.advance(text, allBy('base'));
  expect([found?.base, found?.merged]).toEqual(['since one two three', 'since one mine two three']);
  text.delete('since one'.length, ' mine'.length);
  expect(read?.trace.advance(text, allBy('base')).isChangedBy('mine')).toBe(false);
});

it.each(['', '{}', '[1, null]', '[{"trace":"x","leftMs":1,"returnedMs":2,"knownTo":[]}]'])(
  'knows nothing of %j',
  (encoded) => {
    expect(readKeptEdits(encoded)).toEqual([]);
  },
);
