import { setTimeout as pause } from 'node:timers/promises';
import { typedUpdates } from '../load/typing.ts';
import type { Stage } from '../stage.ts';
import { type Figures, type FigureDefinition, GENERATOR_FIGURE, generatorLoad, type Work } from '../work.ts';

const ROOM_SIZE = 4;
const WARM_UP_ROOM = 'warm-up';
const WARM_UP_MS = 3_000;
const SETTLE_SAMPLES = 10;
const SAMPLE_INTERVAL_MS = 500;
const MIB = 2 ** 20;

/** The lowest of several readings: garbage that is collected meanwhile does not count. */
async function readSettledMemory({ server, isQuick }: Stage): Promise<{ rssBytes: number; pssBytes: number }> {
  let [rssBytes, pssBytes] = [Infinity, Infinity];
  for (let sample = 0; sample < (isQuick ? 1 : SETTLE_SAMPLES); sample++) {
    await pause(SAMPLE_INTERVAL_MS);
    rssBytes = Math.min(rssBytes, server.rssBytes);
    pssBytes = Math.min(pssBytes, server.pssBytes);
  }
  return { rssBytes, pssBytes };
}

/** What a server loads with its first client and its first edit, threads among it, is no cost of a connection. */
async function warmUp(stage: Stage, id: number): Promise<void> {
  const [client] = await stage.joinAll([{ room: WARM_UP_ROOM, id }]);
  for (const update of typedUpdates(id, 1)) client?.sendUpdate(update);
  await pause(stage.size(WARM_UP_MS, 100));
  client?.close();
}

async function holdIdle(stage: Stage, steps: readonly number[], watchSeconds: number): Promise<Figures> {
  const total = steps.at(-1) ?? 0;
  const roomOf = (index: number) => `idle-${Math.floor(index / ROOM_SIZE)}`;
  const rooms = Array.from({ length: Math.ceil(total / ROOM_SIZE) }, (_, index) => roomOf(index * ROOM_SIZE));
  await stage.start([WARM_UP_ROOM, ...rooms]);
  await warmUp(stage, total + 1);
  const before = await readSettledMemory(stage);
  const figures: Record<string, number> = {};
  let connected = 0;
  let connectMs = 0;
  for (const step of steps) {
    const requests = Array.from({ length: step - connected }, (_, index) => ({
      room: roomOf(connected + index),
      id: connected + index + 1,
    }));
    const usage = await stage.measure(async () => {
      await stage.joinAll(requests);
    });
    connectMs += usage.wallMs;
    connected = step;
    const { rssBytes, pssBytes } = await readSettledMemory(stage);
    figures['rssPerConnection'] = (rssBytes - before.rssBytes) / step / 1_024;
    figures['pssPerConnection'] = (pssBytes - before.pssBytes) / step / 1_024;
    figures['rss'] = rssBytes / MIB;
    figures[`rssPerConnection@${step}`] = figures['rssPerConnection'];
  }
  const watching = await stage.measure(() => pause(watchSeconds * 1_000));
  const idleCpuPercent = (watching.serverCpuMs / watching.wallMs) * 100;
  return {
    connections: connected,
    connectSeconds: connectMs / 1_000,
    ...figures,
    idleCpuPercent,
    ...generatorLoad(watching),
  };
}

const FIGURES: readonly FigureDefinition[] = [
  { key: 'pssPerConnection', label: 'the same with its share of shared memory (PSS)', unit: 'KiB' },
  { key: 'rss', label: 'memory of the server (RSS)', unit: 'MiB' },
  { key: 'idleCpuPercent', label: 'server CPU for heartbeats', unit: '%' },
  { key: 'connectSeconds', label: 'time to connect all', unit: 's' },
  GENERATOR_FIGURE,
];

export const idle: Work = {
  name: 'idle',
  title: '4,000 idle connections',
  rounds: 2,
  figures: [
    { key: 'rssPerConnection', label: 'memory per connection (RSS)', unit: 'KiB', aim: { kind: 'ratio', atMost: 0.6 } },
    ...FIGURES,
  ],
  run: (stage) => holdIdle(stage, [stage.size(4_000, 40)], stage.size(15, 1)),
};

/** How many files a process may have open here, less what a server needs besides its connections. */
function mostConnections(): number {
  const report = process.report.getReport();
  const limit = readOpenFilesLimit(report);
  return Math.min(20_000, Math.floor((limit - 100) / 100) * 100);
}

function readOpenFilesLimit(report: object): number {
  const limits: unknown = Reflect.get(report, 'userLimits');
  const files: unknown = typeof limits === 'object' && limits !== null ? Reflect.get(limits, 'open_files') : undefined;
  const hard: unknown = typeof files === 'object' && files !== null ? Reflect.get(files, 'hard') : undefined;
  return hard === 'unlimited' ? Infinity : Number(hard);
}

const QUICK_STEPS = [20, 60];
const STEPS = [1_000, 5_000, 10_000, mostConnections()];

export const manyIdle: Work = {
  name: 'many-idle',
  title: '20,000 idle connections in one process',
  rounds: 1,
  figures: [
    { key: 'connections', label: 'connections held', unit: '' },
    { key: 'rssPerConnection', label: 'memory per connection (RSS)', unit: 'KiB' },
    ...FIGURES,
    ...STEPS.map((step) => ({
      key: `rssPerConnection@${step}`,
      label: 'memory per connection (RSS)',
      unit: 'KiB',
      size: `${step.toLocaleString('en')} connections`,
    })),
  ],
  run: (stage) => holdIdle(stage, stage.isQuick ? QUICK_STEPS : STEPS, stage.size(30, 1)),
};
