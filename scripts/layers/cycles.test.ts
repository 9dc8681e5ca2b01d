import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { PROJECT_FOLDER } from '../project.ts';

async function lint(files: Record<string, string>): Promise<{ status: number | null; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-cycles-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, source] of Object.entries(files)) await writeFile(join(folder, name), source);
  const oxlint = join(PROJECT_FOLDER, 'node_modules/oxlint/bin/oxlint');
  const configuration = join(PROJECT_FOLDER, '.oxlintrc.json');
  const { status, stdout, stderr } = spawnSync(process.execPath, [oxlint, '--config', configuration, folder], {
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

it('makes the lint fail on a cycle of imports, even of types', async () => {
  const { status, output } = await lint({
    'a.ts': `import { b } from './b.ts';\nexport const a = (): number => b;\n`,
    'b.ts': `import type { C } from './c.ts';\nexport const b: C = 1;\n`,
    'c.ts': `import type { a } from './a.ts';\nexport type C = ReturnType<typeof a>;\n`,
  });
  expect(output).toContain('import(no-cycle)');
  expect(status).toBe(1);
});

it('lets imports pass that run one way', async () => {
  const { status, output } = await lint({
    'a.ts': `import { b } from './b.ts';\nexport const a = (): number => b;\n`,
    'b.ts': `export const b = 1;\n`,
  });
  expect(output).toContain('0 errors');
  expect(status).toBe(0);
});
