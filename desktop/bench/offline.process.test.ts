import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('offline.ts', import.meta.url));

function runBench(...args: readonly string[]): Promise<{ code: number; lines: object[]; errors: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], { timeout: 100_000 }, (error, stdout, stderr) => {
      const lines = stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line): object => JSON.parse(line) as object);
      resolve({ code: error ? Number(error.code ?? -1) : 0, lines, errors: stderr });
    });
  });
}

it('npm run bench -- offline measures a merge beside its peer, opens a room and switches a branch', async () => {
  const { code, lines, errors } = await runBench('--quick', '--only', 'merge,open,switch');
  expect([code, errors]).toEqual([0, '']);
  for (const peer of ['tutti', 'y-websocket']) {
    const round = lines.find((line) => 'peer' in line && line.peer === peer);
    for (const figure of ['returningMs', 'onlineMs', 'savedMs', 'upBytes', 'downBytes', 'editUs']) {
      expect(round).toHaveProperty(figure, expect.any(Number));
    }
  }
  expect(lines.find((line) => 'ratios' in line)).toHaveProperty('ratios.onlineMs', expect.any(Number));
  const openings = lines.flatMap((line) => ('from' in line ? [line.from] : []));
  expect(openings).toEqual(['a folder', 'the relay', 'the relay, to a folder', 'the offline store']);
  expect(lines.at(-1)).toMatchObject({ bench: 'branch-switch', files: 10 });
});

it('npm run bench -- offline says which parts there are', async () => {
  const { code, errors } = await runBench('--only', 'everything');
  expect(code).toBe(2);
  expect(errors).toContain('There is no part "everything". The parts are: merge, open, switch, memory.');
});
