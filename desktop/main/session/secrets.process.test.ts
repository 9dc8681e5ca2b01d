import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { operatorToken, RelayProcess, shareLink } from '../../testing/relay-process.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startTestRelay } from '../testing/test-relay.ts';
import { KnownRooms } from '../store/known-rooms.ts';

const SESSION = resolve('desktop/main/testing/session-process.ts');
const JWT = /eyJ[\w-]{8,}/;

it('the app writes no secret and no token, whatever relays and links do', async () => {
  const data = temporaryFolder();
  const [folder, app] = [join(data, 'project'), join(data, 'app')];
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.txt'), 'a\n');
  const relay = await startTestRelay(join(data, 'relay'));
  const operator = await operatorToken(relay.dataFolder);
  const good = await shareLink(relay.dataFolder, 'theirs', 'editor');
  const unknown = `${good.slice(0, -8)}AAAAAAAA`;
  const elsewhere = good.replace(/^http:\/\/[^/]+/, 'http://127.0.0.1:9');
  const links = [
    good,
    unknown,
    elsewhere,
    `${good}?x=1`,
    good.replace('/join/', '/jion/'),
    `${good}%`,
    good.slice(-43),
  ];
  const child = spawn(process.execPath, [SESSION, app, relay.url, folder], {
    env: { ...process.env, TUTTI_OPERATOR_TOKEN: operator, LINKS: links.join('\n') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  await expect.poll(() => output, { timeout: 60_000 }).toContain('ready\n');
  expect(output).toContain('opened\njoined\n');
  expect(output.match(/not joined: /g)).toHaveLength(links.length - 1);
  // The relay dies, and another one, which knows nobody, answers at its address.
  await relay.stop('SIGKILL');
  rmSync(relay.dataFolder, { recursive: true });
  const stranger = await RelayProcess.start(join(data, 'stranger'), { port: relay.port });
  onTestFinished(() => stranger.stop('SIGKILL'));
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);

  const known = new KnownRooms(join(app, 'tutti.sqlite'), undefined, Date.now());
  const own = known.find(folder);
  known.close();
  const ownerSecret = own.kind === 'known' ? own.known.ownerSecret : '';
  const secrets = [
    ownerSecret,
    operator,
    operator.split('.')[2] ?? '',
    ...[good, unknown].map((link) => link.split('#')[1] ?? ''),
  ];
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(20);
    expect(output).not.toContain(secret);
    expect(output).not.toContain(encodeURIComponent(secret));
  }
  expect(JWT.exec(output)).toBeNull();
});
