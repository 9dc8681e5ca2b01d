import { createLatencySamples, DeliveryMeter } from '../load/delivery-meter.ts';
import { paceEvenly, waitUntil } from '../load/pacing.ts';
import { typedUpdates } from '../load/typing.ts';
import type { Stage } from '../stage.ts';
import { percentile } from '../statistics.ts';
import { GENERATOR_FIGURE, generatorLoad, type Work } from '../work.ts';

const EDITS_PER_SECOND = 5;
const WARM_UP_SECONDS = 2;
const ARRIVED_WITHIN_MS = 30_000;

/** Which room each writer is in. */
function assignRooms(stage: Stage): string[] {
  const rooms: string[] = [];
  for (let pair = 0; pair < stage.size(50, 3); pair++) rooms.push(`pair-${pair}`, `pair-${pair}`);
  const [teams, teamSize] = [stage.size(5, 1), stage.size(20, 4)];
  for (let member = 0; member < teams * teamSize; member++) rooms.push(`team-${member % teams}`);
  return rooms;
}

export const typing: Work = {
  name: 'typing',
  title: '50 pairs and 5 rooms of 20, all typing 5/s',
  rounds: 5,
  figures: [
    {
      key: 'cpuUsPerDelivery',
      label: 'server CPU per delivered edit',
      unit: 'µs',
      aim: { kind: 'ratio', atMost: 0.6 },
    },
    { key: 'p50Ms', label: 'latency p50', unit: 'ms' },
    { key: 'p99Ms', label: 'latency p99', unit: 'ms', aim: { kind: 'ratio', atMost: 1 } },
    { key: 'bytesPerDelivery', label: 'bytes sent by the server per delivered edit', unit: 'B' },
    GENERATOR_FIGURE,
  ],
  async run(stage) {
    const rooms = assignRooms(stage);
    await stage.start([...new Set(rooms)]);
    const meter = new DeliveryMeter();
    const samples = createLatencySamples();
    const writers = await stage.joinAll(
      rooms.map((room, index) => ({ room, id: index + 1, onUpdate: meter.createReceiver(index + 1, samples) })),
    );
    const seconds = WARM_UP_SECONDS + stage.size(8, 1);
    const updates = writers.map((_, index) => typedUpdates(index + 1, seconds * EDITS_PER_SECOND));
    // Neighbours in time are of different rooms.
    const order = writers.map((_, index) => (index * 7919) % writers.length);
    const receivers = rooms.map((room) => rooms.filter((other) => other === room).length - 1);
    const perRound = receivers.reduce((sum, count) => sum + count, 0);
    let expected = 0;
    let step = 0;
    const type = async (forSeconds: number) => {
      await paceEvenly(forSeconds * EDITS_PER_SECOND * writers.length, EDITS_PER_SECOND * writers.length, () => {
        const index = order[step % writers.length] ?? 0;
        const update = updates[index]?.[Math.floor(step++ / writers.length)];
        if (!update) throw new Error('there are too few edits');
        meter.noteSent(index + 1);
        writers[index]?.sendUpdate(update);
      });
      expected += forSeconds * EDITS_PER_SECOND * perRound;
      const describe = () => `${meter.delivered} of ${expected} edits have arrived`;
      await waitUntil(() => meter.delivered >= expected, ARRIVED_WITHIN_MS, describe);
    };
    await type(WARM_UP_SECONDS);
    const deliveredBefore = meter.delivered;
    samples.latencyMs.length = 0;
    const bytes = () => writers.reduce((sum, { socket }) => sum + socket.bytesReceived, 0);
    const bytesBefore = bytes();
    const usage = await stage.measure(() => type(seconds - WARM_UP_SECONDS));
    const delivered = meter.delivered - deliveredBefore;
    return {
      cpuUsPerDelivery: (usage.serverCpuMs * 1_000) / delivered,
      p50Ms: percentile(samples.latencyMs, 0.5),
      p99Ms: percentile(samples.latencyMs, 0.99),
      bytesPerDelivery: (bytes() - bytesBefore) / delivered,
      ...generatorLoad(usage),
    };
  },
};
