import { describe, expect, it } from 'vitest';
import { LogFailure } from '../log/log-failure.ts';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';

async function start() {
  const relay = new RelayUnderTest();
  const ada = await relay.join('ada.editor');
  for (const [handle, name] of ['one', 'two'].entries()) {
    ada.client.open(handle + 1, name);
    await relay.settle();
    ada.client.update(handle + 1, 1, createTypist(handle + 1).type('x'));
  }
  await relay.advance(300);
  const epochs = ada.client.all('opened').map(({ epoch }) => epoch);
  return { relay, ada, epochs: { one: epochs[0] ?? '', two: epochs[1] ?? '' } };
}

describe('comparing documents that are not open', () => {
  it('[HD1] tells which stand elsewhere, whatever the role, and opens none', async () => {
    const { relay, epochs } = await start();
    const bob = await relay.join('bob.viewer');
    const entries = [
      { document: 'one', epoch: epochs.one, seq: 1 },
      { document: 'two', epoch: epochs.two, seq: 0 },
      { document: 'never', epoch: 'e', seq: 0 },
      { document: 'lost', epoch: 'e', seq: 7 },
      { document: 'one', epoch: 'another', seq: 1 },
    ];
    bob.client.send({ type: 'compare', requestId: 9, entries });
    await relay.settle();
    expect(bob.client.last('compared')).toEqual({
      type: 'compared',
      requestId: 9,
      outcome: 'done',
      entries: [
        { document: 'two', epoch: epochs.two, headSeq: 1 },
        { document: 'lost', epoch: '', headSeq: 0 },
        { document: 'one', epoch: epochs.one, headSeq: 1 },
      ],
    });
    expect(bob.client.all('opened')).toEqual([]);
  });

  it('[HD1] [CH1] takes 20,000 at once', async () => {
    const { relay, ada } = await start();
    const entries = Array.from({ length: 20_000 }, (_, index) => ({ document: `file-${index}`, epoch: 'e', seq: 1 }));
    ada.client.send({ type: 'compare', requestId: 1, entries });
    await expect
      .poll(async () => {
        await relay.settle();
        return ada.client.all('compared').length;
      })
      .toBe(1);
    expect(ada.client.last('compared').entries).toHaveLength(20_000);
    const tooMany = [...entries, { document: 'one-more', epoch: '', seq: 0 }];
    expect(() => ada.client.send({ type: 'compare', requestId: 2, entries: tooMany })).toThrow('20001 items');
  });

  it('[HD1] lets the process do what else there is to do meanwhile, whoever asks', async () => {
    const { relay, ada } = await start();
    const others = [ada, ...(await Promise.all(['bob', 'cleo', 'dora'].map((name) => relay.join(`${name}.viewer`))))];
    const entries = Array.from({ length: 20_000 }, (_, index) => ({ document: `file-${index}`, epoch: 'e', seq: 1 }));
    for (const { client } of others) client.send({ type: 'compare', requestId: 1, entries });
    const answered = () => others.filter(({ client }) => client.all('compared').length > 0).length;
    let turns = 0;
    while (answered() < others.length && turns < 10_000) {
      await relay.settle();
      turns++;
    }
    // Two at a time, each with a turn for every 500.
    expect(turns).toBeGreaterThan(10);
    for (const { client } of others) expect(client.last('compared').entries).toHaveLength(20_000);
  });

  it('[HD3] says so when it is asked too often, or the log cannot be read', async () => {
    const { relay, ada } = await start();
    const { readHeads } = relay.log;
    relay.log.readHeads = () => Promise.reject(new LogFailure('failed', 'away'));
    ada.client.send({ type: 'compare', requestId: 1, entries: [{ document: 'one', epoch: '', seq: 0 }] });
    await relay.settle();
    relay.log.readHeads = readHeads;
    for (const requestId of [2, 3]) {
      ada.client.send({ type: 'compare', requestId, entries: [] });
      await relay.settle();
    }
    for (const requestId of [4, 5]) ada.client.send({ type: 'compare', requestId, entries: [] });
    await relay.settle();
    const outcomes = ada.client.all('compared').map(({ requestId, outcome }) => [requestId, outcome]);
    expect(outcomes.toSorted(([a], [b]) => Number(a) - Number(b))).toEqual([
      [1, 'unreadable'],
      [2, 'done'],
      [3, 'done'],
      [4, 'done'],
      [5, 'rate-limited'],
    ]);
    expect(relay.problems).toHaveLength(1);
    await relay.advance(10_000);
    ada.client.send({ type: 'compare', requestId: 6, entries: [] });
    await relay.settle();
    expect(ada.client.last('compared')).toMatchObject({ requestId: 6, outcome: 'done' });
  });
});
