import { expect, it, onTestFinished } from 'vitest';
import { errorMessage } from '../../shared/lifecycle/index.ts';
import { LogFailure } from '../log/log-failure.ts';
import { membersOf } from '../testing/members-of.ts';
import { openAccess, WHERE } from '../testing/access-under-test.ts';
import type { Admitted, RoomGrant } from './room-grant.ts';
import { VisitRecorder } from './visit-recorder.ts';

const WRITTEN_MS = 200;
const RETRIED_MS = 5_000;
const SAME_VISIT_MS = 10 * 60_000;

async function start() {
  const opened = await openAccess();
  const { access, scheduler } = opened;
  const problems: string[] = [];
  const batches: number[] = [];
  const database = { isAway: false, refused: '' };
  const recorder = new VisitRecorder({
    access: {
      recordVisits: async (...visits) => {
        if (database.isAway) throw new LogFailure('busy', 'The database is away.');
        const [rooms] = visits;
        if (rooms.some(({ key }) => key.room === database.refused)) throw new LogFailure('failed', 'It cannot be.');
        batches.push(rooms.length);
        return access.recordVisits(...visits);
      },
    },
    directory: opened.directory,
    scheduler,
    reportProblem: (error) => void problems.push(errorMessage(error)),
  });
  onTestFinished(() => recorder.dispose());
  const come = (subject: string, more: Partial<RoomGrant> = {}): void => {
    const token = { lineageId: subject, jti: subject, paths: undefined, issuedAtMs: 0 };
    const grant = { ...opened.grant, subject, ...token, ...more };
    const standing = { role: 'editor', writesAs: 'editor', chat: 'everyone', explanation: '' } as const;
    const admitted: Admitted = { kind: 'admitted', grant, standing, accessVersion: 0 };
    recorder.joined(admitted);
  };
  const pass = async (ms: number) => {
    scheduler.advance(ms);
    await new Promise(setImmediate);
  };
  const joined = async () => (await access.listAudit(WHERE, { limit: 99 })).map(({ actor }) => actor);
  return { ...opened, recorder, database, problems, batches, come, pass, joined };
}

it('notes a crowd as one change', async () => {
  const { access, come, pass, joined } = await start();
  for (const subject of ['a', 'b', 'c']) come(subject);
  await pass(WRITTEN_MS);
  expect(await access.readVersions([WHERE])).toEqual([1]);
  expect(await joined()).toEqual(['c', 'b', 'a']);
  expect(await membersOf(access, WHERE)).toHaveLength(3);
});

it('notes later, in order and once, what the database could not take', async () => {
  const { access, database, problems, come, pass, joined } = await start();
  database.isAway = true;
  come('a');
  await pass(WRITTEN_MS);
  come('b');
  await pass(RETRIED_MS);
  expect(await joined()).toEqual([]);
  expect(problems).toHaveLength(1);
  database.isAway = false;
  await pass(RETRIED_MS);
  expect(await joined()).toEqual(['b', 'a']);
  expect(await membersOf(access, WHERE)).toHaveLength(2);
  await pass(RETRIED_MS);
  expect(await joined()).toHaveLength(2);
  expect(problems).toHaveLength(1);
});

it('says what it has to give up, in the end and when it ends', async () => {
  const { database, problems, recorder, come, pass } = await start();
  database.isAway = true;
  come('a');
  await pass(WRITTEN_MS);
  for (let elapsedMs = 0; elapsedMs < SAME_VISIT_MS; elapsedMs += RETRIED_MS) await pass(RETRIED_MS);
  const lost = 'The access log lacks 1 events of room room of the tenant default, which the database did not take.';
  expect(problems).toEqual(['The database is away.', lost]);
  come('b');
  await recorder.flush();
  expect(problems.at(-1)).toBe(lost);
});

it('keeps only so many, and says how many it left out', async () => {
  const { problems, come, pass, joined } = await start();
  for (let count = 0; count < 10_005; count++) come(`s${count}`);
  await pass(WRITTEN_MS);
  expect(problems).toEqual(['The access log lacks 5 events, since too many came at once.']);
  expect(await joined()).toHaveLength(99);
});

it('notes people of many rooms as few changes, and keeps none out for what the database refuses of another', async () => {
  const { access, database, problems, batches, come, pass } = await start();
  const rooms = Array.from({ length: 120 }, (_, index) => `room-${index}`);
  for (const room of rooms) come('a', { room, lineageId: room });
  await pass(WRITTEN_MS);
  await expect.poll(() => batches).toEqual([50, 50, 20]);
  const keys = rooms.map((room) => ({ ...WHERE, room }));
  expect(await access.readVersions(keys)).toEqual(rooms.map(() => 1));
  database.refused = 'room-1';
  for (const room of rooms.slice(0, 3)) come('b', { room, lineageId: `b in ${room}` });
  await pass(WRITTEN_MS);
  await expect.poll(() => access.readVersions(keys.slice(0, 3))).toEqual([2, 1, 2]);
  expect(problems).toEqual(['It cannot be.']);
  database.refused = '';
  await pass(RETRIED_MS);
  await expect.poll(() => access.readVersions(keys.slice(0, 3))).toEqual([2, 2, 2]);
});

it('says by which link somebody joined', async () => {
  const { access, shareLinks, come, pass } = await start();
  const { linkId } = await shareLinks.create({ ...WHERE, role: 'editor', label: 'Team' });
  const plain = await shareLinks.create({ ...WHERE, role: 'editor' });
  come('a', { linkId });
  come('b', { linkId: plain.linkId });
  come('c');
  come('d', { linkId: 'gone' });
  await pass(WRITTEN_MS);
  const details = async () => (await access.listAudit(WHERE, { limit: 9 })).map(({ detail }) => detail);
  await expect
    .poll(details)
    .toEqual([
      'editor, by the link gone',
      'editor',
      `editor, by the link ${plain.linkId}`,
      `editor, by the link Team (${linkId})`,
    ]);
});
