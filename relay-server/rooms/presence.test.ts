import { describe, expect, it } from 'vitest';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

describe('presence', () => {
  it('[PR2] [PR3] stamps identities, sends everybody after welcome, and changes once per tick', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.owner');
    const bob = await relay.join('bob.viewer');
    const adaId = ada.client.last('welcome').presenceId;
    expect(bob.client.received[1]?.type).toBe('presence');
    expect(bob.client.all('presence')[0]?.entries).toContainEqual({
      presenceId: adaId,
      isGone: false,
      identity: { subject: 'ada', name: 'Name of ada', role: 'owner' },
      state: undefined,
    });
    await relay.advance(50);
    const heard = bob.client.all('presence').length;
    for (const value of [1, 2, 3]) ada.client.send({ type: 'presence', state: new Uint8Array([value]) });
    await relay.advance(50);
    expect(bob.client.all('presence').slice(heard)).toEqual([
      {
        type: 'presence',
        entries: [{ presenceId: adaId, isGone: false, identity: undefined, state: new Uint8Array([3]) }],
      },
    ]);
  });

  it('[PR4] tells the others when somebody is gone', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.owner');
    const bob = await relay.join('bob.viewer');
    await relay.advance(50);
    const adaId = ada.client.last('welcome').presenceId;
    ada.pair.cut();
    await relay.advance(50);
    expect(bob.client.last('presence').entries).toEqual([
      { presenceId: adaId, isGone: true, identity: undefined, state: undefined },
    ]);
  });

  it('[PR5] passes on how far others have stored a document, never further than it is', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor');
    const bob = await relay.join('bob.editor');
    for (const { client } of [ada, bob]) client.open(1, 'file');
    await relay.settle();
    ada.client.update(1, 1, createTypist(1).type('x'));
    await relay.advance(5);
    bob.client.send({ type: 'applied', handle: 1, seq: 99 });
    await relay.advance(50);
    const seen = [{ presenceId: bob.client.last('welcome').presenceId, seq: 1 }];
    expect(ada.client.all('seen')).toEqual([{ type: 'seen', handle: 1, entries: seen }]);
    expect(bob.client.all('seen')).toEqual([]);
    const carl = await relay.join('carl.editor');
    carl.client.open(4, 'file');
    await relay.settle();
    expect(carl.client.last('seen')).toEqual({ type: 'seen', handle: 4, entries: seen });
  });

  it('rooms know nothing of each other', async () => {
    const relay = new RelayUnderTest();
    const ada = await relay.join('ada.editor', undefined, 'one');
    const bob = await relay.join('bob.editor', undefined, 'two');
    for (const { client } of [ada, bob]) client.open(1, 'file');
    await relay.settle();
    ada.client.update(1, 1, createTypist(1).type('secret'));
    ada.client.send({ type: 'presence', state: new Uint8Array([1]) });
    await relay.advance(500);
    expect(bob.client.textOf(1)).toBe('');
    expect(
      bob.client.all('presence').flatMap(({ entries }) => entries.map(({ identity }) => identity?.subject)),
    ).not.toContain('ada');
    expect(bob.client.all('update')).toEqual([]);
  });
});
