import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { shareFolder, whenFiles, writeFiles } from './testing/mirroring.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';
import { startTestRelay } from './testing/test-relay.ts';

const MAIN = resolve('desktop/main/headless.ts');

/** Tutti without a window. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } });
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, said }));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const stop = async () => {
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  };
  return { ended, stop, said: () => said };
}

/** Ana shares a folder, and Ben mirrors it without a window. */
async function mirrored() {
  const shared = await shareFolder({ 'a.txt': 'a\n' });
  const state = temporaryFolder();
  const mine = join(state, 'mine');
  const args = ['--relay', shared.relay.url, '--data', join(state, 'data'), '--join', shared.link, '--mirror', mine];
  const ben = start(args);
  await whenFiles(mine, { 'a.txt': 'a\n' });
  const putOut = async () => {
    expect(await shared.host.administration.revoke({ kind: 'all' })).toMatchObject({ ok: true });
  };
  const proposals = async () => {
    const listed = await shared.host.administration.listProposals();
    return listed.ok ? listed.value.length : undefined;
  };
  return { ...shared, mine, args, ben, putOut, proposals };
}

it('says that a guest was put out, and that the folder does not follow the room any more', async () => {
  const { mine, ben, putOut, proposals } = await mirrored();
  await putOut();
  const { code, said } = await ben.ended;
  expect(code).toBe(1);
  expect(said).toMatch(/taken back.*does not follow the room any more/);
  expect(said).toContain(mine);
  expect(await proposals()).toBe(0);
});

it('proposes what a guest who was put out had changed in the folder before', async () => {
  const { mine, args, ben, putOut, proposals } = await mirrored();
  await ben.stop();
  appendFileSync(join(mine, 'a.txt'), 'by Ben\n');
  await putOut();
  const { code, said } = await start(args).ended;
  expect(code).toBe(1);
  expect(said).toMatch(/taken back.*They were sent to its owners as a proposal\./);
  expect(await proposals()).toBe(1);
  expect(readFileSync(join(mine, 'a.txt'), 'utf8')).toBe('a\nby Ben\n');
});

it('says to owner and guest that the relay has lost the room, and where what they have is', async () => {
  const { relay, mine, folder, ana, ben } = await mirrored();
  await ana.quit();
  const host = start(['--relay', relay.url, '--data', ana.data, folder]);
  writeFileSync(join(folder, 'a.txt'), 'a, by Ana\n');
  await whenFiles(mine, { 'a.txt': 'a, by Ana\n' });
  await relay.stop('SIGKILL');
  rmSync(relay.dataFolder, { recursive: true });
  appendFileSync(join(mine, 'a.txt'), 'by Ben\n');
  await startTestRelay(relay.dataFolder, relay.port);
  const [owner, guest] = await Promise.all([host.ended, ben.ended]);
  expect([owner.code, guest.code]).toEqual([1, 1]);
  expect(owner.said).toMatch(/does not have this room any more.*kept on this device.*TUTTI_OPERATOR_TOKEN/);
  expect(guest.said).toMatch(/on this device only/);
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('a, by Ana\n');
  expect(readFileSync(join(mine, 'a.txt'), 'utf8')).toBe('a, by Ana\nby Ben\n');
});

it('names files to the terminal without what would drive it', async () => {
  const { relay, folder, ana } = await shareFolder({ 'a.txt': 'a\n' });
  await ana.quit();
  const hostile = 'evil\u001b[31m.txt';
  writeFileSync(join(folder, hostile), 'red\n');
  const host = start(['--relay', relay.url, '--data', ana.data, folder]);
  await expect.poll(() => host.said(), { timeout: 30_000 }).toContain('evil\\x1b[31m.txt');
  expect(host.said()).not.toContain('\u001b');
  await host.stop();
});

it('ends amid thousands of files, long before it is through with them, and goes on with them at the next start', async () => {
  const { relay, mine, args, folder, ana, ben } = await mirrored();
  await ana.quit();
  const files = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`${n % 30}/${n}.txt`, `file ${n}\n`]));
  writeFiles(folder, files);
  const hostArgs = ['--relay', relay.url, '--data', ana.data, folder];
  const host = start(hostArgs);
  const count = () => readdirSync(mine, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).length;
  await expect.poll(count, { timeout: 30_000, interval: 50 }).toBeGreaterThan(100);
  const [missing, stopsAtMs] = [3_001 - count(), performance.now()];
  await Promise.all([host.stop(), ben.stop()]);
  const stoppingMs = performance.now() - stopsAtMs;
  // Most of what is left is left for the next start.
  expect(3_001 - count()).toBeGreaterThan(missing / 2);

  const startsAtMs = performance.now();
  start(hostArgs);
  start(args);
  await expect.poll(count, { timeout: 60_000, interval: 500 }).toBe(3_001);
  // However fast this machine is: it waited for nothing on the way.
  expect(stoppingMs).toBeLessThan(performance.now() - startsAtMs);
  await whenFiles(mine, { 'a.txt': 'a\n', ...files });
});
