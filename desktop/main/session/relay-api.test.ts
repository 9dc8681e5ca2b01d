import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { createRelayApi } from './relay-api.ts';

const LIMITS = { jsonTimeoutMs: 5_000, maxJsonBytes: 100_000, contentTimeoutMs: 5_000, maxContentBytes: 1_000_000 };
const SHORT = { ...LIMITS, jsonTimeoutMs: 200, contentTimeoutMs: 200 };

/** A server that answers as it likes; `closed` resolves when a client goes away in the middle of an answer. */
async function start(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  let noteClosed: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    noteClosed = resolve;
  });
  const server = createServer((request, response) => {
    response.once('close', noteClosed);
    answer(response, request);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/api`;
  const ask = (answerAs: 'json' | 'lines' | 'bytes') => ({ method: 'GET', url, bearerToken: 't', answerAs }) as const;
  return { url, ask, closed };
}

function sendEndlessly(response: ServerResponse): void {
  const piece = Buffer.alloc(64 * 1024, 'x');
  const send = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', send);
  send();
}

it('reads JSON, lines and bytes', async () => {
  const { url, ask } = await start((response, { headers }) =>
    response.end(headers.accept === 'application/x-ndjson' ? 'one\ntwo\n' : '{"a":1}'),
  );
  const api = createRelayApi(LIMITS);
  expect(await api.postJson(url, {}, 't')).toEqual({ status: 200, body: { a: 1 } });
  expect(await api.sendRequest(ask('json'))).toEqual({ status: 200, body: { a: 1 } });
  expect(await api.sendRequest(ask('lines'))).toEqual({ status: 200, body: 'one\ntwo\n' });
  const { body } = await api.sendRequest(ask('bytes'));
  expect(body instanceof Uint8Array && new TextDecoder().decode(body)).toBe('{"a":1}');
});

it.each(['json', 'lines', 'bytes'] as const)(
  'reads no more of endless %s than it may, and hangs up',
  async (answerAs) => {
    const { ask, closed } = await start(sendEndlessly);
    expect(await createRelayApi(LIMITS).sendRequest(ask(answerAs))).toEqual({ status: 200, body: undefined });
    await closed;
  },
);

it('does not wait for ever for an answer, or for the rest of one', async () => {
  const silent = await start(() => {});
  const stalled = await start((response) => response.write('{"a":'));
  const api = createRelayApi(SHORT);
  for (const { url, ask } of [silent, stalled]) {
    await expect(api.postJson(url, {})).rejects.toThrow('it did not answer in time');
    await expect(api.sendRequest(ask('bytes'))).rejects.toThrow('it did not answer in time');
  }
});

it('waits for an answer that comes slowly, when that is asked for, and not for one that stands still', async () => {
  const PIECES = 8;
  const { ask } = await start((response) => {
    let sent = 0;
    const timer = setInterval(() => {
      response.write('x');
      if (++sent < PIECES) return;
      clearInterval(timer);
      response.end();
    }, SHORT.contentTimeoutMs / 3);
  });
  const stalled = await start((response) => response.write('x'));
  const api = createRelayApi(SHORT);
  await expect(api.sendRequest(ask('bytes'))).rejects.toThrow('it did not answer in time');
  const idleTimeoutMs = SHORT.contentTimeoutMs;
  const { body } = await api.sendRequest({ ...ask('bytes'), idleTimeoutMs });
  expect(body instanceof Uint8Array && body.byteLength).toBe(PIECES);
  const still = api.sendRequest({ ...stalled.ask('bytes'), idleTimeoutMs });
  await expect(still).rejects.toThrow('nothing has come from it for 1 s: the connection is too slow, or broken');
});

it('says what went wrong when the answer breaks off', async () => {
  const { url } = await start((response) => response.write('{"a":', () => response.destroy()));
  const failure = await createRelayApi(LIMITS)
    .postJson(url, {})
    .catch((error: unknown) => error);
  expect(failure instanceof Error && failure.message).toMatch(/closed|terminated|reset/);
});
