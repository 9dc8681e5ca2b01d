import { describe, expect, it } from 'vitest';
import { startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { openWebSocket } from '../testing/websocket-client.ts';

describe('sockets', () => {
  it('[FR1] closes on a text frame with 4409', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const ada = await openWebSocket(relay.url, 'r');
    ada.client.hello(await tokenFor(data, 'r'));
    await ada.until('welcome');
    ada.socket.send('hello in words');
    expect(await ada.closed).toBe(4409);
    expect(ada.client.last('goodbye').closeCode).toBe(4409);
  });

  it('[VH3] lets nobody in without a token of this relay and room', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const foreign = await tokenFor(temporaryFolder(), 'r');
    const elsewhere = await tokenFor(data, 'elsewhere');
    for (const token of ['nonsense', foreign, elsewhere]) {
      const { client, closed } = await openWebSocket(relay.url, 'r');
      client.hello(token);
      expect(await closed).toBe(4401);
      expect(client.last('goodbye').explanation.length).toBeGreaterThan(10);
    }
  });

  it('takes browsers of its own site only', async () => {
    const relay = await startRelay('--data', temporaryFolder(), '--public-url', 'https://tutti.example.org/');
    await openWebSocket(relay.url, 'r', { Origin: relay.url });
    await openWebSocket(relay.url, 'r', { Origin: 'https://tutti.example.org' });
    for (const origin of [
      'https://evil.example',
      'null',
      'http://127.0.0.1:1',
      'https://tutti.example.org.evil.example',
    ]) {
      await expect(openWebSocket(relay.url, 'r', { Origin: origin })).rejects.toThrow('403');
    }
    await expect(openWebSocket(relay.url, '..%2Fx')).rejects.toThrow('404');
  });

  it('[CH2] survives an oversized frame', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const token = await tokenFor(data, 'r');
    for (const [size, code] of [
      [100_000, 4413],
      [1_000_000, 4413],
    ] as const) {
      const { client, closed, until, socket } = await openWebSocket(relay.url, 'r');
      client.hello(token);
      await until('welcome');
      socket.send(new Uint8Array(size));
      expect([1006, code]).toContain(await closed);
    }
    expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
  });
});
