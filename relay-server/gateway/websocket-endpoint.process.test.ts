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
    for (const size of [100_000, 1_000_000]) {
      const { client, closed, until, socket } = await openWebSocket(relay.url, 'r');
      client.hello(token);
      await until('welcome');
      socket.send(new Uint8Array(size));
      expect(await closed).toBe(4413);
    }
    expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
  });

  it('[CC1] [PR4] takes out of the room at once who sends a frame that is far too large, and does not hear why', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const token = await tokenFor(data, 'r');
    const bob = await openWebSocket(relay.url, 'r');
    bob.client.hello(token);
    await bob.until('welcome');
    const ada = await openWebSocket(relay.url, 'r');
    ada.client.hello(token, 'session-of-ada-0123');
    const { presenceId } = await ada.until('welcome');
    await bob.until('presence', ({ entries }) => entries.some((entry) => entry.presenceId === presenceId));
    // From now on it takes nothing, not even the end.
    ada.socket.pause();
    const sentMs = performance.now();
    ada.socket.send(new Uint8Array(1_000_000));
    await bob.until('presence', ({ entries }) =>
      entries.some((entry) => entry.presenceId === presenceId && entry.isGone),
    );
    expect(performance.now() - sentMs).toBeLessThan(10_000);
  });
});
