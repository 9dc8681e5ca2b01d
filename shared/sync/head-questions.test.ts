import { describe, expect, it } from 'vitest';
import { COMPARE_FEATURE } from '../protocol/index.ts';
import { settle } from '../testing/scripted-relay.ts';
import { startSession } from '../testing/session-under-test.ts';

const CURSORS = [{ document: 'one', epoch: 'e', seq: 3 }];

describe('asking where documents stand', () => {
  it('[HD1] gives those that stand elsewhere, each answer to its question', async () => {
    const { session, relay } = await startSession();
    relay.latest.welcome({ features: [COMPARE_FEATURE] });
    const first = session.compareHeads(CURSORS);
    const second = session.compareHeads([]);
    const [asked, askedNext] = relay.latest.ofType('compare');
    expect(asked).toMatchObject({ entries: CURSORS });
    relay.latest.send(
      { type: 'compared', requestId: askedNext?.requestId ?? 0, outcome: 'rate-limited', entries: [] },
      {
        type: 'compared',
        requestId: asked?.requestId ?? 0,
        outcome: 'done',
        entries: [{ document: 'one', epoch: 'e', headSeq: 4 }],
      },
    );
    expect(await first).toEqual({ kind: 'compared', heads: [{ document: 'one', epoch: 'e', headSeq: 4 }] });
    expect(await second).toEqual({ kind: 'later' });
    expect(() =>
      session.compareHeads(Array.from({ length: 20_001 }, () => ({ document: 'a', epoch: '', seq: 0 }))),
    ).toThrow(RangeError);
  });

  it('[HD1] does not ask a relay that is too old, and ends with the connection', async () => {
    const { session, relay, scheduler } = await startSession();
    relay.latest.welcome();
    expect(await session.compareHeads(CURSORS)).toEqual({ kind: 'unavailable' });
    relay.latest.pair.cut();
    scheduler.advance(30_000);
    await settle();
    relay.latest.welcome({ features: [COMPARE_FEATURE] });
    const lost = session.compareHeads(CURSORS);
    relay.latest.pair.cut();
    expect(await lost).toEqual({ kind: 'unavailable' });
    expect(await session.compareHeads(CURSORS)).toEqual({ kind: 'unavailable' });
  });
});
