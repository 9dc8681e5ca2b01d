import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { PROJECT_FOLDER } from './project.ts';

const LOCKFILE = {
  name: 'probe',
  version: '1.0.0',
  lockfileVersion: 3,
  requires: true,
  packages: { '': { name: 'probe', version: '1.0.0' } },
};

async function createProject(files: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-bootstrap-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'scripts'));
  await cp(join(PROJECT_FOLDER, 'scripts/bootstrap.mjs'), join(folder, 'scripts/bootstrap.mjs'));
  const all = {
    'package.json': JSON.stringify({ name: 'probe', version: '1.0.0', type: 'module' }),
    'package-lock.json': JSON.stringify(LOCKFILE),
    ...files,
  };
  for (const [name, content] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

async function provideNode(folder: string): Promise<void> {
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await symlink(join(PROJECT_FOLDER, 'node_modules/node'), join(folder, 'node_modules/node'));
}

function bootstrap(folder: string, ...args: string[]) {
  return bootstrapIn(process.env, folder, ...args);
}

function bootstrapIn(env: NodeJS.ProcessEnv, folder: string, ...args: string[]) {
  return spawnSync(process.execPath, [join(folder, 'scripts/bootstrap.mjs'), ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
}

it('runs a command with its arguments, prints nothing else and passes its exit code on', async () => {
  const folder = await createProject({
    'scripts/bench.ts': 'console.log(process.argv.slice(2).join("|") satisfies string); process.exitCode = 7;',
  });
  await provideNode(folder);
  expect(bootstrap(folder, 'stamp').status).toBe(0);
  const { status, stdout, stderr } = bootstrap(folder, 'bench', 'typing', '--pages', '2');
  expect([status, stdout, stderr]).toEqual([7, 'typing|--pages|2\n', '']);
});

it('installs again when the lockfile has changed', async () => {
  const folder = await createProject({ 'scripts/bench.ts': 'console.log("ran")' });
  await provideNode(folder);
  bootstrap(folder, 'stamp');
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ ...LOCKFILE, version: '1.0.0', touched: true }));
  const { status, stdout, stderr } = bootstrap(folder, 'bench');
  // The lockfile of the probe pins nothing, so that npm takes the linked Node away.
  expect(stderr).toContain('Installing the packages');
  expect(stderr).toContain('The pinned Node is missing');
  expect([status, stdout]).toEqual([1, '']);
});

it('installs with a Node that the installation does not take away', async () => {
  const folder = await createProject({
    'node_modules/.bin/node': '#!/bin/sh\necho "a Node of the project" >&2\nexit 9\n',
    'scripts/bench.ts': 'console.log("ran")',
  });
  await chmod(join(folder, 'node_modules/.bin/node'), 0o755);
  const ownNode = join(folder, 'node_modules/.bin/node');
  const env = {
    ...process.env,
    PATH: [dirname(ownNode), process.env['PATH']].join(delimiter),
    npm_node_execpath: ownNode,
  };
  const { stderr } = bootstrapIn(env, folder, 'bench');
  expect(stderr).toContain('Packages installed in');
  expect(stderr).not.toContain('a Node of the project');
});

it('says what to do when the packages cannot be installed', async () => {
  const folder = await createProject({ 'package-lock.json': '{ broken' });
  const { status, stdout, stderr } = bootstrap(folder, 'bench');
  expect(stderr).toContain('The packages could not be installed: `npm ci` failed');
  expect([status, stdout]).toEqual([1, '']);
});

it('names the commands there are', async () => {
  const { status, stderr } = bootstrap(await createProject(), 'wat');
  expect(stderr).toContain('There are: start, test');
  expect(status).toBe(2);
});

it('ends what it runs when npm is told to end', async () => {
  const folder = await createProject({
    'package.json': JSON.stringify({ type: 'module', scripts: { relay: 'node scripts/bootstrap.mjs relay' } }),
    'relay-server/main.ts': `
      import { writeFileSync } from 'node:fs';
      process.on('SIGTERM', () => (writeFileSync('ended', ''), process.exit(0)));
      setInterval(() => {}, 1_000);
      console.log('up');
    `,
  });
  await provideNode(folder);
  expect(bootstrap(folder, 'stamp').status).toBe(0);
  const npm = spawn('npm', ['run', '-s', 'relay'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  npm.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await expect.poll(() => output, { timeout: 10_000 }).toBe('up\n');
  npm.kill('SIGTERM');
  await expect.poll(() => existsSync(join(folder, 'ended')), { timeout: 10_000 }).toBe(true);
});
