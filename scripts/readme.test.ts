import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_FOLDER } from './project.ts';

const TOP_LEVEL = /^(desktop|model|relay-server|scripts|shared)\//;

it('every claim of the threat model names tests that are there', () => {
  const readme = readFileSync(join(PROJECT_FOLDER, 'README.md'), 'utf8');
  const section = /^## THREAT-MODEL\n(.*?)^## /ms.exec(readme)?.[1] ?? '';
  const claims = [...section.matchAll(/^\| (.*) \| ([^|]*) \|$/gm)].slice(1).filter(([row]) => !row.startsWith('| -'));
  expect(claims.length).toBeGreaterThan(10);
  for (const [, claim = '', tests = ''] of claims) {
    const named = [...tests.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    expect([claim, named.length > 0]).toEqual([claim, true]);
    const isThere = (path: string) =>
      ['.test.ts', '.e2e.ts'].some((end) =>
        existsSync(join(PROJECT_FOLDER, TOP_LEVEL.test(path) ? '' : 'relay-server', `${path}${end}`)),
      );
    expect([claim, named.filter((path) => !isThere(path))]).toEqual([claim, []]);
  }
});
