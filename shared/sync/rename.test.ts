import { expect, it } from 'vitest';
import { settle } from '../testing/scripted-relay.ts';
import { startSession } from '../testing/session-under-test.ts';

it('[VH5] gives the relay a token of the new name at once, and has the name when the relay has taken it', async () => {
  const { session, relay, tokenRequests } = await startSession();
  relay.latest.welcome();
  await settle();
  session.rename('Ana');
  await settle();
  expect(tokenRequests.at(-1)).toEqual({ isFresh: true });
  expect(relay.latest.ofType('renew')).toEqual([{ type: 'renew', token: `token-${tokenRequests.length}` }]);
  expect(session.self?.name).toBe('Me');
  relay.latest.send({ type: 'renewed', role: 'editor', tokenExpiresAtMs: 3_600_000 });
  expect(session.self).toMatchObject({ name: 'Ana', role: 'editor' });
});

it('[VH5] renews a connection whose token was asked for before the name', async () => {
  const { session, relay } = await startSession();
  session.rename('Ana');
  await settle();
  expect(relay.latest.ofType('renew')).toEqual([]);
  relay.latest.welcome();
  await settle();
  expect(relay.latest.ofType('renew')).toHaveLength(1);
});
