import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../shared/testing/manual-scheduler.ts';
import { checkObjects } from './check-objects.ts';
import { FolderMark } from './log/folder.ts';
import { NO_MARK_YET } from './log/objects-claim.ts';
import { ObjectsOwnership } from './log/objects-ownership.ts';
import { openSqliteStorage } from './log/sqlite.ts';
import { temporaryFolder } from './testing/relay-under-test.ts';

function open() {
  const folder = temporaryFolder();
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  onTestFinished(() => storage.dispose());
  const path = join(folder, 'owner');
  const mark = new FolderMark(path);
  const { objectsClaims: claims } = storage;
  const problems: unknown[] = [];
  const reportProblem = (problem: unknown) => problems.push(problem);
  const check = () => checkObjects({ mark, place: 'the bucket b' }, claims, reportProblem);
  const own = async () => {
    const services = { claims, mark, place: 'the bucket b', scheduler: new ManualScheduler(0), reportProblem };
    const ownership = new ObjectsOwnership(services);
    onTestFinished(() => ownership.dispose());
    await ownership.settled();
  };
  return { claims, mark, check, own, problems, loseMark: () => rmSync(path) };
}

it('a relay that was killed in its first start, before it wrote its mark, starts again and writes it', async () => {
  const { claims, mark, check, own, problems } = open();
  await claims.replace(undefined, { current: NO_MARK_YET, next: 'm', past: [] });
  await check();
  await own();
  expect(await mark.read()).toBe('m');
  expect(await claims.read()).toEqual({ current: 'm', next: 'm', past: [] });
  expect(problems).toEqual([]);
});

it('a relay that was killed right after it wrote its first mark goes on with it', async () => {
  const { claims, mark, check, own, problems } = open();
  await claims.replace(undefined, { current: NO_MARK_YET, next: 'm', past: [] });
  await mark.write('m');
  await check();
  await own();
  expect(await claims.read()).toEqual({ current: 'm', next: 'm', past: [] });
  expect(problems).toEqual([]);
});

it('a mark that was there once and is missing is no first start', async () => {
  const { check, own, loseMark } = open();
  await check();
  await own();
  loseMark();
  await expect(check()).rejects.toThrow('are not in the bucket b');
});
