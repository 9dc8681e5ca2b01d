import { expect, it, onTestFinished } from 'vitest';
import { createLink, FakeAccess } from '../ui/testing/fake-access.ts';
import type { NotificationView, Outcome } from '../ui/workbench-model.ts';
import { JoinRequestNotices } from './join-request-notices.ts';

const BEN = { requestId: 'r1', linkId: 'l', name: 'Ben', createdAtMs: 0 };

function start(outcome: Outcome = { ok: true }) {
  const calls: string[] = [];
  const shown = new Map<string, NotificationView>();
  const access = new FakeAccess(async (call) => {
    calls.push(call);
    return outcome;
  });
  const notices = new JoinRequestNotices(access.model, {
    show: (notice) => shown.set(notice.id, notice),
    remove: (id) => shown.delete(id),
  });
  onTestFinished(() => notices.dispose());
  return { access, calls, shown };
}

it('tells of each who asks once, and takes it down when it is answered', () => {
  const { access, shown, calls } = start();
  access.setOverview({ requests: [BEN], links: [createLink('l', { label: 'Class' })] });
  const [notice] = shown.values();
  expect(notice?.title).toBe('Ben wants to join');
  expect(notice?.detail).toMatch(/^They came by “Class”, which needs approval\./);
  shown.clear();
  access.setOverview({ requests: [BEN, { ...BEN, requestId: 'r2', name: 'Cleo' }] });
  expect([...shown.values()].map(({ title }) => title)).toEqual(['Cleo wants to join']);
  notice?.actions.at(-1)?.run();
  expect(calls).toEqual(['decide r1 approved']);
  access.setOverview({ requests: [] });
  expect(shown.size).toBe(0);
});

it('keeps what it told while the relay is away, and says when an answer failed', async () => {
  const { access, shown } = start({ ok: false, explanation: 'Nobody waits with this request any more.' });
  access.setOverview({ requests: [BEN] });
  access.overview.set({ kind: 'failed', explanation: 'down', overview: undefined });
  expect(shown.size).toBe(1);
  [...shown.values()][0]?.actions[0]?.run();
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  expect([...shown.values()][0]).toMatchObject({
    severity: 'error',
    detail: 'Nobody waits with this request any more.',
  });
});
