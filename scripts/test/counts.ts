import { readFile } from 'node:fs/promises';

/** How many tests ended in which way. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Reads Vitest's JSON report. A report that is missing counts as one failure: the run broke off. */
export async function countVitest(file: string): Promise<Counts> {
  const report = await readReport(file);
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  return {
    passed: numberIn(report, 'numPassedTests'),
    failed: Math.max(numberIn(report, 'numFailedTests'), report['success'] === true ? 0 : 1),
    skipped: numberIn(report, 'numPendingTests') + numberIn(report, 'numTodoTests'),
  };
}

/** Reads Playwright's JSON report, in the same way. */
export async function countPlaywright(file: string): Promise<Counts> {
  const stats = (await readReport(file))?.['stats'];
  if (!isRecord(stats)) return { passed: 0, failed: 1, skipped: 0 };
  return {
    passed: numberIn(stats, 'expected'),
    failed: numberIn(stats, 'unexpected') + numberIn(stats, 'flaky'),
    skipped: numberIn(stats, 'skipped'),
  };
}

async function readReport(file: string): Promise<Record<string, unknown> | undefined> {
  try {
    const report: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isRecord(report) ? report : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function numberIn(record: Record<string, unknown>, key: string): number {
  const value = record[key];
  return typeof value === 'number' ? value : 0;
}
