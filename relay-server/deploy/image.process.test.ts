import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type DockerStage, readDockerfile } from '../testing/dockerfile.ts';
import { endProcess } from '../testing/end-process.ts';
import { readRelayOptions } from '../testing/relay-options.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { readYaml } from '../testing/yaml-node.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

const dockerfile = readDockerfile();
const manifest: unknown = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
const lockfile: unknown = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'));

function entriesOf(value: unknown, ...path: readonly string[]): readonly [string, unknown][] {
  let node = value;
  for (const key of path) node = new Map(Object.entries(node ?? {})).get(key);
  return Object.entries(node ?? {});
}

function commandsOf(stage: DockerStage): readonly string[] {
  const runs = stage.instructions.filter(({ name }) => name === 'RUN');
  return runs.flatMap(({ text }) => text.split(' && '));
}

interface Copy {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

function copiesOf(stage: DockerStage): readonly Copy[] {
  return stage.instructions
    .filter(({ name }) => name === 'COPY')
    .map(({ text }) => {
      const [, from, paths = ''] = /^(?:--from=(\S+) )?(.+)$/.exec(text) ?? [];
      const words = paths.split(' ');
      return { from, sources: words.slice(0, -1), target: words.at(-1) ?? '' };
    });
}

/** Packages that `npm ci --omit=dev` installs, by their folders. */
function runtimePackages(): readonly string[] {
  const packages = entriesOf(lockfile, 'packages');
  return packages.flatMap(([path, entry]) =>
    /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !new Map(entriesOf(entry)).has('dev') ? [path] : [],
  );
}

/** Lays out what the last stage holds, with links to those packages that it would have. */
function layOut(folder: string): void {
  for (const path of runtimePackages()) {
    if (!existsSync(join(PROJECT, path)) || /^node_modules\/node(-bin-.*)?$/.test(path)) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(PROJECT, path), join(folder, path));
  }
  const stage = dockerfile.stages.at(-1);
  if (!stage) throw new Error('no stage');
  for (const { from, sources, target } of copiesOf(stage)) {
    if (from !== undefined) continue;
    for (const source of sources) {
      const to = target.endsWith('/') ? join(folder, target, basename(source)) : join(folder, target);
      cpSync(join(PROJECT, source), to, { recursive: true });
    }
  }
  mkdirSync(join(folder, 'browser'));
  writeFileSync(join(folder, 'browser/browser.html'), '<!doctype html><title>Tutti</title>');
}

/** Runs what the image runs. What is absolute in it lies in the folder, and the port is a free one. */
function run(folder: string, more: readonly string[]) {
  const [program, ...args] = [...dockerfile.entrypoint, ...dockerfile.command];
  expect(program).toBe('node');
  const workingFolder = dockerfile.stages.at(-1)?.instructions.find(({ name }) => name === 'WORKDIR')?.text ?? '';
  const moved = args.map((arg) => arg.replace(workingFolder, folder).replace(/^\/data$/, join(folder, 'data')));
  moved[moved.indexOf('--port') + 1] = '0';
  moved[moved.indexOf('--host') + 1] = '127.0.0.1';
  const child = spawn(process.execPath, [...moved, ...more], {
    cwd: folder,
    env: { ...process.env, AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => endProcess(child, 'SIGKILL'));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const url = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /^tutti-relay listening on (\S+)$/.exec(line)?.[1];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${errors}`)));
  });
  return { child, url, errors: () => errors };
}

describe('the Dockerfile', () => {
  it('copies what is there, and from stages that are there', () => {
    const ignored = new Set(readFileSync(join(PROJECT, '.dockerignore'), 'utf8').split('\n').filter(Boolean));
    const names = new Set<string>();
    for (const stage of dockerfile.stages) {
      for (const { from, sources } of copiesOf(stage)) {
        if (from !== undefined) expect(names).toContain(from);
        else for (const source of sources) expect([source, existsSync(join(PROJECT, source))]).toEqual([source, true]);
        for (const source of sources) if (from === undefined) expect(ignored).not.toContain(source.split('/')[0]);
      }
      if (stage.name !== undefined) names.add(stage.name);
    }
    // Where the client's build leaves it.
    expect(readFileSync(join(PROJECT, 'browser.vite.config.ts'), 'utf8')).toContain("'out/browser'");
    const copied = dockerfile.stages.flatMap(copiesOf).flatMap(({ sources }) => sources);
    expect(copied).toContain('/src/out/browser');
  });

  it('runs commands that package.json has, on the Node that it names', () => {
    const scripts = entriesOf(manifest, 'scripts').map(([, command]) => command);
    const commands = dockerfile.stages.flatMap(commandsOf).filter((command) => /^(node|npm) /.test(command));
    expect(commands.filter((command) => !command.startsWith('npm ci '))).toEqual(['node scripts/bootstrap.mjs build']);
    expect(scripts).toContain('node scripts/bootstrap.mjs build');
    const major = /\d+/.exec(String(new Map(entriesOf(manifest, 'dependencies')).get('node')))?.[0];
    for (const { image } of dockerfile.stages) expect(image).toMatch(new RegExp(`^node:${major}-`));
    expect(dockerfile.entrypoint.every((part, index) => index === 0 || existsSync(join(PROJECT, part)))).toBe(true);
  });

  it('exposes the port at which the relay listens, with options that it has', async () => {
    const { options } = await readRelayOptions();
    const { command } = dockerfile;
    expect(command.filter((text) => text.startsWith('--')).filter((name) => !options.has(name))).toEqual([]);
    const exposed = dockerfile.stages.at(-1)?.instructions.filter(({ name }) => name === 'EXPOSE');
    expect(exposed?.map(({ text }) => text)).toEqual([command[command.indexOf('--port') + 1]]);
  });

  it('holds all that the relay needs: it runs, serves the client and answers the probes', async () => {
    const folder = temporaryFolder();
    layOut(folder);
    const { child, url, errors } = run(folder, []);
    const base = await url;
    const [relay] = readYaml(join(PROJECT, 'relay-server/deploy/kubernetes/relay.yaml')).filter(
      (object) => object.at('kind').text === 'StatefulSet',
    );
    const container = relay?.at('spec', 'template', 'spec', 'containers').items[0];
    for (const probe of ['readinessProbe', 'livenessProbe']) {
      const path = container?.at(probe, 'httpGet', 'path').text ?? '';
      expect([path, (await fetch(base + path)).status]).toEqual([path, 200]);
    }
    expect(await (await fetch(base)).text()).toContain('<title>Tutti</title>');
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
    expect(errors()).toBe('');
  });

  it('holds the libraries of the shared backends', async () => {
    const folder = temporaryFolder();
    layOut(folder);
    const shared = ['--redis', 'redis://127.0.0.1:1', '--s3', 's3://b?endpoint=http://127.0.0.1:1&region=r'];
    const alone = run(folder, shared);
    await alone.url;
    const withDatabase = run(folder, ['--postgres', 'postgres://u:p@127.0.0.1:1/d']);
    await expect(withDatabase.url).rejects.toThrow(
      /it ended with 1: tutti-relay: The database d at 127\.0\.0\.1:1 does not answer/,
    );
    expect(alone.errors()).not.toContain('ERR_MODULE_NOT_FOUND');
  });
});
