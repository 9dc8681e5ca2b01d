import { expect, it } from 'vitest';
import { settle } from '../../testing/scripted-relay.ts';
import type { AuthorRun, ChangesSince, DocumentChanges } from '../administration/room-changes.ts';
import type { RequestOutcome } from '../relay-requests.ts';
import { KnownRuns } from './known-runs.ts';

const SINCE = { epoch: 'e', seq: 3 };

function run(seq: number, subject: string, ...clients: AuthorRun['clients'][number][]): AuthorRun {
  return { fromSeq: seq, toSeq: seq, subject, name: `Name of ${subject}`, fromMs: 1, toMs: 2, clients };
}

function changes(throughSeq: number, runs: readonly AuthorRun[], isCut = false): RequestOutcome<DocumentChanges> {
  return { ok: true, value: { epoch: 'e', headSeq: throughSeq, throughSeq, isCut, changes: runs } };
}

const BUSY = { ok: false, explanation: 'Too many requests.', isTransient: true } as const;

/** A relay that answers when the test says. */
function create() {
  const asked: { readonly since: ChangesSince; answer(outcome: RequestOutcome<DocumentChanges>): void }[] = [];
  const known = new KnownRuns({
    read: (since) => new Promise((resolve) => asked.push({ since, answer: resolve })),
    readAll: () => Promise.reject(new Error('nobody asks for all')),
  });
  const answer = async (outcome: RequestOutcome<DocumentChanges>) => {
    asked.shift()?.answer(outcome);
    await settle();
  };
  return { asked, known, answer };
}

it('asks only for what came since, one question at a time', async () => {
  const { asked, known, answer } = create();
  const first = known.read('file', SINCE);
  await settle();
  const more = [known.read('file', SINCE), known.read('file', SINCE)];
  await settle();
  expect(asked.map(({ since }) => since.afterSeq)).toEqual([3]);
  await answer(changes(5, [run(4, 'ada', [1, 0, 4]), run(5, 'cleo', [2, 0, 1])]));
  expect(await first).toMatchObject({ runs: [{ subject: 'ada' }, { subject: 'cleo' }], isUnanswered: false });
  more.push(known.read('file', SINCE));
  await settle();
  expect(asked.map(({ since }) => since.afterSeq)).toEqual([5]);
  await answer(changes(6, [run(6, 'cleo', [2, 1, 9], [3, 0, 1])]));
  expect(asked.length).toBe(1);
  await answer(changes(6, []));
  const runs = [
    { subject: 'ada', name: 'Name of ada', clients: [[1, 0, 4]] },
    {
      ...{ subject: 'cleo', name: 'Name of cleo' },
      clients: [
        [2, 0, 9],
        [3, 0, 1],
      ],
    },
  ];
  for (const reading of more) expect((await reading).runs).toEqual(runs);
  expect(asked).toEqual([]);
});

it('keeps what is known while the relay does not answer, and says so', async () => {
  const { asked, known, answer } = create();
  const ask = async (...outcomes: readonly RequestOutcome<DocumentChanges>[]) => {
    const reading = known.read('file', SINCE);
    await settle();
    for (const outcome of outcomes) await answer(outcome);
    return reading;
  };
  expect(await ask(BUSY)).toEqual({ runs: [], isUnanswered: true });
  expect(await ask({ ...BUSY, isTransient: false })).toEqual({ runs: [], isUnanswered: false });
  const cut = await ask(changes(5, [run(4, 'ada', [1, 0, 4])], true), BUSY);
  expect(cut).toMatchObject({ runs: [{ subject: 'ada' }], isUnanswered: true });
  const reading = known.read('file', SINCE);
  await settle();
  expect(asked[0]?.since.afterSeq).toBe(5);
  await answer(BUSY);
  expect((await reading).runs).toHaveLength(1);
  void known.read('file', { ...SINCE, epoch: 'other' });
  await settle();
  expect(asked[0]?.since).toMatchObject({ epoch: 'other', afterSeq: 3 });
});

it('keeps it of a few documents', async () => {
  const { asked, known, answer } = create();
  for (const document of ['a', 'b', 'c', 'd', 'e', 'a']) {
    const reading = known.read(document, SINCE);
    await settle();
    expect(asked[0]?.since).toMatchObject({ document, afterSeq: 3 });
    await answer(changes(4, [run(4, 'ada', [1, 0, 4])]));
    await reading;
  }
});
