import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../testing/manual-scheduler.ts';
import { MemoryDisk, MemoryOfflineStore } from '../../testing/memory-offline-store.ts';
import { settle } from '../../testing/scripted-relay.ts';
import type { HeadsAnswer } from '../head-questions.ts';
import { RemovedFiles } from './removed-files.ts';

const HOUR_MS = 3_600_000;
const HEADS: HeadsAnswer = { kind: 'compared', heads: [{ document: 'a', epoch: 'e', headSeq: 3 }] };

/** Self deletes a file; the relay, whose clock is ahead by an hour, cannot tell where its text stands but later. */
async function start(editedMs: (relayNowMs: number) => number) {
  const scheduler = new ManualScheduler();
  const lastMs = editedMs(scheduler.now() + HOUR_MS);
  const edited: (readonly string[])[] = [];
  let isLate = true;
  const files = new RemovedFiles({
    store: new MemoryOfflineStore(new MemoryDisk()).away,
    scheduler,
    listCursors: async () => new Map(),
    readNoted: async () => new Map(),
    compareHeads: async () => (isLate ? { kind: 'later' } : HEADS),
    authors: {
      read: async () => ({ ok: false, explanation: 'not asked', isTransient: false }),
      async readAll(wanted) {
        const people = [{ subject: 'bob', name: 'Bob', fromMs: 0, toMs: lastMs }];
        const state = { epoch: 'e', headSeq: 3, isCut: false, people };
        return { ok: true, value: wanted.map(({ document }) => ({ document, ...state })) };
      },
    },
    isSelf: () => false,
    leftMs: () => undefined,
    toRelayMs: (ms) => ms + HOUR_MS,
    isListed: () => false,
    onEdited: ({ people }) => edited.push(people.map(({ name }) => name)),
    onFailure: (error) => {
      throw error;
    },
  });
  onTestFinished(() => files.dispose());
  await files.add([{ fileId: 'a', path: 'a.txt' }]);
  isLate = false;
  files.askSoon();
  scheduler.advance(10_000);
  await settle();
  return edited;
}

it('[HD3] tells nothing of who edited a file before it was deleted, where the relay did not say how far it was', async () => {
  expect(await start((relayNowMs) => relayNowMs - 10_000)).toEqual([]);
});

it('[HD3] tells who edited it since, by the clock of the relay', async () => {
  expect(await start((relayNowMs) => relayNowMs + 1_000)).toEqual([['Bob']]);
});
