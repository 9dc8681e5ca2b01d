import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import type { TokenSource } from '../../../shared/sync/index.ts';
import { roomToken } from '../../testing/relay-process.ts';
import { Engine, type OpenText } from '../testing/engine.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startTestRelay } from '../testing/test-relay.ts';

const ROOM = 'long-offline';
/** More than the relay takes in one update. */
const KEYSTROKES = 320_000;
const PER_TRANSACTION = 400;

/** Each one before the last, so that Yjs cannot join them. */
function typeBackwards({ replica, text }: OpenText): string {
  const typed: string[] = [];
  while (typed.length < KEYSTROKES) {
    replica.doc.transact(() => {
      for (let left = PER_TRANSACTION; left > 0; left--) {
        const character = String.fromCharCode(97 + (typed.length % 26));
        text.insert(0, character);
        typed.push(character);
      }
    });
  }
  return typed.toReversed().join('');
}

it('brings 320,000 keystrokes that were typed without a relay to it, also after a start in between', async () => {
  const folder = temporaryFolder();
  const relay = await startTestRelay(join(folder, 'relay'));
  const token = await roomToken(relay.dataFolder, ROOM, 'editor', 'Ana');
  const away: TokenSource = { obtain: async () => ({ kind: 'transient', explanation: 'On a train.' }) };
  const start = (source: string | TokenSource, name: string) =>
    Engine.start({ syncUrl: relay.syncUrl(ROOM), token: source, storage: join(folder, `${name}.sqlite`) });

  const offline = await start(away, 'ana');
  const before = offline.open('file');
  const typed = typeBackwards(before);
  await before.replica.whenKept();
  await offline.close();

  let isAway = true;
  const granted = { token, expiresAtMs: systemScheduler.now() + 3_600_000 };
  const returning = await start(
    { obtain: async (request) => (isAway ? away.obtain(request) : { kind: 'granted', granted }) },
    'ana',
  );
  const after = returning.open('file');
  await after.replica.whenLoaded;
  after.text.insert(0, '>');
  isAway = false;
  returning.session.retryNow();
  await after.whenOnTheRelay();
  expect(returning.problems).toEqual([]);

  const reader = await start(token, 'ben');
  const read = reader.open('file');
  await read.replica.whenSynced;
  // Not by toEqual: a difference of this size takes minutes to describe.
  expect(read.text.toString() === `>${typed}`).toBe(true);
});
