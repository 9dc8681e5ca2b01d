import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { dropPrivileges } from '../testing/without-privileges.ts';
import { openDatabase } from './open-database.ts';

const SCHEMA = { steps: ['CREATE TABLE a (b)'] };

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

it('runs the steps that a file has not run, and leaves a file of a later version alone', () => {
  const path = join(temporaryFolder(), 'room.sqlite');
  const steps = [
    'CREATE TABLE a (b); INSERT INTO a VALUES (1)',
    'INSERT INTO a VALUES (2)',
    'INSERT INTO a VALUES (3)',
  ];
  openDatabase(path, { steps: steps.slice(0, 1) }).close();
  openDatabase(path, { steps }).close();
  const database = openDatabase(path, { steps });
  expect(database.prepare('SELECT b FROM a').pluck().all()).toEqual([1, 2, 3]);
  database.close();
  expect(() => openDatabase(path, { steps: steps.slice(0, 2) })).toThrow('was written by a newer Tutti');
});

it('stays at the version before when a step fails', () => {
  const path = join(temporaryFolder(), 'room.sqlite');
  openDatabase(path, { steps: ['CREATE TABLE a (b)'] }).close();
  expect(() => openDatabase(path, { steps: ['CREATE TABLE a (b)', 'CREATE TABLE c (d)', 'nonsense'] })).toThrow(path);
  const database = openDatabase(path, { steps: ['CREATE TABLE a (b)', 'CREATE TABLE c (d)'] });
  expect(database.pragma('user_version', { simple: true })).toBe(2);
  database.close();
});

it('makes a new file one that gives free pages back to the disk', () => {
  const database = openDatabase(join(temporaryFolder(), 'room.sqlite'), SCHEMA);
  expect(database.pragma('auto_vacuum', { simple: true })).toBe(2);
  database.close();
});
