import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockFolder } from './folder-lock.ts';

const MODULE = fileURLToPath(new URL('./folder-lock.ts', import.meta.url));

/** What another process hears when it asks for the lock. */
async function askElsewhere(folder: string): Promise<string> {
  const code = `import { lockFolder } from ${JSON.stringify(MODULE)};
    try { lockFolder(${JSON.stringify(folder)}); console.log('locked'); } catch (error) { console.log(error.message); }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code]);
  return stdout.trim();
}

describe('lockFolder', () => {
  it('is held by one process at a time, and free again afterwards, also after an end without a word', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tutti-lock-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    expect(await askElsewhere(folder)).toBe('locked');
    const lock = lockFolder(folder);
    expect(await askElsewhere(folder)).toContain('already shared by another Tutti');
    expect(await askElsewhere(`${folder}/below`)).toBe('locked');
    lock.dispose();
    expect(await askElsewhere(folder)).toBe('locked');
  });
});
