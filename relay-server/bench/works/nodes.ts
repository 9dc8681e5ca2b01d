import { SharedBackends } from '../cluster/shared-backends.ts';
import { type Seat, Typists } from '../load/typists.ts';
import type { Stage } from '../stage.ts';
import { percentile } from '../statistics.ts';
import type { FigureDefinition, Figures, Work } from '../work.ts';

const WARM_UP_SECONDS = 2;
const NODE_COUNTS = [1, 2, 3] as const;

/** Where the people of a room are: dealt out over all nodes, or on one, each room on the next one. */
const PLACEMENTS = [
  { name: 'apart', label: 'each room on all nodes' },
  { name: 'together', label: 'each room on one node' },
] as const;

type Placement = (typeof PLACEMENTS)[number]['name'];

function assignSeats(stage: Stage, nodeCount: number, placement: Placement): readonly Seat[] {
  const [pairs, teams, teamSize] = [stage.size(50, 3), stage.size(2, 1), stage.size(20, 4)];
  return Array.from({ length: pairs + teams }, (_, room) =>
    Array.from({ length: room < pairs ? 2 : teamSize }, (__, member) => ({
      room: `room-${room}`,
      node: (placement === 'apart' ? room + member : room) % nodeCount,
    })),
  ).flat();
}

const FIGURES: readonly FigureDefinition[] = [
  { key: 'relayUs', label: 'CPU of all relays per delivered edit', unit: 'µs' },
  { key: 'postgresUs', label: 'CPU of Postgres per edit', unit: 'µs' },
  { key: 'redisUs', label: 'CPU of Redis per edit', unit: 'µs' },
  { key: 'redisMessages', label: 'messages through Redis per edit', unit: '' },
  { key: 'redisBytes', label: 'bytes sent by Redis per edit', unit: 'B' },
  { key: 'sameP50Ms', label: 'latency within a node p50', unit: 'ms' },
  { key: 'sameP99Ms', label: 'latency within a node p99', unit: 'ms' },
  { key: 'otherP50Ms', label: 'latency across nodes p50', unit: 'ms' },
  { key: 'otherP99Ms', label: 'latency across nodes p99', unit: 'ms' },
  { key: 'ackP50Ms', label: 'until an edit is acked p50', unit: 'ms' },
  { key: 'ackP99Ms', label: 'until an edit is acked p99', unit: 'ms' },
  { key: 'processors', label: 'processors in use, the generator included', unit: '' },
];

async function measure(
  stage: Stage,
  backends: SharedBackends,
  { nodeCount, placement }: { readonly nodeCount: number; readonly placement: Placement },
): Promise<Figures> {
  const seats = assignSeats(stage, nodeCount, placement);
  await stage.startNodes(nodeCount, await backends.prepare([...new Set(seats.map(({ room }) => room))]));
  const typists = await Typists.seat(stage, seats, WARM_UP_SECONDS + stage.size(10, 1));
  await typists.type(WARM_UP_SECONDS);
  typists.forgetSamples();
  const [edits, deliveries] = [typists.edits, typists.deliveries];
  const before = await backends.readUsage();
  const usage = await stage.measure(() => typists.typeRest());
  const after = await backends.readUsage();
  const perEdit = (of: (backendUsage: typeof after) => number) => (of(after) - of(before)) / (typists.edits - edits);
  const backendCpuMs = after.cpuMs - before.cpuMs;
  const { sameNode, otherNode, ack } = typists.samples;
  return {
    relayUs: (usage.serverCpuMs * 1_000) / (typists.deliveries - deliveries),
    postgresUs: perEdit(({ postgresCpuMs }) => postgresCpuMs) * 1_000,
    redisUs: perEdit(({ redisCpuMs }) => redisCpuMs) * 1_000,
    redisMessages: perEdit(({ redisMessages }) => redisMessages),
    redisBytes: perEdit(({ redisSentBytes }) => redisSentBytes),
    ...latencies('same', sameNode.latencyMs),
    ...latencies('other', otherNode.latencyMs),
    ...latencies('ack', ack.latencyMs),
    processors: (usage.serverCpuMs + usage.generatorCpuMs + backendCpuMs) / usage.wallMs,
  };
}

/** Nothing when nobody is there to be reached. */
function latencies(name: string, samplesMs: readonly number[]): Figures {
  if (samplesMs.length === 0) return {};
  return { [`${name}P50Ms`]: percentile(samplesMs, 0.5), [`${name}P99Ms`]: percentile(samplesMs, 0.99) };
}

export const nodes: Work = {
  name: 'nodes',
  title: '50 pairs and 2 rooms of 20, all typing 5/s, on 1 to 3 nodes with Postgres, Redis and S3',
  rounds: 3,
  peers: ['tutti'],
  figures: PLACEMENTS.flatMap(({ name, label }) =>
    FIGURES.filter(({ key }) => name === 'apart' || !key.startsWith('other')).flatMap((figure) =>
      NODE_COUNTS.map((nodeCount) => ({
        ...figure,
        key: `${name}-${figure.key}@${nodeCount}`,
        label: `${label}: ${figure.label}`,
        size: nodeCount === 1 ? '1 node' : `${nodeCount} nodes`,
      })),
    ),
  ),
  async run(stage) {
    const backends = await SharedBackends.start();
    await stage.own(() => backends.dispose());
    const figures: Record<string, number> = {};
    for (const nodeCount of stage.isQuick ? NODE_COUNTS.slice(0, 2) : NODE_COUNTS) {
      let found: Figures | undefined;
      for (const { name } of PLACEMENTS) {
        // On a single node both are the same.
        if (nodeCount > 1 || !found) found = await measure(stage, backends, { nodeCount, placement: name });
        for (const [key, value] of Object.entries(found)) figures[`${name}-${key}@${nodeCount}`] = value;
      }
    }
    return figures;
  },
};
