import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { membersOf } from '../../testing/members-of.ts';
import { temporaryFolder } from '../../testing/relay-under-test.ts';
import { openSqliteNodes } from './sqlite-nodes.contract.ts';
import { describeAccessBounds } from '../access-bounds.contract.ts';
import { describeAccessChanges } from '../access-changes.contract.ts';
import { describeAccessDirectory } from '../access-directory.contract.ts';
import { openSqliteStorage } from '../sqlite.ts';

const KEY = { tenant: 't', room: 'r' };
const MEMBER = {
  subject: 'ben',
  name: 'Ben',
  role: 'editor',
  linkId: undefined,
  lineageId: 'a',
  lastSeenMs: 10,
} as const;
const VISIT = { key: KEY, members: [MEMBER], events: [] };

function openStorage(path = join(temporaryFolder(), 'relay.db')) {
  const storage = openSqliteStorage(path, { isThreaded: true });
  onTestFinished(() => storage.dispose());
  return storage;
}

describeAccessDirectory('SQLite with a writing thread', async () => openStorage());
describeAccessBounds('SQLite with a writing thread', () => openSqliteNodes(openStorage));
describeAccessChanges('SQLite with a writing thread', () => openSqliteNodes(openStorage));

it('notes who comes without this thread waiting for the disk, and shows it once it is noted', async () => {
  const path = join(temporaryFolder(), 'relay.db');
  const { access } = openStorage(path);
  const other = new Database(path);
  onTestFinished(() => void other.close());
  other.exec('BEGIN IMMEDIATE');
  let isNoted = false;
  const noting = access.recordVisits([VISIT]).then(() => {
    isNoted = true;
  });
  await new Promise(setImmediate);
  expect([isNoted, await membersOf(access, KEY)]).toEqual([false, []]);
  other.exec('COMMIT');
  await noting;
  expect(await membersOf(access, KEY)).toEqual([{ ...MEMBER, firstSeenMs: 10 }]);
});

it('hands the thread what it needs of a visit, whatever comes with it', async () => {
  const { access } = openStorage();
  const event = { atMs: 1, kind: 'joined', actor: 'ben', actorName: 'Ben', target: 'a', detail: '' } as const;
  const member = { ...MEMBER, leave: () => {} };
  await access.recordVisits([{ key: { ...KEY }, members: [member], events: [{ ...event }] }]);
  expect(await access.listAudit(KEY, { limit: 9 })).toEqual([{ seq: 1, ...event }]);
});
