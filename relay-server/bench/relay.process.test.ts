import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('relay.ts', import.meta.url));

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

describe('npm run bench -- relay', () => {
  it('measures the relay and its peers side by side', async () => {
    const { code, lines, errors } = await runBench('--quick', '--only', 'cursors');
    expect([code, errors]).toEqual([0, '']);
    for (const peer of ['tutti', 'hocuspocus', 'y-websocket']) {
      const round = lines.find((line) => 'peer' in line && line.peer === peer);
      expect(round).toMatchObject({ bench: 'relay', work: 'cursors', round: 1 });
      expect(round).toHaveProperty('framesPerClient', expect.any(Number));
    }
    const summary = lines.find((line) => 'figure' in line && line.figure === 'framesPerClient');
    expect(summary).toHaveProperty('ratio', expect.any(Number));
  });

  it('measures several nodes on the servers that they share', async () => {
    const { code, lines, errors } = await runBench('--quick', '--only', 'nodes');
    expect([code, errors]).toEqual([0, '']);
    const round = lines.find((line) => 'peer' in line && line.peer === 'tutti');
    for (const key of ['apart-relayUs@1', 'apart-otherP99Ms@2', 'apart-ackP50Ms@2', 'together-redisMessages@2']) {
      expect(round).toHaveProperty([key], expect.any(Number));
    }
    const relayUs = lines.find((line) => 'figure' in line && line.figure === 'together-relayUs@2');
    expect(relayUs).toHaveProperty('medians.tutti', expect.any(Number));
  });

  it('says which works there are', async () => {
    const { code, errors } = await runBench('--only', 'everything');
    expect(code).toBe(2);
    expect(errors).toContain('There is no work "everything". The works are: typing, flood');
  });
});
