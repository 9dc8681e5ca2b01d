import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { OfflineStoreError } from '../../../shared/sync/offline-store.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { lockFolder } from './folder-lock.ts';

const MODULE = fileURLToPath(new URL('./folder-lock.ts', import.meta.url));

/** What another process hears when it asks for the lock. */
async function askElsewhere(folder: string, before = ''): Promise<string> {
  const code = `${before}
    const { lockFolder } = await import(${JSON.stringify(MODULE)});
    try { lockFolder(${JSON.stringify(folder)}); console.log('locked'); } catch (error) { console.log(String(error)); }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code]);
  return stdout.trim();
}

/** The person's folder for state, of this test alone. */
function stateFolder(): string {
  const folder = temporaryFolder();
  vi.stubEnv('XDG_STATE_HOME', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  return folder;
}

describe('lockFolder', () => {
  it('is held by one process at a time, and free again afterwards, also after an end without a word', async () => {
    const folder = stateFolder();
    expect(await askElsewhere(folder)).toBe('locked');
    const lock = lockFolder(folder);
    expect(await askElsewhere(folder)).toContain('already shared by another room or another Tutti');
    lock.dispose();
    expect(await askElsewhere(folder)).toBe('locked');
  });

  it('is refused in a folder that is taken, and above it, and says which that is', async () => {
    const folder = stateFolder();
    const outer = join(folder, 'outer');
    const inner = join(outer, 'middle/inner');
    for (const made of [inner, `${outer}-beside`, join(outer, 'mid')]) mkdirSync(made, { recursive: true });
    const first = lockFolder(join(outer, 'middle'));
    expect(() => lockFolder(inner)).toThrow(`"${inner}" lies in "${join(outer, 'middle')}"`);
    expect(() => lockFolder(outer)).toThrow(`"${outer}" holds "${join(outer, 'middle')}"`);
    expect(await askElsewhere(inner)).toContain('another Tutti on this device');
    expect(await askElsewhere(outer)).toContain('choose a folder that does not hold it');
    for (const beside of [`${outer}-beside`, join(outer, 'mid')]) lockFolder(beside).dispose();
    first.dispose();
    const other = lockFolder(inner);
    expect(() => lockFolder(outer)).toThrow(OfflineStoreError);
    other.dispose();
    lockFolder(outer).dispose();
  });

  it('tells folders by what they are, too', () => {
    const folder = stateFolder();
    mkdirSync(join(folder, 'project/src'), { recursive: true });
    symlinkSync(join(folder, 'project'), join(folder, 'spelled'));
    const lock = lockFolder(join(folder, 'project'));
    onTestFinished(() => lock.dispose());
    expect(() => lockFolder(join(folder, 'spelled'))).toThrow('already shared');
    expect(() => lockFolder(join(folder, 'spelled/src'))).toThrow('lies in');
  });

  it('lets one room go from its folder to one in it, and back', () => {
    const folder = stateFolder();
    mkdirSync(join(folder, 'project/src'), { recursive: true });
    const outer = lockFolder(join(folder, 'project'));
    const inner = lockFolder(join(folder, 'project/src'), [join(folder, 'project')]);
    outer.dispose();
    expect(() => lockFolder(join(folder, 'project'))).toThrow('holds');
    const again = lockFolder(join(folder, 'project'), [join(folder, 'project/src')]);
    inner.dispose();
    again.dispose();
  });

  it('knows of folders that are taken after the file that keeps order among processes was damaged', async () => {
    const folder = stateFolder();
    const lock = lockFolder(folder);
    onTestFinished(() => lock.dispose());
    writeFileSync(join(folder, 'tutti/locks/turn.sqlite'), 'no database at all'.repeat(1000));
    expect(await askElsewhere(join(folder, 'below'))).toContain('lies in');
    expect(await askElsewhere(dirname(folder))).toContain('holds');
  });

  it('says what to do where that file cannot be begun anew', async () => {
    const folder = stateFolder();
    lockFolder(folder).dispose();
    const turn = join(folder, 'tutti/locks/turn.sqlite');
    writeFileSync(turn, 'no database at all'.repeat(1000));
    // It stays, as where another program has it open on Windows.
    const keepFiles = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
      fs.rmSync = () => {}; syncBuiltinESMExports();`;
    expect(await askElsewhere(folder, keepFiles)).toBe(
      `OfflineStoreError: ${turn} is damaged and cannot be begun anew. Remove it, then try again.`,
    );
  });

  it('takes no folder while it cannot be read where that of another Tutti is, and any once that has ended', async () => {
    const folder = stateFolder();
    mkdirSync(join(folder, 'project'));
    const lock = lockFolder(join(folder, 'project'));
    const locks = join(folder, 'tutti/locks');
    const entry = join(locks, readdirSync(locks).find((file) => file.endsWith('.folder')) ?? '');
    for (const damaged of ['', '{"folder":', '{"folder":1,"places":[]}', '[]']) {
      writeFileSync(entry, damaged);
      expect(await askElsewhere(join(folder, 'other'))).toContain('end that Tutti first');
    }
    lock.dispose();
    expect(readdirSync(locks).filter((file) => file.endsWith('.folder'))).toEqual([]);
    writeFileSync(entry, '');
    expect(await askElsewhere(join(folder, 'other'))).toBe('locked');
    expect(readdirSync(locks)).not.toContain(basename(entry));
    expect(await askElsewhere(join(folder, 'project'))).toBe('locked');
  });

  it('begins a damaged lock anew, which the person keeps with their state', async () => {
    const folder = stateFolder();
    lockFolder(folder).dispose();
    const locks = join(folder, 'tutti', 'locks');
    const name = readdirSync(locks).find((file) => file.endsWith('.lock')) ?? '';
    writeFileSync(join(locks, name), 'no database at all'.repeat(1000));
    const lock = lockFolder(folder);
    onTestFinished(() => lock.dispose());
    expect(await askElsewhere(folder)).toContain('already shared by another');
  });

  it('works for an account without a home of its own', async () => {
    const folder = stateFolder();
    writeFileSync(join(folder, 'tutti'), 'in the way');
    mkdirSync(join(folder, 'project'));
    const lock = lockFolder(join(folder, 'project'));
    onTestFinished(() => lock.dispose());
    expect(await askElsewhere(join(folder, 'project'))).toContain('already shared by another');
  });
});
