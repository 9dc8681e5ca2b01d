import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { listPageFiles } from './page-files.ts';

it('lists every file but the service worker, and has another version when one of them is another', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-page-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'browser.html'), '<!doctype html>');
  await writeFile(join(folder, 'assets', 'main.js'), 'export {};');
  const before = await listPageFiles(folder);
  await writeFile(join(folder, 'service-worker.js'), JSON.stringify(before));
  expect(await listPageFiles(folder)).toEqual(before);
  const hash = createHash('sha256').update('export {};').digest('base64');
  expect(Object.keys(before.files)).toEqual(['assets/main.js', 'browser.html']);
  expect(before.files['assets/main.js']).toBe(`sha256-${hash}`);
  await writeFile(join(folder, 'browser.html'), '<!doctype html> ');
  expect((await listPageFiles(folder)).version).not.toBe(before.version);
});
