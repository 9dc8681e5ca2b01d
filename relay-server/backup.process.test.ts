import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createTypist } from './testing/raw-client.ts';
import { runCli, startRelay, tokenFor } from './testing/relay-process.ts';
import { temporaryFolder } from './testing/relay-under-test.ts';
import { openWebSocket } from './testing/websocket-client.ts';

const DOCUMENT = 'file';

async function openDocument(url: string, token: string, sessionId?: string) {
  const socket = await openWebSocket(url, 'room');
  socket.client.hello(token, sessionId);
  await socket.until('welcome');
  socket.client.open(1, DOCUMENT);
  await socket.until('sync', ({ isLast }) => isLast);
  return socket;
}

describe('a backup', () => {
  it('made while people type has everything that was acked before, and can be served as it is', async () => {
    const [data, folder] = [temporaryFolder(), temporaryFolder()];
    const copy = join(folder, 'copy');
    const relay = await startRelay('--data', data);
    const token = await tokenFor(data, 'room');
    const { client, until } = await openDocument(relay.url, token);
    const typist = createTypist(1);
    let typed = 0;
    const type = (count: number) => {
      for (let edit = 0; edit < count; edit++) client.update(1, ++typed, typist.type('x'));
    };
    // More than a snapshot waits for.
    type(5_000);
    const { clientSeq } = await until('ack', (ack) => ack.clientSeq === typed);
    const typing = setInterval(() => type(5), 5);
    const made = await runCli('backup', '--data', data, '--to', copy);
    clearInterval(typing);
    expect([made.code, made.stderr]).toEqual([0, '']);
    expect(made.stdout).toContain(copy);
    expect(statSync(copy).mode & 0o077).toBe(0);
    for (const file of ['relay.db', 'relay-key.json']) expect(statSync(join(copy, file)).mode & 0o077).toBe(0);

    const restored = await startRelay('--data', copy);
    // The key is the same, so that the token counts.
    const reader = await openDocument(restored.url, token, 'session-of-the-reader');
    const { length } = reader.client.textOf(1);
    expect(length).toBeGreaterThanOrEqual(clientSeq);
    expect(length).toBeLessThanOrEqual(typed);
  });

  it('is on the disk when it is said to be made', async () => {
    const [data, folder] = [temporaryFolder(), temporaryFolder()];
    await tokenFor(data, 'room');
    for (const objects of ['snapshots', 'segments']) {
      mkdirSync(join(data, objects, 'aa', 'document'), { recursive: true });
      for (const name of ['one', 'two']) writeFileSync(join(data, objects, 'aa', 'document', name), name);
    }
    const trace = join(folder, 'trace.json');
    vi.stubEnv('NODE_OPTIONS', `--trace-event-categories=node.fs.async --trace-event-file-pattern=${trace}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const copy = join(folder, 'copy');
    expect(await runCli('backup', '--data', data, '--to', copy)).toMatchObject({ code: 0, stderr: '' });
    const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as { traceEvents: { name: string; ph: string }[] };
    const begun = traceEvents.filter(({ ph }) => ph === 'b').map(({ name }) => name);
    const renamed = begun.lastIndexOf('rename');
    const syncs = (calls: readonly string[]) => calls.filter((name) => name === 'fsync').length;
    // Each file and folder in it but the database, which is synced elsewhere, and the folder itself.
    expect(syncs(begun.slice(0, renamed))).toBe(readdirSync(copy, { recursive: true }).length);
    // The folder that it is in.
    expect(syncs(begun.slice(renamed))).toBe(1);
  });

  it('leaves alone what is there, and says what is wrong', async () => {
    const [data, folder] = [temporaryFolder(), temporaryFolder()];
    const refusalOf = async (target: string) => {
      const { code, stdout, stderr } = await runCli('backup', '--data', data, '--to', target);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).not.toContain('    at ');
      return stderr;
    };
    expect(await refusalOf(join(folder, 'copy'))).toContain('There is no database');
    await tokenFor(data, 'room');
    writeFileSync(join(folder, 'other'), 'kept');
    expect(await refusalOf(folder)).toContain('is not empty');
    expect(await refusalOf(join(data, 'copy'))).toContain('outside of it');
    expect(await refusalOf(join(folder, 'other'))).toContain('is a file');
    expect(await refusalOf(join(folder, 'other', 'copy'))).toContain('could not be written');
    expect(readdirSync(folder)).toEqual(['other']);
  });
});

describe('a data folder whose database is gone', () => {
  it.each([
    ['truncated beside its journal', (data: string) => truncateSync(join(data, 'relay.db'), 0)],
    [
      'deleted beside its snapshots',
      (data: string) => {
        mkdirSync(join(data, 'snapshots/aa'), { recursive: true });
        for (const file of ['relay.db', 'relay.db-wal', 'relay.db-shm']) rmSync(join(data, file), { force: true });
      },
    ],
  ])('is not served, and keeps what is left: %s', async (_name, damage) => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    await openDocument(relay.url, await tokenFor(data, 'room'));
    await relay.end('SIGKILL');
    damage(data);
    const remains = () => readdirSync(data).filter((name) => !name.startsWith('serving.lock'));
    const before = remains();
    for (const command of [
      ['serve', '--port', '0'],
      ['audit', '--room', 'room'],
    ]) {
      const { code, stderr } = await runCli(...command, '--data', data);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/relay\.db is missing or empty, though.*Restore/)]);
    }
    expect(remains()).toEqual(before);
  });
});
