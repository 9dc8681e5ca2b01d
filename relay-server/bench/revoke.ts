import { rmSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.ts';
import { killServers } from './processes/server-process.ts';
import { gather, revokeAllAtOnce, revokeOneByOne, type Samples } from './revocation/measure.ts';
import { TwoNodes } from './revocation/two-nodes.ts';
import { percentile, rounded } from './statistics.ts';

// Measures how long it takes from the request with which an owner takes access back to the closed socket. Prints a JSON
// line for each case, and keeps the table in README.md.

const README = fileURLToPath(new URL('README.md', import.meta.url));
const BEGIN = '<!-- revocation: written by the bench -->';
const END = '<!-- end of the revocation -->';
const USAGE = 'usage: npm run bench -- revoke [--quick]';
const WITH_REDIS_MS = 500;
const WITHOUT_REDIS_MS = 6_000;

interface Figure {
  readonly what: string;
  readonly where: string;
  readonly redis: string;
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly aimMs: number;
  readonly load: number;
}

const folder = await mkdtemp(join(tmpdir(), 'tutti-bench-'));

function cleanUp(): void {
  killServers();
  rmSync(folder, { recursive: true, force: true });
}

function toFigures(what: string, redis: 'up' | 'down', { sameNodeMs, otherNodeMs }: Samples): readonly Figure[] {
  const aimMs = redis === 'up' ? WITH_REDIS_MS : WITHOUT_REDIS_MS;
  return [
    { where: 'the same node', samplesMs: sameNodeMs },
    { where: 'the other node', samplesMs: otherNodeMs },
  ].map(({ where, samplesMs }) => ({
    what,
    where,
    redis,
    samples: samplesMs.length,
    p50Ms: rounded(percentile(samplesMs, 0.5)),
    p99Ms: rounded(percentile(samplesMs, 0.99)),
    maxMs: rounded(Math.max(...samplesMs)),
    aimMs,
    load: rounded(loadavg()[0] ?? Number.NaN),
  }));
}

async function measure(isQuick: boolean): Promise<readonly Figure[]> {
  const nodes = await TwoNodes.start(folder);
  const [connections, singles, singlesWithoutRedis] = isQuick ? [20, 4, 2] : [1_000, 200, 60];
  const figures: Figure[] = [];
  const add = (more: readonly Figure[]) => {
    for (const figure of more) print({ bench: 'revoke', connections, ...figure });
    figures.push(...more);
  };
  try {
    const first = await gather(nodes, 'with-redis', connections);
    add(toFigures('one person', 'up', await revokeOneByOne(nodes, first, { count: singles, spreadMs: 100 })));
    add(toFigures('everybody of a link', 'up', await revokeAllAtOnce(nodes, first)));
    const second = await gather(nodes, 'without-redis', connections);
    await nodes.redis.kill();
    add(
      toFigures(
        'one person',
        'down',
        await revokeOneByOne(nodes, second, { count: singlesWithoutRedis, spreadMs: 1_000 }),
      ),
    );
    add(toFigures('everybody of a link', 'down', await revokeAllAtOnce(nodes, second)));
    return figures;
  } finally {
    await nodes.dispose();
  }
}

async function writeFigures(figures: readonly Figure[]): Promise<void> {
  const text = await readFile(README, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${README} lacks the markers ${BEGIN} and ${END}`);
  const rows = figures.map(({ what, where, redis, samples, p50Ms, p99Ms, maxMs, aimMs, load }) => {
    const isMet = p99Ms < aimMs ? 'yes' : '**no**';
    return `| ${what} | ${where} | ${redis} | ${samples} | ${p50Ms} ms | ${p99Ms} ms | ${maxMs} ms | p99 < ${aimMs} ms | ${isMet} | ${load} |`;
  });
  const table = [
    `${describeMachine()}, ${new Date().toISOString().slice(0, 10)}`,
    '',
    '| taken back | connections on | Redis | samples | p50 | p99 | max | aim | met | load average |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: |',
    ...rows,
  ].join('\n');
  await writeFile(README, `${text.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${text.slice(end)}`);
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    cleanUp();
    process.exit(130);
  });
}
try {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
  if (process.platform !== 'linux') throw new TypeError('This bench runs its servers on Linux only.');
  print({ machine: describeMachine(), load: loadavg() });
  const figures = await measure(values.quick);
  if (!values.quick) await writeFigures(figures);
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n${USAGE}` : error);
  process.exitCode = error instanceof TypeError ? 2 : 1;
} finally {
  cleanUp();
}
