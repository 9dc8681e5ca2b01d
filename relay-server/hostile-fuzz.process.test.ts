import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { readFuzzOptions } from '../shared/testing/fuzz-options.ts';
import { createSeededRandom } from '../shared/testing/seeded-random.ts';
import { clientMessageCodec } from '../shared/protocol/index.ts';
import type { AttackerOptions, AttackerReport } from './testing/hostile/attacker.ts';
import { encodeRaw, rawMessages } from './testing/hostile/hostile-frames.ts';
import { RestrictedGuest } from './testing/hostile/restricted-guest.ts';
import { QuietPair, quantile } from './testing/quiet-pair.ts';
import { runCli, startRelay, tokenFor } from './testing/relay-process.ts';
import { temporaryFolder } from './testing/relay-under-test.ts';
import { openWebSocket } from './testing/websocket-client.ts';

const ATTACKER = fileURLToPath(new URL('testing/hostile/attacker.ts', import.meta.url));
const { seeds, operations } = readFuzzOptions({ seedCount: 1, operations: 10_000 });
const UNLIMITED = ['--max-requests', '9999999', '--max-failures', '9999999'];
/** What is not needed must be collected, or there is no room for what is. */
const TIGHT_HEAP = '--max-semi-space-size=4 --max-old-space-size=128';
/** After the first fifth everything is compiled and every cache is filled. */
const WARM_UP_SHARE = 0.2;
const MAX_GROWTH_BYTES = 64 * 2 ** 20;
const MAX_LATENCY_MS = 1_000;
const QUIET_MS = 2_000;
const DOCUMENTS = ['index', 'comments', 'chat', 'file', 'file-2', 'other'];

async function attack(options: AttackerOptions, onReport: (report: AttackerReport) => void): Promise<void> {
  const child = spawn(process.execPath, [ATTACKER, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  createInterface({ input: child.stdout }).on('line', (line) => onReport(JSON.parse(line) as AttackerReport));
  const [code] = (await once(child, 'exit')) as [number | null];
  expect([code, errors]).toEqual([0, '']);
}

it('mutates messages that are well-formed to begin with', () => {
  const messages = rawMessages(createSeededRandom(1), 'a.b.c');
  for (const [type, message] of Object.entries(messages))
    expect(clientMessageCodec.decode(encodeRaw(message))).toMatchObject({ type });
});

it.each(seeds)(
  'whatever is sent to a relay, it lives, grows not, and others do not notice (seed %i)',
  { timeout: 30_000 + operations * 30 },
  async (seed) => {
    vi.stubEnv('NODE_OPTIONS', TIGHT_HEAP);
    onTestFinished(() => void vi.unstubAllEnvs());
    const data = temporaryFolder();
    const relay = await startRelay('--data', data, ...UNLIMITED);
    const roles = ['editor', 'owner', 'viewer', 'commenter'];
    const tokens = await Promise.all(roles.map((role) => tokenFor(data, 'hostile', role, '--subject', role)));
    const link = await runCli('link', 'create', '--data', data, '--room', 'hostile', '--role', 'editor');
    const secret = /#([\w-]{20,})/.exec(link.stdout)?.[1] ?? '';
    expect(secret).not.toBe('');
    const pair = await QuietPair.join(relay.url, 'quiet', [
      await tokenFor(data, 'quiet'),
      await tokenFor(data, 'quiet'),
    ]);
    const guest = await RestrictedGuest.join(relay.url, data, 'hostile');
    pair.start();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const before = pair.takeLatencies();
    let warmBytes: number | undefined;
    let last: AttackerReport = { sent: 0, outcomes: {} };
    const startMs = performance.now();
    await attack({ url: relay.url, room: 'hostile', secret, tokens, data, seed, operations }, (report) => {
      last = report;
      if (report.sent >= operations * WARM_UP_SHARE) warmBytes ??= readRssBytes(relay.pid);
    });
    const seconds = (performance.now() - startMs) / 1_000;
    const during = pair.takeLatencies();
    const { typed, read } = await pair.stop();
    const grownBytes = readRssBytes(relay.pid) - (warmBytes ?? 0);
    console.log(
      `${last.sent} in ${seconds.toFixed(1)} s; latency p99 ${quantile(before, 0.99).toFixed(1)} ms before, ` +
        `${quantile(during, 0.99).toFixed(1)} ms during, at most ${Math.max(...during).toFixed(0)} ms; ` +
        `memory ${mebibytes(warmBytes ?? 0)} MiB + ${mebibytes(grownBytes)} MiB; ${JSON.stringify(last.outcomes)}`,
    );
    expect(last.sent).toBeGreaterThanOrEqual(operations);
    expect(relay.errors()).toBe('');
    expect(read).toBe(typed);
    expect(quantile(during, 0.99)).toBeLessThan(MAX_LATENCY_MS);
    expect(warmBytes).toBeGreaterThan(0);
    expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES);
    expect(Object.keys(last.outcomes).filter((outcome) => outcome.startsWith('http 5'))).toEqual([]);
    await expectReadable(relay.url, await tokenFor(data, 'hostile', 'viewer'));
    await guest.readList();
    guest.end();
    expect(await relay.end('SIGTERM')).toBe(0);
    expect(relay.errors()).toBe('');
  },
);

/** Whatever was let through is something that every client can read. */
async function expectReadable(url: string, token: string): Promise<void> {
  const reader = await openWebSocket(url, 'hostile');
  reader.client.hello(token, 'session-of-a-reader');
  await reader.until('welcome');
  for (const [index, document] of DOCUMENTS.entries()) {
    reader.client.open(index + 1, document);
    await reader.until('sync', ({ handle, isLast }) => handle === index + 1 && isLast);
    expect(() => reader.client.textOf(index + 1)).not.toThrow();
  }
}

function readRssBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN) * 1_024;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
