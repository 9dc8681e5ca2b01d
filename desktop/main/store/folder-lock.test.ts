import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
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
    expect(await askElsewhere(folder)).toContain('already shared by another Tutti');
    expect(await askElsewhere(`${folder}/below`)).toBe('locked');
    lock.dispose();
    expect(await askElsewhere(folder)).toBe('locked');
  });

  it('begins a damaged lock anew, which the person keeps with their state', async () => {
    const folder = stateFolder();
    lockFolder(folder).dispose();
    const locks = join(folder, 'tutti', 'locks');
    const [name = ''] = readdirSync(locks);
    expect(name).toMatch(/\.lock$/);
    writeFileSync(join(locks, name), 'no database at all'.repeat(1000));
    const lock = lockFolder(folder);
    onTestFinished(() => lock.dispose());
    expect(await askElsewhere(folder)).toContain('already shared by another Tutti');
  });

  it('works for an account without a home of its own', async () => {
    const folder = stateFolder();
    writeFileSync(join(folder, 'tutti'), 'in the way');
    mkdirSync(join(folder, 'project'));
    const lock = lockFolder(join(folder, 'project'));
    onTestFinished(() => lock.dispose());
    expect(await askElsewhere(join(folder, 'project'))).toContain('already shared by another Tutti');
  });
});
