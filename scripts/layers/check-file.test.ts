import { describe, expect, it } from 'vitest';
import { checkFile } from './check-file.ts';

const violations: [path: string, source: string, problem: string][] = [
  ['shared/lifecycle/a.ts', `import { x } from '../protocol/x.ts';`, 'shared/lifecycle may not import shared/protocol'],
  ['shared/protocol/a.ts', `export * from '../sync/x.ts';`, 'shared/protocol may not import shared/sync'],
  ['shared/workspace/a.ts', `import type { X } from '../access/x.ts';`, 'may not import shared/access'],
  ['shared/sync/a.ts', `import { x } from '../../relay-server/rooms/x.ts';`, 'may not import relay-server'],
  ['shared/sync/a.ts', `const x = await import('../../desktop/main/x.ts');`, 'may not import desktop/main'],
  ['shared/sync/a.ts', `import { x } from '../testing/x.ts';`, 'may not import shared/testing'],
  ['shared/sync/a.ts', `import { readFile } from 'node:fs';`, `may not import Node's node:fs`],
  ['relay-server/main.ts', `import { x } from '../desktop/main/x.ts';`, 'relay-server may not import desktop/main'],
  ['relay-server/main.ts', `import { x } from '../shared/testing/x.ts';`, 'may not import shared/testing'],
  ['relay-server/main.ts', `import { x } from '../scripts/x.ts';`, 'may not import scripts'],
  [
    'relay-server/log/a.ts',
    `import { x } from '../gateway/x.ts';`,
    'relay-server/log may not import relay-server (../gateway/x.ts)',
  ],
  ['desktop/main/a.ts', `import { x } from '../../relay-server/x.ts';`, 'desktop/main may not import relay-server'],
  ['desktop/main/a.ts', `import { x } from '../renderer/x.ts';`, 'desktop/main may not import desktop/renderer'],
  ['desktop/renderer/a.tsx', `import type { X } from '../main/x.ts';`, 'may not import desktop/main'],
  ['desktop/main/a.ts', `import { x } from '../ipc/x.ts';`, 'holds types only'],
  ['desktop/main/store/a.ts', `import { app } from 'electron';`, 'electron may be imported only in'],
  ['desktop/main/session/a.ts', `import { app } from 'electron';`, 'electron may be imported only in'],
  ['desktop/renderer/a.ts', `import 'electron';`, 'electron may be imported only in'],
  ['desktop/renderer/ui/a.ts', `import { editor } from 'monaco-editor/editor';`, 'may be imported only in'],
  ['desktop/main/session/a.ts', `import Database from 'better-sqlite3';`, 'may be imported only in'],
  ['relay-server/rooms/a.ts', `import { S3 } from '@aws-sdk/client-s3';`, 'may be imported only in'],
  ['elsewhere/a.ts', ``, 'lies in no layer'],
];

const permitted: [path: string, source: string][] = [
  ['shared/protocol/a.ts', `import { x } from '../lifecycle/x.ts'; import * as encoding from 'lib0/encoding';`],
  ['shared/sync/a.ts', `import { x } from '../access/x.ts'; import { y } from '../workspace/y.ts';`],
  ['shared/sync/a.test.ts', `import { x } from '../testing/x.ts'; import { readFile } from 'node:fs';`],
  ['relay-server/log/sqlite.ts', `import Database from 'better-sqlite3'; import { x } from '../../shared/sync/x.ts';`],
  ['relay-server/log/folder/a.ts', `import { x } from '../../sync-folder.ts';`],
  ['relay-server/log/a.test.ts', `import { x } from '../testing/x.ts';`],
  ['relay-server/rooms/a.ts', `import { x } from '../log/x.ts'; import { y } from '../access/y.ts';`],
  ['relay-server/a.process.test.ts', `import { x } from '../shared/testing/x.ts';`],
  ['desktop/main/index.ts', `import { app } from 'electron'; import type { X } from '../ipc/x.ts';`],
  ['desktop/main/store/a.ts', `import Database from 'better-sqlite3';`],
  ['desktop/renderer/editor/a.ts', `import { editor } from 'monaco-editor/editor';`],
  ['desktop/renderer/a.ts', `import type { X } from '../ipc/x.ts';`],
  ['vitest.config.ts', `import { x } from './scripts/runtimes/chromium.ts';`],
];

describe('checkFile', () => {
  it.each(violations)('reports in %s: %s', (path, source, problem) => {
    expect(checkFile(path, `\n${source}`)).toEqual([expect.stringContaining(problem)]);
  });

  it.each(permitted)('lets %s have: %s', (path, source) => {
    expect(checkFile(path, source)).toEqual([]);
  });

  it('names the line', () => {
    expect(checkFile('shared/sync/a.ts', `\n\nimport 'node:fs';`)[0]).toMatch(/^shared\/sync\/a\.ts:3: /);
  });

  it('refuses an import whose name it cannot read', () => {
    expect(() => checkFile('shared/sync/a.ts', 'await import(name);')).toThrow('needs a plain string');
  });
});
