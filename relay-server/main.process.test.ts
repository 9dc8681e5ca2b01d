import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseShareLink } from '../shared/access/index.ts';
import { postJson as post } from './testing/post-json.ts';
import { runCli, startRelay, tokenFor } from './testing/relay-process.ts';
import { temporaryFolder } from './testing/relay-under-test.ts';
import { openWebSocket } from './testing/websocket-client.ts';

describe('the command line beside a running relay', () => {
  it('makes a room and a token that the relay takes at once, and a link that leads to it', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const { client, until } = await openWebSocket(relay.url, 'fresh');
    client.hello(await tokenFor(data, 'fresh', 'viewer', '--name', '  Ada\u0007 ', '--subject', 'ada@example.org'));
    expect(await until('welcome')).toMatchObject({
      room: 'fresh',
      role: 'viewer',
      name: 'Ada',
      subject: 'ada@example.org',
    });
    const { stdout } = await runCli('link', 'create', '--data', data, '--room', 'linked', '--role', 'editor');
    const parsed = parseShareLink(stdout);
    if (!parsed.ok) throw new Error(parsed.explanation);
    expect(parsed.link).toMatchObject({ relayUrl: relay.url, room: 'linked' });
    expect(
      await post(`${relay.url}/api/rooms/linked/tokens`, { secret: parsed.link.secret, name: 'Bob' }),
    ).toMatchObject({ status: 200 });
  });

  it('makes a link without a relay only when told its address', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    await relay.end('SIGKILL');
    const without = await runCli('link', 'create', '--data', data, '--room', 'r');
    expect(without).toMatchObject({ code: 1, stdout: '' });
    expect(without.stderr).toContain('--public-url');
    const { stdout } = await runCli(
      'link',
      'create',
      '--data',
      data,
      '--room',
      'r',
      '--public-url',
      'https://tutti.example.org/',
    );
    expect(stdout).toMatch(/^https:\/\/tutti\.example\.org\/join\/r#[\w-]{43}\n$/);
  });

  it('works on a data folder with loose permissions, and keeps its own files tight', async () => {
    const data = temporaryFolder();
    chmodSync(data, 0o755);
    await tokenFor(data, 'r');
    for (const file of ['relay-key.json', 'relay.db']) expect(statSync(join(data, file)).mode & 0o077).toBe(0);
  });
});
