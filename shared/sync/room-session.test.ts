import { describe, expect, it, onTestFinished } from 'vitest';
import { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from '../protocol/index.ts';
import type { TokenResult } from './index.ts';
import { MemoryOfflineStore } from '../testing/memory-offline-store.ts';
import { open, write } from '../testing/opened-document.ts';
import { startSession } from '../testing/session-under-test.ts';
import { settle } from '../testing/scripted-relay.ts';

describe('connecting', () => {
  it('[VH1][VH2] says hello first, with its range of versions, the token and the session', async () => {
    const { relay, session } = await startSession();
    const [first] = relay.latest.received;
    expect(first).toMatchObject({
      type: 'hello',
      version: PROTOCOL_VERSION,
      oldestVersion: OLDEST_PROTOCOL_VERSION,
      token: 'token-1',
      sessionId: 'session-0123456789',
    });
    expect(session.state.kind).toBe('connecting');
  });

  it('is online when it is welcomed and nothing is open', async () => {
    const { relay, session } = await startSession();
    relay.latest.welcome();
    expect(session.state.kind).toBe('online');
    expect(session.self).toEqual({
      presenceId: 1,
      connectionId: 'connection',
      subject: 'me',
      name: 'Me',
      role: 'editor',
      writesAs: 'editor',
      chat: 'commenters',
      presenter: undefined,
      accessVersion: 0,
      accessExplanation: '',
    });
  });

  it('[CC2] comes back after a transient close, not before the hint, with growing and jittered waits', async () => {
    const { relay, session, scheduler } = await startSession({ random: () => 0.5 });
    relay.latest.welcome();
    relay.latest.goodbye(1012, 'The relay restarts.', 5000);
    expect(session.state).toMatchObject({ kind: 'reconnecting', attempt: 1, explanation: 'The relay restarts.' });
    expect(session.self).toBeUndefined();
    scheduler.advance(5000);
    await settle();
    expect(relay.connections).toHaveLength(1);
    scheduler.advance(125);
    await settle();
    expect(relay.connections).toHaveLength(2);
    relay.latest.pair.cut();
    expect(session.state).toMatchObject({ kind: 'reconnecting', attempt: 2, nextTryAtMs: scheduler.elapsedMs() + 250 });
  });

  it('[CC2] does not come back by itself after a permanent close, but when a person asks', async () => {
    const { relay, session, scheduler, problems } = await startSession();
    relay.latest.welcome();
    relay.latest.goodbye(4403, 'Your link was taken back.');
    expect(session.state).toMatchObject({ kind: 'ended', closeCode: 4403, explanation: 'Your link was taken back.' });
    expect(problems).toEqual([
      { kind: 'session-ended', document: undefined, explanation: 'Your link was taken back.' },
    ]);
    scheduler.advance(3_600_000);
    await settle();
    expect(relay.connections).toHaveLength(1);
    session.retryNow();
    await settle();
    expect(relay.connections).toHaveLength(2);
  });

  it('[CC1] ends at the goodbye, with what came before it, also when the closing never comes', async () => {
    const { relay, session } = await startSession();
    relay.latest.welcome();
    const { text } = open(session);
    await settle();
    const handle = relay.latest.answerOpen();
    const { updates } = write('the last words');
    relay.latest.send(
      ...updates.map((payload) => ({ type: 'update', handle, author: 2, committedSeq: 1, payload }) as const),
      { type: 'goodbye', closeCode: 4403, retryAfterMs: 0, explanation: 'Your access was taken back.' },
    );
    expect(session.state).toMatchObject({ kind: 'ended', closeCode: 4403, explanation: 'Your access was taken back.' });
    expect(text.toString()).toBe('the last words');
  });

  it('[VH3] tries once more with a fresh token after 4401, then ends', async () => {
    const { relay, session, tokenRequests } = await startSession();
    relay.latest.goodbye(4401, 'The token has expired.');
    await settle();
    relay.latest.pair.deliverAll();
    expect(tokenRequests).toEqual([{ isFresh: false }, { isFresh: true }]);
    expect(relay.latest.last('hello').token).toBe('token-2');
    relay.latest.goodbye(4401, 'The token is forged.');
    expect(session.state).toMatchObject({ kind: 'ended', closeCode: 4401, explanation: 'The token is forged.' });
  });

  it('[VH2] explains a relay of another version', async () => {
    const { relay, session } = await startSession();
    relay.latest.goodbye(4426, '');
    expect(session.state).toMatchObject({ kind: 'ended', closeCode: 4426 });
    expect(session.state).toHaveProperty('explanation', expect.stringContaining('different versions'));
  });

  it('explains a relay that is not there, and keeps trying', async () => {
    const { relay, session } = await startSession();
    relay.latest.pair.cut();
    expect(session.state).toMatchObject({ kind: 'reconnecting' });
    expect(session.state).toHaveProperty(
      'explanation',
      expect.stringContaining('No Tutti relay answers at ws://relay.test'),
    );
  });

  it('gives up on a server that accepts the socket and then says nothing', async () => {
    const { session, scheduler } = await startSession();
    scheduler.advance(15_000);
    expect(session.state.kind).toBe('reconnecting');
  });

  it('waits and asks again when no token can be had for now, and ends when none ever will', async () => {
    let answer: TokenResult = { kind: 'transient', explanation: 'The relay is away.' };
    const { relay, session, scheduler } = await startSession({ obtain: () => answer });
    expect(session.state).toMatchObject({ kind: 'reconnecting', explanation: 'The relay is away.' });
    answer = { kind: 'permanent', explanation: 'The link was revoked.' };
    scheduler.advance(30_000);
    await settle();
    expect(session.state).toMatchObject({ kind: 'ended', explanation: 'The link was revoked.' });
    expect(relay.connections).toHaveLength(0);
  });

  it('[FR3] treats a malformed frame as a lost connection, and closes with 4409', async () => {
    const { relay, session } = await startSession();
    const connection = relay.latest;
    connection.welcome();
    connection.sendFrame(new Uint8Array([2, 255]));
    connection.pair.deliverAll();
    expect(connection.closedWith).toBe(4409);
    expect(session.state.kind).toBe('reconnecting');
  });

  it('opens nothing any more when it left before the store told what is unsent', async () => {
    const told = Promise.withResolvers<readonly string[]>();
    const opened: string[] = [];
    class SlowStore extends MemoryOfflineStore {
      override listUnacked() {
        return told.promise;
      }
      override openDocument(name: string) {
        opened.push(name);
        return super.openDocument(name);
      }
    }
    const { session } = await startSession({ store: new SlowStore() });
    await session.leave();
    told.resolve(['unsent']);
    await settle();
    expect(opened).toEqual([]);
  });

  it('closes normally when it leaves', async () => {
    const { relay, session } = await startSession();
    relay.latest.welcome();
    await session.leave();
    relay.latest.pair.deliverAll();
    expect(relay.latest.closedWith).toBe(1000);
    expect(session.state.kind).toBe('ended');
    expect(() => session.open('index')).toThrow('left');
  });
});

describe('heartbeats', () => {
  it('[HB1] pings at every interval', async () => {
    const { relay, scheduler } = await startSession();
    relay.latest.welcome({ heartbeatIntervalMs: 1000 });
    scheduler.advance(1000);
    const { nonce } = relay.latest.last('ping');
    relay.latest.send({ type: 'pong', nonce });
    scheduler.advance(1000);
    expect(relay.latest.ofType('ping')).toHaveLength(2);
  });

  it('[HB2] takes 2.5 intervals of silence for a lost connection', async () => {
    const { relay, session, scheduler } = await startSession();
    relay.latest.welcome({ heartbeatIntervalMs: 1000 });
    scheduler.advance(2000);
    relay.latest.send({ type: 'pong', nonce: 1 });
    scheduler.advance(2499);
    expect(session.state.kind).toBe('online');
    scheduler.advance(1);
    expect(session.state).toMatchObject({
      kind: 'reconnecting',
      explanation: 'The connection to the relay went silent.',
    });
  });
});

describe('token renewal', () => {
  it('[VH5] renews in band before the token expires, again and again, by the clock of the relay', async () => {
    const { relay, session, scheduler, tokenRequests } = await startSession();
    relay.latest.welcome({ tokenLifetimeMs: 60_000, nowMs: 5_000_000, heartbeatIntervalMs: 1_000_000 });
    scheduler.advance(45_000);
    await settle();
    expect(tokenRequests.at(-1)).toEqual({ isFresh: true });
    expect(relay.latest.last('renew').token).toBe('token-2');
    relay.latest.send({ type: 'renewed', role: 'viewer', tokenExpiresAtMs: 5_000_000 + 45_000 + 60_000 });
    expect(session.self?.role).toBe('viewer');
    scheduler.advance(45_000);
    await settle();
    expect(relay.latest.last('renew').token).toBe('token-3');
  });
});

describe('presence', () => {
  it('[PR3][PR4] knows who is in the room, and forgets them with the connection', async () => {
    const { relay, session } = await startSession();
    const changes: (readonly number[])[] = [];
    const subscription = session.onDidChangeParticipants((ids) => changes.push(ids));
    onTestFinished(() => subscription.dispose());
    relay.latest.welcome();
    const identity = { subject: 'ada', name: 'Ada', role: 'owner' } as const;
    relay.latest.send({
      type: 'presence',
      entries: [
        { presenceId: 1, isGone: false, identity: { ...identity, subject: 'me' }, state: undefined },
        { presenceId: 2, isGone: false, identity, state: new Uint8Array([7]) },
        { presenceId: 3, isGone: false, identity, state: undefined },
        { presenceId: 9, isGone: false, identity: undefined, state: new Uint8Array([1]) },
      ],
    });
    expect([...session.participants.keys()]).toEqual([2, 3]);
    relay.latest.send({
      type: 'presence',
      entries: [
        { presenceId: 2, isGone: false, identity: undefined, state: new Uint8Array([8]) },
        { presenceId: 3, isGone: true, identity: undefined, state: undefined },
      ],
    });
    expect(session.participants.get(2)).toEqual({ presenceId: 2, ...identity, state: new Uint8Array([8]) });
    relay.latest.pair.cut();
    expect(session.participants.size).toBe(0);
    expect(changes).toEqual([[2, 3], [2, 3], [2]]);
  });

  it('[PR1] sends the latest state at most every 50 ms, and again on the next connection', async () => {
    const { relay, session, scheduler } = await startSession();
    session.setPresence(new Uint8Array([1]));
    relay.latest.welcome();
    session.setPresence(new Uint8Array([2]));
    session.setPresence(new Uint8Array([3]));
    scheduler.advance(50);
    expect(relay.latest.ofType('presence').map(({ state }) => state?.[0])).toEqual([1, 3]);
    relay.latest.pair.cut();
    scheduler.advance(30_000);
    await settle();
    relay.latest.welcome();
    expect(relay.latest.last('presence').state).toEqual(new Uint8Array([3]));
    expect(() => session.setPresence(new Uint8Array(4097))).toThrow(RangeError);
  });
});
