import { expect, it, vi } from 'vitest';
import { startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { startStockClient } from '../testing/stock-provider.ts';

const CLIENTS = 8;
const DRAIN_MS = 3_000;
const LONG = { timeout: 20_000, interval: 20 };

it('[CC1] stock clients leave a relay that ends one after the other, come back, and have lost nothing', async () => {
  const data = temporaryFolder();
  const relay = await startRelay('--data', data, '--drain', `${DRAIN_MS / 1000}s`);
  const token = await tokenFor(data, 'r');
  const clients = Array.from({ length: CLIENTS }, () =>
    startStockClient({ relayUrl: relay.url, room: 'r', document: 'notes', token }),
  );
  await vi.waitFor(() => expect(clients.every(({ provider }) => provider.synced)).toBe(true), LONG);
  const closes: { readonly code: number | undefined; readonly atMs: number }[] = [];
  const givenUp: unknown[] = [];
  const startMs = performance.now();
  for (const { provider } of clients) {
    provider.once('connection-close', (event: { readonly code: number } | null) =>
      closes.push({ code: event?.code, atMs: performance.now() - startMs }),
    );
    provider.on('closed', (close) => givenUp.push(close));
  }
  const ended = relay.end('SIGTERM');
  for (const [index, { text }] of clients.entries()) text.insert(0, `[${index}]`);
  expect(await ended).toBe(0);
  await vi.waitFor(() => expect(closes).toHaveLength(CLIENTS), LONG);
  expect(new Set(closes.map(({ code }) => code))).toEqual(new Set([1012]));
  const timesMs = closes.map(({ atMs }) => atMs);
  expect(Math.max(...timesMs) - Math.min(...timesMs)).toBeGreaterThan(DRAIN_MS / 5);
  await startRelay('--data', data, '--port', new URL(relay.url).port);
  await vi.waitFor(() => expect(clients.every(({ provider }) => provider.synced)).toBe(true), LONG);
  const late = startStockClient({ relayUrl: relay.url, room: 'r', document: 'notes', token });
  await vi.waitFor(() => {
    for (const { text } of [...clients, late])
      for (let index = 0; index < CLIENTS; index++) expect(text.toJSON()).toContain(`[${index}]`);
  }, LONG);
  expect(givenUp).toEqual([]);
});
