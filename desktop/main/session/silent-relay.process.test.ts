import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SyncHealth } from '../../../shared/sync/index.ts';
import { roomToken } from '../../testing/relay-process.ts';
import { Engine } from '../testing/engine.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startTestRelay } from '../testing/test-relay.ts';

const ROOM = 'silent';

async function startOnline() {
  const folder = temporaryFolder();
  const relay = await startTestRelay(join(folder, 'relay'));
  const token = await roomToken(relay.dataFolder, ROOM, 'editor', 'Ana');
  const engine = await Engine.start({ syncUrl: relay.syncUrl(ROOM), token, storage: join(folder, 'ana.sqlite') });
  const document = engine.open('file');
  await document.replica.whenSynced;
  await engine.whenState(({ kind }) => kind === 'online');
  return { relay, engine, document };
}

/** Resolves with the first health, from now on, that `matches`. */
async function whenHealth({ session }: Engine, matches: (health: SyncHealth) => boolean): Promise<SyncHealth> {
  if (matches(session.health)) return session.health;
  return new Promise((resolve) => {
    const subscription = session.onDidChangeHealth((health) => {
      if (!matches(health)) return;
      subscription.dispose();
      resolve(health);
    });
  });
}

const isUnanswered = (health: SyncHealth) => health.kind === 'behind' && health.cause === 'no-answer';

it('notices a relay that holds still while somebody types before 3 s are over, and goes on when it does', async () => {
  const { relay, engine, document } = await startOnline();
  relay.pause();
  const typedMs = engine.session.elapsedMs;
  document.text.insert(0, 'typed into silence');
  const health = await whenHealth(engine, isUnanswered);
  const noticedMs = engine.session.elapsedMs;
  if (health.kind !== 'behind') throw new Error('it is in step');
  expect(health.sinceMs).toBeGreaterThanOrEqual(typedMs);
  expect(health.sinceMs).toBeLessThan(typedMs + 500);
  expect(noticedMs - health.sinceMs).toBeLessThan(3_000);
  expect(engine.session.state.kind).toBe('online');
  expect(document.replica.saveState.kind).toBe('on-this-device');

  relay.resume();
  await whenHealth(engine, ({ kind }) => kind === 'in-step');
  await document.whenOnTheRelay();
  expect(engine.session.state.kind).toBe('online');
});

it('gives up a relay that does not answer after a nudge, and is back at once after another when it does', async () => {
  const { relay, engine, document } = await startOnline();
  relay.pause();
  const nudgedMs = engine.session.elapsedMs;
  engine.session.nudge('network-changed');
  await engine.whenState(({ kind }) => kind === 'reconnecting');
  expect(engine.session.elapsedMs - nudgedMs).toBeGreaterThanOrEqual(2_990);
  document.text.insert(0, 'kept');
  await engine.whenState(({ kind }) => kind === 'connecting');

  relay.resume();
  const wokeMs = engine.session.elapsedMs;
  engine.session.nudge('woke');
  await engine.whenState(({ kind }) => kind === 'online');
  expect(engine.session.elapsedMs - wokeMs).toBeLessThan(3_000);
  await document.whenOnTheRelay();
  expect(engine.session.health).toEqual({ kind: 'in-step' });
});
