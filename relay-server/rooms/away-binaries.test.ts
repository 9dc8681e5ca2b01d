import { expect, it } from 'vitest';
import type { AwayPerson } from '../testing/away-person.ts';
import { meet } from '../testing/away-room.ts';

const [OLD, MINE, THEIRS] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)] as const;

/** Ada and Bob have a picture, and are in touch. */
async function havePicture() {
  const room = await meet({ documents: ['index', 'file'], hasAuthors: true });
  const [fileId = ''] = room.ada.files.add([
    { eol: 'LF', bom: false, kind: 'binary', path: 'pic.bin', blob: OLD, sizeBytes: 1 },
  ]);
  await room.relay.advance(5_000);
  expect(room.bob.files.get(fileId)?.blob).toBe(OLD);
  const nowMs = () => room.relay.scheduler.now();
  return { ...room, fileId, nowMs };
}

function toldTo(person: AwayPerson) {
  return person.session.away.summary?.changes.map(({ path, list, listPeople }) => [
    path,
    list,
    ...listPeople.map(({ name }) => name),
  ]);
}

it('a file that self and others replaced offline, of which the other one counts, is told as changed by both', async () => {
  const { relay, ada, bob, fileId, nowMs } = await havePicture();
  bob.cut();
  await relay.advance(5_000);
  const writtenMs = nowMs();
  await relay.advance(5_000);
  ada.files.update(fileId, { blob: THEIRS, sizeBytes: 3, writtenMs: nowMs() });
  await relay.advance(5_000);
  await bob.reach();
  await relay.advance(1_000);
  // Once its content is on the relay.
  bob.files.addContent(fileId, { blob: MINE, sizeBytes: 2, writtenMs });
  await relay.advance(2_000);
  expect(ada.files.get(fileId)?.blob).toBe(THEIRS);
  const both = { kind: 'replaced', isByBoth: true };
  expect(toldTo(bob)).toEqual([['pic.bin', both, 'Name of ada']]);
  expect(toldTo(ada)).toBeUndefined();
  await bob.quit();
  await bob.begin();
  expect(toldTo(bob)).toEqual([['pic.bin', both, 'Name of ada']]);
});

it.each([1_000, 600_000])('also where self is back first, and the others come %d ms later', async (awayMs) => {
  const { relay, ada, bob, fileId, nowMs } = await havePicture();
  bob.cut();
  ada.cut();
  await relay.advance(5_000);
  const writtenMs = nowMs();
  await relay.advance(5_000);
  const laterMs = nowMs();
  await bob.reach();
  bob.files.update(fileId, { blob: MINE, sizeBytes: 2, writtenMs });
  await relay.advance(awayMs);
  await ada.reach();
  await relay.advance(10_000);
  ada.files.update(fileId, { blob: THEIRS, sizeBytes: 3, writtenMs: laterMs });
  await relay.advance(10_000);
  expect(bob.files.get(fileId)?.blob).toBe(THEIRS);
  expect(toldTo(bob)).toEqual([['pic.bin', { kind: 'replaced', isByBoth: true }, 'Name of ada']]);
  ada.files.update(fileId, { blob: OLD, sizeBytes: 1, writtenMs: nowMs() });
  bob.session.away.keep([fileId]);
  await relay.advance(120_000);
  expect(toldTo(bob)).toBeUndefined();
});

it('what self alone replaced, or replaced last, is not told; nor what happens while everybody is in touch', async () => {
  const { relay, ada, bob, fileId, nowMs } = await havePicture();
  bob.files.addContent(fileId, { blob: MINE, sizeBytes: 2, writtenMs: 0 });
  await relay.advance(5_000);
  expect(toldTo(bob)).toBeUndefined();
  bob.cut();
  await relay.advance(5_000);
  bob.files.update(fileId, { blob: MINE, sizeBytes: 2, writtenMs: nowMs() });
  await bob.reach();
  await relay.advance(5_000);
  expect(ada.files.get(fileId)?.blob).toBe(MINE);
  expect([toldTo(bob), toldTo(ada)]).toEqual([undefined, undefined]);
});
