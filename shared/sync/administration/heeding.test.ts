import { expect, it } from 'vitest';
import { heeding, type RelayRequest } from './room-requests.ts';

const REQUEST: RelayRequest = { method: 'GET', url: 'http://127.0.0.1/', bearerToken: 't', answerAs: 'json' };

it('heeds what a relay answers, refusals too, and not that there was no answer or only one of a proxy', async () => {
  let heard = 0;
  const answering = (status: number) =>
    heeding(
      async () => ({ status, body: undefined }),
      () => heard++,
    );
  await answering(200)(REQUEST);
  await answering(403)(REQUEST);
  expect(heard).toBe(2);
  expect(await answering(502)(REQUEST)).toEqual({ status: 502, body: undefined });
  const failing = heeding(
    () => Promise.reject(new Error('unreachable')),
    () => heard++,
  );
  await expect(failing(REQUEST)).rejects.toThrow('unreachable');
  expect(heard).toBe(2);
});
