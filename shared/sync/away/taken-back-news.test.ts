import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { ManualScheduler } from '../../testing/manual-scheduler.ts';
import { MemoryOfflineStore } from '../../testing/memory-offline-store.ts';
import { settle } from '../../testing/scripted-relay.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../workspace/index.ts';
import type { AuthorRun } from '../administration/room-changes.ts';
import { AwayLedger } from './away-ledger.ts';
import { ListedPaths } from './listed-paths.ts';
import type { TakenBack, TakingBack } from './restored-copies.ts';
import { TakenBackNews } from './taken-back-news.ts';

const SINCE = { epoch: 'e', seq: 0 };

function fail(error: unknown): never {
  throw error;
}

/** What the person at this device is told of `file`; Ada is client 1 and Cleo client 2. */
async function open() {
  const scheduler = new ManualScheduler();
  const ledger = new AwayLedger(new MemoryOfflineStore().away, fail);
  await ledger.load();
  const list = new Y.Doc({ guid: INDEX_DOCUMENT });
  const index = new WorkspaceIndex(list, { random: Math.random, nowMs: () => 0 });
  index.add([{ path: 'a.ts', eol: 'LF', bom: false, kind: 'text', fileId: 'file' }]);
  const paths = new ListedPaths(() => list);
  const relay = { questions: 0, committed: Number.POSITIVE_INFINITY };
  const run = (subject: string, client: number): AuthorRun => {
    const clients = [[client, 0, relay.committed]] as const;
    return { fromSeq: client, toSeq: client, subject, name: subject, fromMs: 1, toMs: 2, clients };
  };
  const news = new TakenBackNews({
    ...{ ledger, paths, scheduler, onFailure: fail },
    isSelf: (subject) => subject === 'bob',
    authors: {
      async read() {
        relay.questions++;
        const changes = [run('ada', 1), run('cleo', 2)];
        return { ok: true, value: { epoch: 'e', headSeq: 2, throughSeq: 2, isCut: false, changes } };
      },
      readAll: () => Promise.reject(new Error('nobody asks for all')),
    },
  });
  onTestFinished(() => {
    for (const owned of [news, paths, ledger, index]) owned.dispose();
    list.destroy();
  });
  const told: string[] = [];
  const watching = ledger.onDidChange(() => {
    const names =
      ledger
        .get('file')
        ?.takenBack?.map(({ name }) => name)
        .join() ?? 'nothing';
    if (told.at(-1) !== names) told.push(names);
  });
  onTestFinished(() => watching.dispose());
  const pass = async (ms: number) => {
    scheduler.advance(ms);
    await settle();
  };
  const tell = (...acts: readonly TakenBack[]) => news.told({ document: 'file', acts, since: SINCE });
  return { scheduler, relay, told, tell, pass, ledger };
}

function act(what: TakingBack, client: number, clock = 0): TakenBack {
  return { what, of: what === 'theirs' ? ['bob'] : [], client, clock, copies: [] };
}

it('asks once for any number of acts in one document', async () => {
  const { scheduler, relay, told, tell, pass } = await open();
  tell(...Array.from({ length: 100_000 }, (_, index) => act('theirs', 1, index)));
  tell(...Array.from({ length: 1_000 }, (_, index) => act('theirs', 10 + index)), act('theirs', 2));
  expect(scheduler.pendingCount).toBe(1);
  await pass(500);
  await pass(5_000);
  expect(relay.questions).toBe(2);
  expect(told).toEqual(['cleo']);
  expect(scheduler.pendingCount).toBe(0);
});

it.each([
  ['in one sync', 0],
  ['while the relay was not asked yet', 400],
])('tells nothing of what was restored %s', async (_, betweenMs) => {
  const { relay, told, tell, pass } = await open();
  if (betweenMs === 0) tell(act('theirs', 1, 0), act('restored', 1, 1));
  else {
    tell(act('theirs', 1, 0));
    await pass(betweenMs);
    tell(act('restored', 1, 1));
  }
  for (let round = 0; round < 4; round++) await pass(5_000);
  expect([told, relay.questions]).toEqual([[], 0]);
});

it('takes back what it told when the restoring comes while the relay is asked', async () => {
  const { relay, told, tell, pass } = await open();
  relay.committed = 0;
  tell(act('theirs', 1, 0));
  await pass(500);
  tell(act('restored', 1, 1));
  relay.committed = 10;
  for (let round = 0; round < 4; round++) await pass(5_000);
  expect(told).toEqual(['ada', 'nothing']);
});

it('keeps what one took back when another restores', async () => {
  const { told, tell, pass, ledger } = await open();
  tell(act('theirs', 1, 0), act('theirs', 2, 0), act('restored', 2, 1));
  for (let round = 0; round < 4; round++) await pass(5_000);
  expect(told).toEqual(['ada']);
  tell(act('restored', 2, 2));
  for (let round = 0; round < 4; round++) await pass(5_000);
  expect(ledger.get('file')?.takenBack).toMatchObject([{ subject: 'ada' }]);
  tell(act('restored', 1, 3), act('theirs', 1, 4));
  for (let round = 0; round < 4; round++) await pass(5_000);
  expect(ledger.get('file')?.takenBack).toMatchObject([{ subject: 'ada' }]);
  tell(act('restored', 1, 5));
  for (let round = 0; round < 4; round++) await pass(5_000);
  expect(ledger.get('file')).toBeUndefined();
});
