import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty folder that goes with the test. Make it before what writes to it, so that it is removed last. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-desktop-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
