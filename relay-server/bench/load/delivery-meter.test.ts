import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { createLatencySamples, DeliveryMeter } from './delivery-meter.ts';
import { typedUpdates } from './typing.ts';

const AUTHOR = 1;
const READER = 2;

function type(meter: DeliveryMeter, count: number): readonly Uint8Array[] {
  const updates = typedUpdates(AUTHOR, count);
  for (const _ of updates) meter.noteSent(AUTHOR);
  return updates;
}

describe('DeliveryMeter', () => {
  it('counts each edit once, in whatever order and however often it comes', () => {
    const meter = new DeliveryMeter();
    const samples = createLatencySamples();
    const receive = meter.createReceiver(READER, samples);
    const updates = type(meter, 4);
    const [first, , third] = updates;
    for (const update of [third, first, third, Y.mergeUpdates([...updates])]) if (update) receive(update);
    expect([meter.delivered, samples.latencyMs.length]).toEqual([4, 4]);
  });

  it('leaves out what somebody has typed', () => {
    const meter = new DeliveryMeter();
    const receive = meter.createReceiver(AUTHOR, createLatencySamples());
    for (const update of type(meter, 2)) receive(update);
    expect(meter.delivered).toBe(0);
  });

  it('keeps samples of authors apart', () => {
    const meter = new DeliveryMeter();
    const [near, far] = [createLatencySamples(), createLatencySamples()];
    const receive = meter.createReceiver(READER, (author) => (author === AUTHOR ? far : near));
    for (const update of type(meter, 2)) receive(update);
    expect([near.latencyMs.length, far.latencyMs.length]).toEqual([0, 2]);
  });

  it('takes an acknowledgement for all edits up to it', () => {
    const meter = new DeliveryMeter();
    const samples = createLatencySamples();
    const noteAcked = meter.createAckListener(AUTHOR, samples);
    type(meter, 3);
    for (const count of [2, 1, 3]) noteAcked(count);
    expect(samples.latencyMs.length).toBe(3);
  });
});
