import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { OfflineStoreError } from '../../../shared/sync/offline-store.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { lockFolder } from './folder-lock.ts';

const MODULE = fileURLToPath(new URL('./folder-lock.ts', import.meta.url));

/** What another process hears when it asks for the lock. */
async function askElsewhere(folder: string): Promise<string> {
  const code = `import { lockFolder } from ${JSON.stringify(MODULE)};
    try { lockFolder(${JSON.stringify(folder)}); console.log('locked'); } catch (error) { console.log(error.message); }`;
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

  it('begins a damaged list of folders anew', async () => {
    const folder = stateFolder();
    lockFolder(folder).dispose();
    writeFileSync(join(folder, 'tutti/locks/folders.sqlite'), 'no database at all'.repeat(1000));
    const lock = lockFolder(folder);
    onTestFinished(() => lock.dispose());
    expect(await askElsewhere(join(folder, 'below'))).toContain('lies in');
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
