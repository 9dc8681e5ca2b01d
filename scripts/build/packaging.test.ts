import { FuseV1Options } from '@electron/fuses';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { PROJECT_FOLDER } from '../project.ts';

/** What a packaged app may be turned into, by its name in the packager's configuration. */
const FUSES = {
  runAsNode: false,
  enableCookieEncryption: true,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  loadBrowserProcessSpecificV8Snapshot: false,
  grantFileProtocolExtraPrivileges: false,
};

const configuration = parse(readFileSync(join(PROJECT_FOLDER, 'electron-builder.yml'), 'utf8')) as Readonly<
  Record<string, unknown>
>;

it('sets every fuse of Electron, so that an installed app runs its own code and no other', () => {
  const known = Object.values(FuseV1Options).filter((name) => typeof name === 'string');
  expect(
    Object.keys(FUSES)
      .map((name) => name.charAt(0).toUpperCase() + name.slice(1))
      .sort(),
  ).toEqual(known.sort());
  expect(configuration['electronFuses']).toEqual(FUSES);
});

it('packs the app into an archive, without sources, and publishes nothing by itself', () => {
  expect(configuration).toMatchObject({ asar: true, publish: null, mac: { hardenedRuntime: true } });
  expect(configuration['files']).toContain('!**/*.map');
});
