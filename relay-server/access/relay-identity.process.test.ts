import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { systemScheduler } from '../../shared/lifecycle/index.ts';
import { runCli } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { IDENTITY_FILE, loadRelayIdentity } from './relay-identity.ts';
import { TokenAuthority } from './token-authority.ts';

const RACERS = 6;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('the key of a relay between processes', () => {
  it('is one for all that start on a fresh data folder at once', async () => {
    const data = join(temporaryFolder(), 'data');
    const results = await Promise.all(
      Array.from({ length: RACERS }, (_, index) => runCli('token', '--data', data, '--room', `room-${index}`)),
    );
    expect(results.map(({ code, stderr }) => [code, stderr])).toEqual(Array(RACERS).fill([0, '']));
    const identity = await loadRelayIdentity(data);
    const authority = new TokenAuthority(identity, systemScheduler);
    for (const [index, { stdout }] of results.entries()) {
      expect(decodeJwt(stdout.trim()).iss).toBe(identity.relayId);
      expect(await authority.verifyRoomToken(stdout.trim())).toMatchObject({ grant: { room: `room-${index}` } });
    }
    // Nothing half-made is left beside it.
    expect(readdirSync(data).filter((name) => name.startsWith(IDENTITY_FILE))).toEqual([IDENTITY_FILE]);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(data)) expect([name, statSync(join(data, name)).mode & 0o077]).toEqual([name, 0]);
  });

  it('stops the command line when others can read it, and is not changed', async () => {
    const data = temporaryFolder();
    await loadRelayIdentity(data);
    const path = join(data, IDENTITY_FILE);
    const before = readFileSync(path, 'utf8');
    chmodSync(path, 0o644);
    for (const args of [
      ['token', '--data', data, '--create-rooms'],
      ['serve', '--data', data, '--port', '0'],
    ]) {
      const { code, stdout, stderr } = await runCli(...args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^tutti-relay: [^\n]*chmod 600 [^\n]*\n$/);
    }
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('is not made in a folder that is none of a relay, and the folder within that is one is named', async () => {
    const outer = temporaryFolder();
    mkdirSync(join(outer, 'relay'));
    await loadRelayIdentity(join(outer, 'relay'));
    writeFileSync(join(outer, 'other'), '');
    for (const command of [
      ['token', '--create-rooms'],
      ['audit', '--room', 'r'],
      ['keys', 'rotate'],
    ]) {
      const { code, stdout, stderr } = await runCli(...command, '--data', outer);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(`give --data ${join(outer, 'relay')}`);
    }
    expect(readdirSync(outer).toSorted()).toEqual(['other', 'relay']);
    expect((await runCli('token', '--create-rooms', '--data', join(outer, 'relay'))).code).toBe(0);
  });

  it('stands in a folder that others may write to only with a warning', async () => {
    const data = temporaryFolder();
    chmodSync(data, 0o777);
    const { code, stdout, stderr } = await runCli('token', '--data', data, '--create-rooms');
    expect([code, stdout.split('\n').length]).toEqual([0, 2]);
    expect(stderr).toMatch(/^tutti-relay: [^\n]*chmod 700 [^\n]*\n$/);
  });
});

describe('npm run -s relay -- token', () => {
  it.each([[['--room', 'r', '--role', 'viewer', '--ttl', '1h']], [['--create-rooms', '--ttl', '30d']]])(
    'prints one line and nothing else: %j',
    async (args) => {
      const npm = ['run', '-s', 'relay', '--', 'token', '--data', temporaryFolder(), ...args];
      const { stdout, stderr } = await promisify(execFile)('npm', npm, { cwd: ROOT, timeout: 60_000 });
      expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
      expect(stderr).toBe('');
    },
  );
});
