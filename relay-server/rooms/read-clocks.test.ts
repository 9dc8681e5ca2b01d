import { expect, it } from 'vitest';
import { KnownClocks } from './known-clocks.ts';
import { NestedTypes } from './nested-types.ts';
import { addClocks } from './read-clocks.ts';

it('says of a damaged update which it is, with the command that helps', () => {
  const key = { tenant: 'school', room: 'r', document: 'd' };
  const session = { subject: 's', sessionId: 'i' };
  const damaged = { seq: 3, session, clientSeq: 1, name: 'n', timeMs: 1, payload: Uint8Array.of(1, 2, 250, 9, 9) };
  const clocks = new KnownClocks();
  expect(() => addClocks(key, [damaged], clocks, new NestedTypes(clocks))).toThrow(
    'The update 3 of the document d in room r is damaged. ' +
      'The command "repair --tenant school --room r --document d" helps.',
  );
});
