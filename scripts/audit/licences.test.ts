import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_FOLDER } from '../project.ts';
import { checkLicences, type LicenceFields, type LockedPackage } from './licences.ts';

function readJson(path: string): unknown {
  const file = join(PROJECT_FOLDER, path);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

it('everything that is installed is under a permissive licence', () => {
  const { packages } = readJson('package-lock.json') as { packages: Record<string, LockedPackage> };
  expect(Object.keys(packages).length).toBeGreaterThan(100);
  const readManifest = (path: string) => readJson(join(path, 'package.json')) as LicenceFields | undefined;
  expect(checkLicences(packages, readManifest)).toEqual([]);
});

it.each<[LockedPackage, boolean]>([
  [{ license: 'MIT' }, true],
  [{ license: '(GPL-3.0 OR MIT)' }, true],
  [{ license: 'MIT AND Apache-2.0' }, true],
  [{ license: 'MIT AND GPL-2.0' }, false],
  [{ license: 'AGPL-3.0-only' }, false],
  [{ license: 'MPL-2.0' }, false],
  [{ license: 'MPL-2.0', dev: true }, true],
  [{ license: 'GPL-3.0', dev: true }, false],
  [{ license: 'UNLICENSED' }, false],
  [{ license: 'SEE LICENSE IN LICENSE' }, false],
  [{ license: '(MIT OR (GPL-2.0 AND ISC))' }, false],
  [{}, false],
])('%j is permissive: %j', (locked, isPermissive) => {
  expect(checkLicences({ '': {}, 'node_modules/x': locked }, () => undefined).length === 0).toBe(isPermissive);
});

it('asks the package itself when the lock file does not say', () => {
  const check = (manifest: LicenceFields) => checkLicences({ 'node_modules/x': {} }, () => manifest);
  expect(check({ licenses: [{ type: 'MIT' }] })).toEqual([]);
  expect(check({ licenses: ['GPL-2.0', 'MIT'] })).toEqual([]);
  expect(check({ licenses: [] })).toEqual(['node_modules/x names no licence']);
  expect(check({ license: 'SSPL-1.0' })).toEqual(['node_modules/x is under SSPL-1.0']);
});
