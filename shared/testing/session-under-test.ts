import { onTestFinished } from 'vitest';
import { RoomSession, type RoomSessionOptions, type SessionProblem, type TokenResult } from '../sync/index.ts';
import { ManualScheduler } from './manual-scheduler.ts';
import { MemoryOfflineStore } from './memory-offline-store.ts';
import { ScriptedRelay, settle } from './scripted-relay.ts';
import { createSeededRandom } from './seeded-random.ts';

/** A session whose relay, clock and store a test drives by hand. */
export interface SessionUnderTest {
  readonly session: RoomSession;
  readonly relay: ScriptedRelay;
  readonly scheduler: ManualScheduler;
  readonly store: MemoryOfflineStore;
  readonly problems: SessionProblem[];
  /** What the token source was asked. */
  readonly tokenRequests: { readonly isFresh: boolean }[];
}

export interface SessionUnderTestOptions extends Partial<Pick<RoomSessionOptions, 'sessionId' | 'random'>> {
  readonly store?: MemoryOfflineStore;
  readonly scheduler?: ManualScheduler;
  readonly obtain?: (request: { readonly isFresh: boolean }) => TokenResult;
}

/** Starts a session that leaves when the test is over. Its socket is open, and its `hello` has arrived. */
export async function startSession(options: SessionUnderTestOptions = {}): Promise<SessionUnderTest> {
  const relay = new ScriptedRelay();
  const scheduler = options.scheduler ?? new ManualScheduler();
  const store = options.store ?? new MemoryOfflineStore();
  const tokenRequests: { readonly isFresh: boolean }[] = [];
  const grant = (): TokenResult => ({
    kind: 'granted',
    granted: { token: `token-${tokenRequests.length}`, expiresAtMs: scheduler.now() + 3_600_000 },
  });
  const session = new RoomSession({
    syncUrl: 'ws://relay.test/sync/room',
    tokenSource: {
      async obtain(request) {
        tokenRequests.push(request);
        return (options.obtain ?? grant)(request);
      },
    },
    store,
    connect: relay.connect,
    scheduler,
    random: options.random ?? createSeededRandom(1).next,
    client: 'test',
    sessionId: options.sessionId ?? 'session-0123456789',
  });
  const problems: SessionProblem[] = [];
  const subscription = session.onProblem((problem) => problems.push(problem));
  onTestFinished(async () => {
    await session.leave();
    subscription.dispose();
  });
  await settle();
  if (relay.connections.length > 0) relay.latest.pair.deliverAll();
  return { session, relay, scheduler, store, problems, tokenRequests };
}
