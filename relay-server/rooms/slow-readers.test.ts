import { describe, expect, it } from 'vitest';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';
import { StalledSocket } from '../testing/stalled-socket.ts';

async function setUp() {
  const relay = new RelayUnderTest();
  const ada = await relay.join('ada.editor');
  const slow = new StalledSocket();
  relay.core.accept(slow, 'room');
  slow.client.hello('slow.editor');
  await relay.settle();
  ada.client.open(1, 'file');
  slow.client.open(1, 'file');
  await relay.settle();
  await slow.drainAll();
  const typist = createTypist(1);
  let clientSeq = 0;
  const write = async (updates: number, bytes: number) => {
    for (let count = 0; count < updates; count++) ada.client.update(1, ++clientSeq, typist.type('x'.repeat(bytes)));
    await relay.advance(5);
  };
  return { relay, ada, slow, typist, write };
}

describe('a slow reader', () => {
  it('[DO6] is left out, told to open again once it reads, and then misses nothing', async () => {
    const { relay, ada, slow, typist, write } = await setUp();
    await write(60, 50_000);
    expect(slow.closes).toEqual([]);
    await slow.drainAll();
    expect(slow.client.last('document-closed')).toMatchObject({ handle: 1, reason: 'reopen' });
    const { epoch } = slow.client.last('opened');
    const seen = slow.client.all('update').length;
    expect(seen).toBeLessThan(60);
    // Nothing that it missed was promised to it.
    expect(slow.client.all('committed')).toEqual([]);
    slow.client.open(2, 'file', { epoch, afterSeq: slow.client.last('update').committedSeq });
    await relay.settle();
    await slow.drainAll();
    expect(slow.client.textOf(2)).toBe(typist.doc.getText('content').toString());
    await write(1, 10);
    await slow.drainAll();
    expect(slow.client.last('update').handle).toBe(2);
    expect(ada.client.last('ack').seq).toBe(61);
  });

  it('is told in full who came and went meanwhile', async () => {
    const { relay, slow, write } = await setUp();
    await write(60, 50_000);
    const bob = await relay.join('bob.editor');
    bob.client.send({ type: 'presence', state: new Uint8Array([1]) });
    const carl = await relay.join('carl.editor');
    await relay.advance(100);
    carl.pair.cut();
    await relay.advance(100);
    await slow.drainAll();
    const entries = slow.client.last('presence').entries;
    expect(entries.map(({ identity }) => identity?.subject)).toContain('bob');
    expect(entries).toContainEqual(
      expect.objectContaining({ presenceId: carl.client.last('welcome').presenceId, isGone: true }),
    );
  });

  it('[SY3] is promised no commit of a large edit before it has all of it', async () => {
    const { relay, slow, write } = await setUp();
    await write(1, 2_000_000);
    await relay.advance(300);
    await write(1, 5);
    await relay.advance(300);
    for (let round = 0; round < 3; round++) slow.drain();
    expect(slow.client.all('update').map(({ committedSeq }) => committedSeq)).toEqual([0]);
    expect(slow.client.all('committed')).toEqual([]);
    await slow.drainAll();
    expect(slow.client.all('update').map(({ payload }) => payload.byteLength > 1_000_000)).toEqual([false, true]);
    await relay.advance(300);
    await slow.drainAll();
    expect(slow.client.last('committed').seq).toBe(2);
  });

  it('is closed with 1013 when it takes nothing at all; the others go on', async () => {
    const { relay, ada, slow, write } = await setUp();
    await write(60, 50_000);
    for (let seconds = 0; seconds < 40; seconds += 5) {
      ada.client.send({ type: 'ping', nonce: seconds });
      slow.say({ type: 'ping', nonce: seconds });
      await relay.advance(5_000);
    }
    expect(slow.closes).toEqual([1013]);
    await write(1, 10);
    expect(ada.client.last('ack').seq).toBe(61);
  });
});
