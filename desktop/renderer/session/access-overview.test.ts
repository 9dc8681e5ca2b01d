import { expect, it, onTestFinished } from 'vitest';
import { DEFAULT_ROOM_SETTINGS } from '../../../shared/access/index.ts';
import { Emitter } from '../../../shared/lifecycle/index.ts';
import type { JoinRequest, PeoplePage } from '../../../shared/sync/administration/index.ts';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import type { InvokeChannel, InvokeRequest, InvokeResponse } from '../../ipc/index.ts';
import { createPerson } from '../ui/testing/fake-access.ts';
import { AccessOverviewLoader } from './access-overview.ts';

type Answers = { readonly [C in InvokeChannel]?: (request: InvokeRequest<C>) => Promise<InvokeResponse<C>> };

const NOTHING = async () => ({ ok: true, value: [] }) as const;
const NOBODY = async () => ({ ok: true, value: { people: [], next: undefined } }) as const;

/** Loads what an owner knows, from a relay that answers so. */
function load(own: Answers, scheduler = new ManualScheduler()) {
  const answers: Answers = {
    'access:list-links': NOTHING,
    'access:list-people': NOBODY,
    'access:list-proposals': NOTHING,
    'access:list-join-requests': NOTHING,
    'access:read-settings': async () => ({ ok: true, value: DEFAULT_ROOM_SETTINGS }),
    ...own,
  };
  const [changedSelf, changedFiles] = [new Emitter<void>(), new Emitter<void>()];
  const self = { role: 'owner', accessVersion: 1 } as const;
  const loader = new AccessOverviewLoader(
    {
      session: { self, onDidChangeSelf: changedSelf.event },
      index: { get: () => undefined },
      lastListed: () => undefined,
      onDidChangeFiles: changedFiles.event,
    },
    {
      invoke(channel, request) {
        const answer = answers[channel];
        if (!answer) throw new Error(`nobody answers ${channel}`);
        return answer(request);
      },
    },
    () => {},
    scheduler,
  );
  onTestFinished(() => {
    for (const owned of [loader, changedSelf, changedFiles]) owned.dispose();
  });
  return loader;
}

it('asks again while somebody waits to be let in, who may go away without a word', async () => {
  const scheduler = new ManualScheduler();
  let requests: readonly JoinRequest[] = [{ requestId: 'r', linkId: 'l', name: 'Ben', createdAtMs: 0 }];
  let asked = 0;
  const loader = load(
    {
      'access:list-join-requests': async () => {
        asked++;
        return { ok: true, value: requests };
      },
    },
    scheduler,
  );
  const waiting = () => (loader.state.kind === 'ready' ? loader.state.overview.requests.length : undefined);
  await settle();
  expect([asked, waiting()]).toEqual([1, 1]);
  scheduler.advance(60_000);
  await settle();
  expect([asked, waiting()]).toEqual([2, 1]);
  requests = [];
  scheduler.advance(60_000);
  await settle();
  expect([asked, waiting()]).toEqual([3, 0]);
  scheduler.advance(600_000);
  await settle();
  expect(asked).toBe(3);
});

it('has more people page by page, each once, and all of them again with every change', async () => {
  const asked: (string | undefined)[] = [];
  const pages: Readonly<Record<string, PeoplePage>> = {
    first: { people: [createPerson('Ana'), createPerson('Ben')], next: 'second' },
    second: { people: [createPerson('Ben'), createPerson('Cleo')], next: 'third' },
    third: { people: [createPerson('Dora')], next: undefined },
  };
  const loader = load({
    'access:list-people': async ({ after }) => {
      asked.push(after);
      const page = pages[after ?? 'first'];
      return page ? { ok: true, value: page } : { ok: false, explanation: 'no such page' };
    },
  });
  await settle();
  const shown = () => {
    if (loader.state.kind !== 'ready') return loader.state.kind;
    const { people, hasMorePeople } = loader.state.overview;
    return [people.map(({ name }) => name).join(' '), hasMorePeople];
  };
  expect([shown(), asked]).toEqual([['Ana Ben', true], [undefined]]);
  await loader.loadMorePeople();
  expect(shown()).toEqual(['Ana Ben Cleo', true]);
  await loader.refresh();
  expect(shown()).toEqual(['Ana Ben Cleo', true]);
  await loader.loadMorePeople();
  await loader.loadMorePeople();
  expect(shown()).toEqual(['Ana Ben Cleo Dora', false]);
  expect(asked.slice(-3)).toEqual([undefined, 'second', 'third']);
});
