import { describe, expect, it } from 'vitest';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

const AMPLE = { capacity: 1_000_000, refillPerSecond: 1_000 };

describe('a crowded node', () => {
  it('takes no more connections of a tenant than it may have, until one leaves', async () => {
    const relay = new RelayUnderTest({ tenantLimits: { connections: 2, updates: AMPLE, updateBytes: AMPLE } });
    const ada = await relay.join('ada.editor');
    await relay.join('bob.editor', undefined, 'another-room');
    const carl = await relay.join('carl.editor');
    expect(carl.closes).toEqual([1013]);
    expect(carl.client.last('goodbye').retryAfterMs).toBeGreaterThan(0);
    ada.pair.cut();
    await relay.settle();
    const again = await relay.join('carl.editor');
    expect(again.client.last('welcome').subject).toBe('carl');
  });

  it('limits how fast all people of a tenant write together, without losing anything', async () => {
    const updates = { capacity: 4, refillPerSecond: 1 };
    const relay = new RelayUnderTest({ tenantLimits: { connections: 9, updates, updateBytes: AMPLE } });
    const ada = await relay.join('ada.editor');
    const bob = await relay.join('bob.editor');
    for (const [index, { client }] of [ada, bob].entries()) {
      client.open(1, 'file');
      await relay.settle();
      const typist = createTypist(index + 1);
      for (let clientSeq = 1; clientSeq <= 3; clientSeq++) client.update(1, clientSeq, typist.type('x'));
    }
    await relay.advance(5);
    expect(ada.client.all('refused')).toEqual([]);
    expect(bob.client.all('refused').map(({ clientSeq, reason }) => [clientSeq, reason])).toEqual([
      [2, 'rate-limited'],
      [3, 'rate-limited'],
    ]);
  });

  it('lets only so many wait to be let in at once', async () => {
    const relay = new RelayUnderTest({ maxWaiting: 2 });
    const [first, , third] = [relay.connect(), relay.connect(), relay.connect()];
    await relay.settle();
    expect([first?.closes, third?.closes]).toEqual([[], [1013]]);
    first?.client.hello('ada.editor');
    await relay.settle();
    const fourth = relay.connect();
    await relay.settle();
    expect(fourth.closes).toEqual([]);
  });

  it('[VH1] takes little from somebody who is not let in yet', async () => {
    const relay = new RelayUnderTest({
      doorkeeper: { admit: () => new Promise(() => {}) },
    });
    const { client, closes } = relay.connect();
    client.hello('ada.editor');
    for (let count = 0; count < 40; count++) client.send({ type: 'ping', nonce: count });
    await relay.settle();
    expect(closes).toEqual([4409]);
  });
});
