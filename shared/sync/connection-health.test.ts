import { describe, expect, it } from 'vitest';
import { open } from '../testing/opened-document.ts';
import { settle } from '../testing/scripted-relay.ts';
import { type SessionUnderTest, startSession } from '../testing/session-under-test.ts';

/** A session that is online with one empty document open, in the middle between two heartbeats. */
async function goOnline() {
  const test = await startSession({ random: () => 0.5 });
  test.relay.latest.welcome({ heartbeatIntervalMs: 15_000 });
  const { text } = open(test.session);
  await settle();
  const handle = test.relay.latest.answerOpen();
  await settle();
  expect(test.session.health).toEqual({ kind: 'in-step' });
  return { ...test, text, handle };
}

function pong({ relay }: SessionUnderTest): void {
  relay.latest.send({ type: 'pong', nonce: relay.latest.last('ping').nonce });
}

function pings({ relay }: SessionUnderTest): number {
  return relay.latest.ofType('ping').length;
}

describe('SyncHealth', () => {
  it('is behind from the start, and in step when documents are compared', async () => {
    const { session, relay, scheduler } = await startSession();
    expect(session.health).toEqual({ kind: 'behind', sinceMs: 0, cause: 'no-connection' });
    scheduler.advance(500);
    open(session);
    relay.latest.welcome();
    await settle();
    expect(session.health).toEqual({ kind: 'behind', sinceMs: 0, cause: 'catching-up' });
    relay.latest.answerOpen();
    expect(session.health).toEqual({ kind: 'in-step' });
  });

  it('is behind since the connection was lost, however often it is tried again', async () => {
    const { session, relay, scheduler } = await goOnline();
    scheduler.advance(700);
    relay.latest.pair.cut();
    const lost = { kind: 'behind', sinceMs: 700, cause: 'no-connection' };
    expect(session.health).toEqual(lost);
    for (let tries = 0; tries < 3; tries++) {
      scheduler.advance(10_000);
      await settle();
      relay.latest.pair.cut();
    }
    expect(relay.connections.length).toBeGreaterThan(2);
    expect(session.health).toEqual(lost);
  });

  it('[HB3] asks a relay that has not acked for a second, and is behind since the edit when nothing comes', async () => {
    const test = await goOnline();
    const { session, relay, scheduler, text } = test;
    scheduler.advance(2_000);
    relay.latest.pair.drop('to-client');
    text.insert(0, 'a');
    scheduler.advance(999);
    expect(pings(test)).toBe(0);
    scheduler.advance(1);
    expect(pings(test)).toBe(1);
    expect(session.health).toEqual({ kind: 'behind', sinceMs: 2_000, cause: 'no-ack' });
    scheduler.advance(1_000);
    expect(session.health).toEqual({ kind: 'behind', sinceMs: 2_000, cause: 'no-answer' });
    expect(session.state.kind).toBe('online');
  });

  it('tells a relay that answers but does not ack from one that is silent', async () => {
    const test = await goOnline();
    const { session, relay, scheduler, text, handle } = test;
    text.insert(0, 'a');
    for (let seconds = 1; seconds <= 20; seconds++) {
      scheduler.advance(1_000);
      pong(test);
      expect(session.health).toEqual({ kind: 'behind', sinceMs: 0, cause: 'no-ack' });
    }
    relay.latest.send({ type: 'ack', handle, clientSeq: relay.latest.last('update').clientSeq, seq: 1 });
    expect(session.health).toEqual({ kind: 'in-step' });
  });

  it('counts from the last ack while a long queue is being saved', async () => {
    const test = await goOnline();
    const { session, relay, scheduler, text, handle } = test;
    for (let edit = 0; edit < 10; edit++) text.insert(0, 'a');
    const sent = relay.latest.ofType('update');
    for (const { clientSeq } of sent) {
      scheduler.advance(900);
      expect(session.health).toEqual({ kind: 'in-step' });
      relay.latest.send({ type: 'ack', handle, clientSeq, seq: clientSeq });
    }
    scheduler.advance(900);
    expect(sent).toHaveLength(10);
    expect(session.health).toEqual({ kind: 'in-step' });
  });

  it('[HB3] finds out within seconds that nobody answers in a room where nothing happens', async () => {
    const test = await goOnline();
    const { session, relay, scheduler } = test;
    relay.latest.pair.drop('to-client');
    scheduler.advance(5_000);
    expect(pings(test)).toBe(1);
    scheduler.advance(1_000);
    expect(session.health).toEqual({ kind: 'behind', sinceMs: 5_000, cause: 'no-answer' });
    // Lost after 2.5 intervals of silence, as ever, and still behind since then.
    scheduler.advance(31_500);
    expect(session.state.kind).toBe('reconnecting');
    expect(session.health).toEqual({ kind: 'behind', sinceMs: 5_000, cause: 'no-connection' });
  });

  it('finds out that a relay which has welcomed us then says nothing', async () => {
    const { session, relay, scheduler } = await startSession();
    open(session);
    relay.latest.welcome();
    await settle();
    relay.latest.pair.drop('to-client');
    scheduler.advance(2_000);
    expect(session.health).toEqual({ kind: 'behind', sinceMs: 0, cause: 'no-answer' });
  });

  it('is not moved by a clock that is set, in either direction', async () => {
    for (const jumpMs of [3_600_000, -3_600_000]) {
      const test = await goOnline();
      const { session, relay, scheduler } = test;
      scheduler.jumpClock(jumpMs);
      scheduler.advance(5_000);
      pong(test);
      expect(session.health).toEqual({ kind: 'in-step' });
      relay.latest.pair.drop('to-client');
      scheduler.jumpClock(jumpMs);
      // The silence is noticed after the same time as with a clock that runs on.
      scheduler.advance(37_499);
      expect(session.state.kind).toBe('online');
      scheduler.advance(1);
      expect(session.state).toMatchObject({ kind: 'reconnecting', sinceMs: 42_500, nextTryAtMs: 42_625 });
    }
  });

  it('does not ping faster because somebody types', async () => {
    const test = await goOnline();
    const { relay, scheduler, text, handle } = test;
    for (let second = 0; second < 4; second++) {
      text.insert(0, 'a');
      scheduler.advance(20);
      relay.latest.send({ type: 'ack', handle, clientSeq: relay.latest.last('update').clientSeq, seq: second + 1 });
      scheduler.advance(980);
    }
    expect(pings(test)).toBe(0);
  });
});
