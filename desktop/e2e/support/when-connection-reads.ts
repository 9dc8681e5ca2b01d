import { expect } from '@playwright/test';
import type { Person } from './person.ts';

/**
 * When the connection of a person first reads so, in milliseconds since the epoch. Call it before it can, and its result
 * when it should have; rejects when it does not within 10 s of that.
 */
export async function whenConnectionReads({ page }: Person, pattern: RegExp): Promise<() => Promise<number>> {
  const name = `connection ${pattern.source}`;
  await page.evaluate(
    ([mark, source]) => {
      const reads = () => {
        const text = document.querySelector('[data-testid="connection"]')?.textContent ?? '';
        if (!new RegExp(source).test(text)) return;
        performance.mark(mark);
        observer.disconnect();
      };
      const observer = new MutationObserver(reads);
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
      reads();
    },
    [name, pattern.source] as const,
  );
  return async () => {
    const read = () =>
      page.evaluate((mark) => {
        const startTime = performance.getEntriesByName(mark)[0]?.startTime;
        return startTime === undefined ? undefined : performance.timeOrigin + startTime;
      }, name);
    await expect.poll(read, { timeout: 10_000 }).toBeDefined();
    return (await read()) ?? Number.NaN;
  };
}
