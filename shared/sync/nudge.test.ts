import { describe, expect, it } from 'vitest';
import { settle } from '../testing/scripted-relay.ts';
import { startSession } from '../testing/session-under-test.ts';

async function goOnline() {
  const test = await startSession({ random: () => 0.5 });
  test.relay.latest.welcome({ heartbeatIntervalMs: 15_000 });
  expect(test.session.state.kind).toBe('online');
  return test;
}

describe('a nudge', () => {
  it('[CC4] tries at once while waiting, and begins the waiting times anew', async () => {
    const { session, relay, scheduler } = await goOnline();
    for (let failure = 0; failure < 8; failure++) {
      relay.latest.pair.cut();
      if (failure < 7) scheduler.advance(30_000);
      await settle();
    }
    expect(session.state).toMatchObject({ kind: 'reconnecting', attempt: 8 });
    const tries = relay.connections.length;
    session.nudge('network-changed');
    await settle();
    expect(relay.connections).toHaveLength(tries + 1);
    relay.latest.pair.cut();
    expect(session.state).toMatchObject({ attempt: 1, nextTryAtMs: scheduler.elapsedMs() + 125 });
  });

  it('[CC4] by a person begins the waiting times anew, too, also while a try is under way', async () => {
    const { session, relay, scheduler } = await goOnline();
    for (let failure = 0; failure < 8; failure++) {
      relay.latest.pair.cut();
      if (failure < 7) scheduler.advance(30_000);
      await settle();
    }
    session.retryNow();
    await settle();
    session.retryNow();
    relay.latest.pair.cut();
    // The relay is still starting: nobody waits half a minute more for it.
    expect(session.state).toMatchObject({ attempt: 1, nextTryAtMs: scheduler.elapsedMs() + 125 });
  });

  it('[CC4] comes of an answer by HTTP, not before the relay wants it, and not of each', async () => {
    const { session, relay, scheduler } = await goOnline();
    relay.latest.goodbye(1013, 'Busy.', 20_000);
    session.relayAnswered();
    await settle();
    expect(relay.connections).toHaveLength(1);
    scheduler.advance(20_126);
    await settle();
    const failAndHear = async () => {
      relay.latest.pair.cut();
      session.relayAnswered();
      await settle();
      return relay.connections.length;
    };
    expect(await failAndHear()).toBe(3);
    expect(await failAndHear()).toBe(3);
    scheduler.advance(10_000);
    await settle();
    expect(await failAndHear()).toBe(5);
  });

  it('[CC4] does not come before the relay wants it, unless a person asks', async () => {
    const { session, relay, scheduler } = await goOnline();
    relay.latest.goodbye(1013, 'Busy.', 20_000);
    scheduler.advance(5_000);
    session.nudge('woke');
    await settle();
    expect(relay.connections).toHaveLength(1);
    expect(session.state).toMatchObject({ kind: 'reconnecting', nextTryAtMs: 20_125, explanation: 'Busy.' });
    session.retryNow();
    await settle();
    expect(relay.connections).toHaveLength(2);
  });

  it('[CC4] makes a connection anew that does not answer within 3 s', async () => {
    const { session, relay, scheduler } = await goOnline();
    relay.latest.pair.drop('to-client');
    session.nudge('network-changed');
    expect(relay.latest.ofType('ping')).toHaveLength(1);
    scheduler.advance(2_999);
    expect(session.state.kind).toBe('online');
    scheduler.advance(1);
    expect(session.state).toMatchObject({ kind: 'reconnecting', explanation: 'The relay does not answer.' });
    scheduler.advance(125);
    await settle();
    expect(relay.connections).toHaveLength(2);
  });

  it('keeps a connection that answers', async () => {
    const { session, relay, scheduler } = await goOnline();
    session.nudge('woke');
    scheduler.advance(2_900);
    relay.latest.send({ type: 'pong', nonce: relay.latest.last('ping').nonce });
    scheduler.advance(10_000);
    expect(session.state.kind).toBe('online');
    expect(relay.connections).toHaveLength(1);
  });

  it('by a person tests a connection that stands', async () => {
    const { session, relay, scheduler } = await goOnline();
    relay.latest.pair.drop('to-client');
    session.retryNow();
    scheduler.advance(3_000);
    expect(session.state.kind).toBe('reconnecting');
  });

  it('waits for no answer after a sleep that the relay did not wait for', async () => {
    const { session, relay } = await goOnline();
    session.nudge('woke', 37_499);
    expect(session.state.kind).toBe('online');
    session.nudge('woke', 37_500);
    expect(session.state.kind).toBe('reconnecting');
    session.nudge('woke');
    await settle();
    expect(relay.connections).toHaveLength(2);
  });

  it('gives up a try that was begun on another network', async () => {
    const { session, relay } = await startSession();
    session.nudge('network-changed');
    await settle();
    expect(relay.connections).toHaveLength(2);
    relay.connections[0]?.welcome();
    expect(session.state.kind).toBe('connecting');
    relay.latest.welcome();
    expect(session.state.kind).toBe('online');
  });

  it('leaves a young try alone when a person comes back to the window', async () => {
    const { session, relay, scheduler } = await startSession();
    scheduler.advance(2_999);
    session.nudge('shown');
    await settle();
    expect(relay.connections).toHaveLength(1);
    scheduler.advance(1);
    session.nudge('shown');
    await settle();
    expect(relay.connections).toHaveLength(2);
  });

  it('[CC2] does not bring back who was put out, nor who left', async () => {
    const { session, relay } = await goOnline();
    relay.latest.goodbye(4403, 'Your link was taken back.');
    session.nudge('network-changed');
    await settle();
    expect(relay.connections).toHaveLength(1);
    expect(session.state.kind).toBe('ended');
    await session.leave();
    session.nudge('woke');
    await settle();
    expect(relay.connections).toHaveLength(1);
  });
});
