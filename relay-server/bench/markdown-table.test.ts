import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeTable } from './markdown-table.ts';
import { summarise } from './summary.ts';
import type { Figures, FigureDefinition, Work } from './work.ts';

const OPTIONS = { machine: '2 × processor', date: '2030-01-02', order: ['Typing', 'Long logs'] };

function createWork(title: string, figures: readonly FigureDefinition[], more: Partial<Work> = {}): Work {
  return { name: title, title, rounds: 1, figures, run: () => Promise.resolve({}), ...more };
}

const TYPING = createWork('Typing', [{ key: 'cpu', label: 'CPU', unit: 'µs' }]);
const LOGS = createWork(
  'Long logs',
  [
    { key: 'joinMs@10', label: 'join', unit: 'ms', size: '10 rows' },
    { key: 'joinMs@20', label: 'join', unit: 'ms', size: '20 rows' },
    { key: 'bytes@10', label: 'bytes', unit: '', size: '10 rows' },
  ],
  { peers: ['tutti'] },
);

function summariseTutti(work: Work, tutti: Figures) {
  return { work, figures: work.figures.map((figure) => summarise({ work, rounds: [{ tutti }] }, figure)) };
}

async function createReadme(): Promise<{ path: string; read: () => Promise<string> }> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-table-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'README.md');
  await writeFile(path, 'Before.\n<!-- figures: written by the bench -->\n<!-- end of the figures -->\nAfter.\n');
  return { path, read: () => readFile(path, 'utf8') };
}

describe('the tables of the figures', () => {
  it('has figures at several sizes in a table of their own', async () => {
    const { path, read } = await createReadme();
    await writeTable(path, [summariseTutti(LOGS, { 'joinMs@10': 1.234, 'joinMs@20': 250.7, 'bytes@10': 5 })], OPTIONS);
    expect(await read()).toContain(
      [
        '### Long logs',
        '',
        '| figure | server | 10 rows | 20 rows | date |',
        '| --- | --- | ---: | ---: | --- |',
        '| join | Tutti | 1.23 ms | 251 ms | 2030-01-02 |',
        '| bytes | Tutti | 5 | – | 2030-01-02 |',
        '',
        '<!-- end of the figures -->',
        'After.',
      ].join('\n'),
    );
  });

  it('keeps the lines of works that were not done, unless the machine is another', async () => {
    const { path, read } = await createReadme();
    const typed = summariseTutti(TYPING, { cpu: 70 });
    await writeTable(path, [typed, summariseTutti(LOGS, { 'joinMs@10': 1 })], OPTIONS);
    const both = await read();
    expect(both).toContain('| Typing | CPU | 70 µs | – | – | – |  |  | 2030-01-02 |');
    await writeTable(path, [typed], OPTIONS);
    expect(await read()).toBe(both);
    await writeTable(path, [summariseTutti(LOGS, { 'joinMs@10': 2 })], OPTIONS);
    expect(await read()).toBe(both.replace('| join | Tutti | 1 ms', '| join | Tutti | 2 ms'));
    await writeTable(path, [typed], { ...OPTIONS, machine: '4 × processor' });
    expect(await read()).not.toContain('Long logs');
  });

  it('has a line for each server that is compared', async () => {
    const { path, read } = await createReadme();
    const work = createWork('Long logs', LOGS.figures);
    const rounds = [{ tutti: { 'joinMs@10': 1 }, hocuspocus: { 'joinMs@10': 3, 'joinMs@20': 4 } }];
    const figures = work.figures.map((figure) => summarise({ work, rounds }, figure));
    await writeTable(path, [{ work, figures }], OPTIONS);
    expect(await read()).toContain(
      [
        '| join | Tutti | 1 ms | – | 2030-01-02 |',
        '| join | Hocuspocus | 3 ms | 4 ms | 2030-01-02 |',
        '| join | y-websocket | – | – | 2030-01-02 |',
      ].join('\n'),
    );
  });
});
