import { createLatencySamples, DeliveryMeter } from '../load/delivery-meter.ts';
import { paceEvenly, waitUntil } from '../load/pacing.ts';
import { typedUpdates } from '../load/typing.ts';
import { percentile } from '../statistics.ts';
import { GENERATOR_FIGURE, generatorLoad, type Work } from '../work.ts';

const ROOM = 'flood';
const WRITER = 1;
const EDITS_PER_SECOND = 1_000;
const ARRIVED_WITHIN_MS = 60_000;

export const flood: Work = {
  name: 'flood',
  title: 'one writer flooding 200 readers with 1,000 edits a second',
  rounds: 3,
  figures: [
    { key: 'cpuUsPerDelivery', label: 'server CPU per delivered edit', unit: 'µs', aim: { kind: 'ratio', atMost: 1 } },
    { key: 'p50Ms', label: 'latency p50', unit: 'ms' },
    { key: 'p99Ms', label: 'latency p99', unit: 'ms' },
    { key: 'bytesPerDelivery', label: 'bytes sent by the server per delivered edit', unit: 'B' },
    GENERATOR_FIGURE,
  ],
  async run(stage) {
    const readerCount = stage.size(200, 10);
    const editCount = stage.size(2_000, 200);
    await stage.start([ROOM]);
    const meter = new DeliveryMeter();
    const samples = createLatencySamples();
    const updates = typedUpdates(WRITER, editCount);
    const readers = await stage.joinAll(
      Array.from({ length: readerCount }, (_, index) => {
        const id = WRITER + 1 + index;
        return { room: ROOM, id, onUpdate: meter.createReceiver(id, samples) };
      }),
    );
    const writer = await stage.join({ room: ROOM, id: WRITER });
    const expected = editCount * readerCount;
    const bytes = () => readers.reduce((sum, { socket }) => sum + socket.bytesReceived, 0);
    const bytesBefore = bytes();
    const usage = await stage.measure(async () => {
      await paceEvenly(editCount, EDITS_PER_SECOND, (index) => {
        const update = updates[index];
        if (!update) throw new Error('there are too few edits');
        meter.noteSent(WRITER);
        writer.sendUpdate(update);
      });
      const describe = () => `${meter.delivered} of ${expected} edits have arrived`;
      await waitUntil(() => meter.delivered >= expected, ARRIVED_WITHIN_MS, describe);
    });
    return {
      cpuUsPerDelivery: (usage.serverCpuMs * 1_000) / expected,
      p50Ms: percentile(samples.latencyMs, 0.5),
      p99Ms: percentile(samples.latencyMs, 0.99),
      bytesPerDelivery: (bytes() - bytesBefore) / expected,
      ...generatorLoad(usage),
    };
  },
};
