import { expect, it } from 'vitest';
import { sendRequest } from './post-json.ts';

it('a page reads what it asks for, also when it only limits how long nothing comes', async () => {
  const asked = { method: 'GET', bearerToken: 't', idleTimeoutMs: 1_000 } as const;
  const ask = (text: string, answerAs: 'bytes' | 'lines' | 'json') =>
    sendRequest({ ...asked, url: `data:text/plain,${encodeURIComponent(text)}`, answerAs });
  expect(await ask('abc', 'bytes')).toEqual({ status: 200, body: new TextEncoder().encode('abc') });
  expect(await ask('abc', 'lines')).toEqual({ status: 200, body: 'abc' });
  expect(await ask('{"a":1}', 'json')).toEqual({ status: 200, body: { a: 1 } });
});
