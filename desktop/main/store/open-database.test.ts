import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { dropPrivileges } from '../testing/without-privileges.ts';
import { openDatabase } from './open-database.ts';

const SCHEMA = { version: 1, sql: 'CREATE TABLE IF NOT EXISTS a (b)' };

it.each([
  ['a folder that may not be written', 0o555, undefined],
  ['a file and a folder that may not be written', 0o555, 0o444],
  ['a file that may not be written', 0o755, 0o444],
  ['a file that may not be read', 0o755, 0],
])('says what to do about %s', (_what, folderMode, fileMode) => {
  dropPrivileges();
  const folder = join(temporaryFolder(), 'data');
  mkdirSync(folder);
  const path = join(folder, 'room.sqlite');
  if (fileMode !== undefined) {
    openDatabase(path, SCHEMA).close();
    chmodSync(path, fileMode);
  }
  chmodSync(folder, folderMode);
  onTestFinished(() => chmodSync(folder, 0o755));
  expect(() => openDatabase(path, SCHEMA)).toThrow(`${path} may not be written or locked. Change the permissions`);
});
