import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('revoke.ts', import.meta.url));

it('npm run bench -- revoke measures on both nodes, with Redis and without', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [SCRIPT, '--quick'], { timeout: 100_000 });
  expect(stderr).toBe('');
  const [head, ...cases] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(head).toHaveProperty('machine');
  expect(cases.map(({ what, where, redis }) => `${String(what)}, ${String(where)}, ${String(redis)}`)).toEqual(
    ['up', 'down'].flatMap((redis) =>
      ['one person', 'everybody of a link'].flatMap((what) =>
        ['the same node', 'the other node'].map((where) => `${what}, ${where}, ${redis}`),
      ),
    ),
  );
  for (const { samples, p50Ms, p99Ms, maxMs } of cases) {
    expect(Number(samples)).toBeGreaterThan(0);
    expect(Number(p50Ms)).toBeGreaterThan(0);
    expect(Number(p99Ms)).toBeLessThanOrEqual(Number(maxMs));
  }
});
