import { expect, it } from 'vitest';
import { HISTORY_READERS } from './history-request-readers.ts';

const read = HISTORY_READERS['history:list-events'];

it.each([{ limit: 30, before: undefined }, { limit: 1, before: 7 }, { limit: 100 }])(
  'a page of events: takes %j',
  (request) => {
    expect(read(request)).toEqual({ request });
  },
);

it.each([
  {},
  { limit: 0 },
  { limit: 101 },
  { limit: '5' },
  { limit: 5, before: 0 },
  { limit: 5, before: '7' },
  5,
  undefined,
])('a page of events: refuses %j', (request) => {
  expect(read(request)).toBeUndefined();
});

it('an event: takes its number alone', () => {
  const readEvent = HISTORY_READERS['history:list-event-documents'];
  expect(readEvent({ seq: 7, more: 1 })).toEqual({ request: { seq: 7 } });
  for (const request of [{}, { seq: 0 }, { seq: 1.5 }, { seq: '7' }, undefined])
    expect(readEvent(request)).toBeUndefined();
});
