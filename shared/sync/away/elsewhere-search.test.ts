import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../testing/manual-scheduler.ts';
import { settle } from '../../testing/scripted-relay.ts';
import type { HeadsAnswer } from '../head-questions.ts';
import { ElsewhereSearch } from './elsewhere-search.ts';

const CURSOR = { epoch: 'e', seq: 1 };
const CHANGED: HeadsAnswer = { kind: 'compared', heads: [{ document: 'a', epoch: 'e', headSeq: 2 }] };

function start(...answers: readonly HeadsAnswer[]) {
  const scheduler = new ManualScheduler();
  const asked: (readonly string[])[] = [];
  const left = [...answers];
  const search = new ElsewhereSearch({
    scheduler,
    authors: undefined,
    compareHeads: async (cursors) => {
      asked.push(cursors.map(({ document }) => document));
      return left.shift() ?? { kind: 'later' };
    },
    isSelf: (subject) => subject === 'me',
    onFailure: (error) => {
      throw error;
    },
  });
  onTestFinished(() => search.dispose());
  const found: string[] = [];
  const begin = () =>
    void search.begin(new Map([['a', CURSOR]]), 0, (changed) => found.push(...changed.map(({ document }) => document)));
  return { scheduler, search, asked, found, begin };
}

it('[HD3] asks again later when the relay cannot tell now, until it has told', async () => {
  const { scheduler, asked, found, begin } = start({ kind: 'later' }, { kind: 'later' }, CHANGED);
  begin();
  await settle();
  for (let round = 0; round < 5; round++) {
    scheduler.advance(15_000);
    await settle();
  }
  expect(asked).toEqual([['a'], ['a'], ['a']]);
  expect(found).toEqual(['a']);
  expect(scheduler.pendingCount).toBe(0);
});

it('asks no more once the connection is gone, and an answer to an earlier question counts for nothing', async () => {
  const { scheduler, search, asked, found, begin } = start({ kind: 'later' }, CHANGED);
  begin();
  await settle();
  search.end();
  scheduler.advance(60_000);
  await settle();
  expect(asked).toHaveLength(1);
  begin();
  search.end();
  await settle();
  expect(found).toEqual([]);
});
