import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { createTypist } from '../testing/raw-client.ts';
import { readRange } from '../testing/read-range.ts';
import { runCli, startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { openWebSocket } from '../testing/websocket-client.ts';
import { Archiver } from './archiver.ts';
import { FolderSegmentStore } from './folder.ts';
import { SegmentReader } from './segment-reader.ts';
import { SegmentedUpdateLog } from './segmented-update-log.ts';
import { openSqliteStorage } from './sqlite.ts';

const PROGRAM = fileURLToPath(new URL('../testing/archiving-process.ts', import.meta.url));
const KILLS = 10;

function openArchive(folder: string) {
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  const store = new FolderSegmentStore(join(folder, 'segments'));
  const scheduler = new ManualScheduler();
  const reader = new SegmentReader(store, scheduler);
  onTestFinished(() => {
    reader.dispose();
    storage.dispose();
  });
  return { storage, store, scheduler, log: new SegmentedUpdateLog(storage.log, storage.segments, reader) };
}

it('loses and doubles nothing when it is killed while it archives, again and again', async () => {
  const key = { tenant: 't', room: 'r', document: 'd' };
  const folder = temporaryFolder();
  const random = createSeededRandom(1);
  const acked = new Map<string, number>();
  let errors = '';
  for (let life = 1; life <= KILLS; life++) {
    const child = spawn(process.execPath, [PROGRAM, folder, `life-${life}`], { stdio: ['ignore', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'close');
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [sessionId = '', clientSeq = ''] = line.split(' ');
      acked.set(sessionId, Number(clientSeq));
    });
    const untilAcked = 200 + random.below(600);
    const isYoung = () => (acked.get(`life-${life}`) ?? 0) < untilAcked && child.exitCode === null;
    while (isYoung()) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, random.below(20)));
    child.kill('SIGKILL');
    await ended;
  }
  expect(errors).toBe('');
  const { storage, store, scheduler, log } = openArchive(folder);
  // What the last crash has left is removed by whoever comes next.
  scheduler.advance(Date.now() + 60_000);
  const services = { log: storage.log, index: storage.segments, store, scheduler };
  const problems: unknown[] = [];
  const archiver = new Archiver(
    { ...services, reportProblem: (error) => problems.push(error) },
    { keptUpdates: 20, keptMs: 1, graceMs: 200, intervalMs: 1_000 },
  );
  scheduler.advance(1_000);
  await archiver.settled();
  archiver.dispose();
  expect(problems).toEqual([]);

  const headSeq = (await storage.log.readDocument(key))?.headSeq ?? 0;
  const found = new Map<string, number>();
  let count = 0;
  for await (const { seq, session, clientSeq, name, payload } of readRange(log, key, 1, headSeq)) {
    expect(seq).toBe(++count);
    expect(clientSeq).toBe((found.get(session.sessionId) ?? 0) + 1);
    found.set(session.sessionId, clientSeq);
    expect([session.subject, name]).toEqual([`subject of ${session.sessionId}`, `name of ${session.sessionId}`]);
    expect(Buffer.from(payload).toString()).toBe(`${session.sessionId} ${clientSeq}`);
  }
  expect(acked.size).toBe(KILLS);
  for (const [sessionId, clientSeq] of acked) expect(found.get(sessionId)).toBeGreaterThanOrEqual(clientSeq);
  const referenced: string[] = [];
  let segment = await storage.segments.findAfter(key, 0);
  while (segment) {
    referenced.push(segment.segmentId);
    segment = await storage.segments.findAfter(key, segment.toSeq);
  }
  expect(referenced.length).toBeGreaterThan(KILLS);
  expect((await store.list(key)).map(({ segmentId }) => segmentId).sort()).toEqual(referenced.sort());
});

it('is done by a relay, whose documents open as before and can be checked', async () => {
  const [old, kept] = [4_000, 2_050];
  const data = temporaryFolder();
  const token = await tokenFor(data, 'room');
  const key = { tenant: 'default', room: 'room', document: 'file' };
  const typist = createTypist(1);
  const before = openSqliteStorage(join(data, 'relay.db'));
  const updates = Array.from({ length: old + kept }, (_, index) => {
    const session = { subject: 'ada', sessionId: 'session-of-ada-00001' };
    return { session, clientSeq: index + 1, name: 'Ada', timeMs: 1, payload: typist.type('x') };
  });
  await before.log.append([{ key, epochWhenNew: 'first', updates }]);
  before.dispose();
  const relay = await startRelay('--data', data, '--archive-after-updates', '2000', '--archive-after', '1s');
  const bob = await openWebSocket(relay.url, 'room');
  bob.client.hello(token);
  await bob.until('welcome');
  bob.client.open(0, 'file');
  await bob.until('opened');
  const { storage, log } = openArchive(data);
  await expect
    .poll(() => storage.segments.findAfter(key, 0), { timeout: 60_000, interval: 250 })
    .toMatchObject({ fromSeq: 1, toSeq: old });
  const first = await storage.log.readUpdates(key, { afterSeq: 0, throughSeq: old + kept, maxBytes: 1 });
  expect(first.map(({ seq }) => seq)).toEqual([old + 1]);
  let count = 0;
  for await (const { session, timeMs } of readRange(log, key, 1, old + kept)) {
    expect([session.subject, timeMs]).toEqual(['ada', 1]);
    count++;
  }
  expect(count).toBe(old + kept);
  bob.client.open(1, 'file');
  await bob.until('opened', ({ handle }) => handle === 1);
  expect(bob.client.textOf(1)).toBe('x'.repeat(old + kept));
  const names = ['--data', data, '--room', 'room', '--document', 'file'];
  expect(await runCli('repair', ...names)).toMatchObject({ code: 0, stderr: '' });
  expect(relay.errors()).toBe('');
  expect(readdirSync(data)).toContain('segments');
});
