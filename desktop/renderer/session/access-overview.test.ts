import { expect, it, onTestFinished } from 'vitest';
import { DEFAULT_ROOM_SETTINGS } from '../../../shared/access/index.ts';
import { Emitter } from '../../../shared/lifecycle/index.ts';
import type { JoinRequest } from '../../../shared/sync/administration/index.ts';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import type { InvokeChannel, InvokeRequest, InvokeResponse } from '../../ipc/index.ts';
import { AccessOverviewLoader } from './access-overview.ts';

type Answers = { readonly [C in InvokeChannel]?: (request: InvokeRequest<C>) => Promise<InvokeResponse<C>> };

it('asks again while somebody waits to be let in, who may go away without a word', async () => {
  const scheduler = new ManualScheduler();
  const [changedSelf, changedFiles] = [new Emitter<void>(), new Emitter<void>()];
  let requests: readonly JoinRequest[] = [{ requestId: 'r', linkId: 'l', name: 'Ben', createdAtMs: 0 }];
  let asked = 0;
  const nothing = async () => ({ ok: true, value: [] }) as const;
  const answers: Answers = {
    'access:list-links': nothing,
    'access:list-people': nothing,
    'access:list-proposals': nothing,
    'access:read-settings': async () => ({ ok: true, value: DEFAULT_ROOM_SETTINGS }),
    'access:list-join-requests': async () => {
      asked++;
      return { ok: true, value: requests };
    },
  };
  const self = { role: 'owner', accessVersion: 1 } as const;
  const loader = new AccessOverviewLoader(
    {
      session: { self, onDidChangeSelf: changedSelf.event },
      index: { get: () => undefined },
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
