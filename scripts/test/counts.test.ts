import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { countPlaywright, countVitest } from './counts.ts';

async function writeReport(report: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-counts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'report.json');
  await writeFile(file, JSON.stringify(report));
  return file;
}

it('counts a passed run', async () => {
  const vitest = await writeReport({ success: true, numPassedTests: 5, numFailedTests: 0, numPendingTests: 1 });
  expect(await countVitest(vitest)).toEqual({ passed: 5, failed: 0, skipped: 1 });
  const playwright = await writeReport({ stats: { expected: 2, unexpected: 0, flaky: 0, skipped: 0 } });
  expect(await countPlaywright(playwright)).toEqual({ passed: 2, failed: 0, skipped: 0 });
});

it('counts a run that failed outside of its tests, or left no report, as a failure', async () => {
  expect((await countVitest(await writeReport({ success: false, numPassedTests: 5 }))).failed).toBe(1);
  expect((await countVitest('/nowhere')).failed).toBe(1);
  expect((await countPlaywright('/nowhere')).failed).toBe(1);
});
