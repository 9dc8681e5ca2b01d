import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PROJECT_FOLDER } from '../project.ts';

const READY = /^Tutti is ready: (\S+)$/;

let data: string;
let folder: string;
let running: ChildProcess[];

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'tutti-start-'));
  folder = join(data, 'project');
  await mkdir(folder);
  await writeFile(join(folder, 'a.txt'), 'a\n');
  running = [];
});

afterEach(async () => {
  for (const child of running) {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
  await rm(data, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly errors: string[];
  readonly ready: Promise<string>;
}

/** Runs what `npm start --` runs, less the installation. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...inherited } = process.env;
  const child = spawn(process.execPath, ['scripts/start.ts', '--data', join(data, 'data'), '--port', '0', ...args], {
    cwd: PROJECT_FOLDER,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface(child.stderr).on('line', (line) => errors.push(line));
  const ready = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      const link = READY.exec(line)?.[1];
      if (link !== undefined) resolve(link);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${errors.join('\n')}`)));
  });
  return { child, lines, errors, ready };
}

/** Where the system lists the children of a process, the relay is the only one of `--relay-only`. */
function relayPidOf({ pid }: ChildProcess): number {
  return Number(execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).trim());
}

async function interrupt({ child }: Started): Promise<number | null> {
  child.kill('SIGINT');
  await once(child, 'exit');
  return child.exitCode;
}

describe('npm start', () => {
  it('shares a folder without a window, prints one line, and stops everything at Ctrl-C', async () => {
    const started = start(['--no-window', folder]);
    const link = new URL(await started.ready);
    expect(started.lines).toHaveLength(1);
    const page = await fetch(new URL(link.pathname, link));
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<title>Tutti</title>');
    const trade = await fetch(new URL(`/api/rooms/${link.pathname.split('/').at(-1)}/tokens`, link), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ secret: link.hash.slice(1), name: 'Guest' }),
    });
    expect(await trade.json()).toMatchObject({ role: 'editor' });

    expect(await interrupt(started)).toBe(0);
    await expect(fetch(link)).rejects.toThrow('fetch failed');
  });

  it('opens the same room at the next start', async () => {
    const first = start(['--no-window', folder]);
    const { pathname } = new URL(await first.ready);
    await interrupt(first);
    const second = start(['--no-window', folder]);
    expect(new URL(await second.ready).pathname).toBe(pathname);
    await interrupt(second);
  });

  it('mirrors the room of a link to a folder, both ways, and keeps what that had of its own', async () => {
    const link = await start(['--no-window', folder]).ready;
    const mine = join(data, 'guest', 'mine');
    await mkdir(mine, { recursive: true });
    await writeFile(join(mine, 'a.txt'), 'mine\n');
    const joining = ['--data', join(data, 'guest', 'data'), '--relay', new URL(link).origin, '--no-window'];
    const mirroring = [...joining, '--join', link, '--mirror', mine];
    const refused = start(mirroring);
    await expect(refused.ready).rejects.toThrow('--take-room-files');
    expect(refused.errors.join('\n')).toMatch(/Different: 1\n {4}a\.txt\n/);
    expect(refused.child.exitCode).toBe(1);
    expect(await readFile(join(mine, 'a.txt'), 'utf8')).toBe('mine\n');
    const guest = start([...mirroring, '--take-room-files']);
    expect(await guest.ready).toBe(link);
    expect(await readFile(join(mine, 'a.txt'), 'utf8')).toBe('a\n');
    expect(guest.errors.join('\n')).toContain('Your files were backed up.');
    await writeFile(join(mine, 'b.txt'), 'from the guest\n');
    await vi.waitFor(async () => expect(await readFile(join(folder, 'b.txt'), 'utf8')).toBe('from the guest\n'), {
      timeout: 20_000,
    });
    expect(await interrupt(guest)).toBe(0);
  });

  it('says why a room cannot be mirrored to a folder', async () => {
    const link = await start(['--no-window', folder]).ready;
    const joining = ['--data', join(data, 'guest'), '--relay', new URL(link).origin, '--no-window', '--join', link];
    const guest = start([...joining, '--mirror', '/']);
    await expect(guest.ready).rejects.toThrow('"/" is the whole disk');
  });

  it('says in one sentence why no window opens, and serves the browser client', async () => {
    const started = start([folder]);
    await started.ready;
    expect(started.errors.filter((line) => line.includes('no window opens'))).toHaveLength(1);
    await interrupt(started);
  });

  it('says in the terminal, too, why the window does not show the folder', async () => {
    // Stands in for Electron, which needs a screen.
    const app = join(data, 'app');
    const lines = 'tutti-no-room "project" is shared by another Tutti.';
    await writeFile(app, `#!/bin/sh\necho '${lines}'\nexec sleep 600\n`, { mode: 0o755 });
    const started = start([folder], { DISPLAY: ':0', ELECTRON_EXEC_PATH: app });
    const url = new URL(await started.ready);
    expect(url.pathname).toBe('/');
    await vi.waitFor(() =>
      expect(started.errors.at(-1)).toMatch(/^"project" is shared by another Tutti\. Nothing is shared yet\./),
    );
    expect(await interrupt(started)).toBe(0);
  });

  it('runs the relay alone', async () => {
    const started = start(['--relay-only']);
    const url = await started.ready;
    const health = await fetch(new URL('/healthz', url));
    expect(health.status).toBe(200);
    await interrupt(started);
  });

  it('starts the relay again when it is killed, at the same address', async () => {
    const started = start(['--relay-only']);
    const url = await started.ready;
    const pid = relayPidOf(started.child);
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(started.errors.join('\n')).toContain('It is started again'), { timeout: 10_000 });
    await vi.waitFor(async () => expect((await fetch(new URL('/healthz', url))).status).toBe(200), { timeout: 20_000 });
    expect(relayPidOf(started.child)).not.toBe(pid);
    expect(await interrupt(started)).toBe(0);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('says that a relay does not answer, and goes on trying', async () => {
    const started = start(['--no-window', '--relay', 'http://127.0.0.1:9', folder]);
    started.ready.catch(() => undefined);
    await vi.waitFor(() => expect(started.errors.join('\n')).toContain('does not answer'), { timeout: 20_000 });
    await interrupt(started);
  });

  it('says that a relay lets it make no rooms, and ends', async () => {
    const url = await start(['--relay-only']).ready;
    const others = ['--data', join(data, 'other'), '--no-window', '--relay', new URL(url).origin, folder];
    const started = start(others);
    await expect(started.ready).rejects.toThrow('does not let this app make rooms');
    expect(started.errors.join('\n')).not.toContain('does not answer');
    const wrong = start(others, { TUTTI_OPERATOR_TOKEN: 'wrong' });
    await expect(wrong.ready).rejects.toThrow('refuses the operator token');
  });

  it('refuses a data folder that cannot be made', async () => {
    const started = start(['--relay-only', '--data', '/proc/tutti/data']);
    await expect(started.ready).rejects.toThrow('cannot be made');
  });

  it('refuses a folder that is not there with a sentence and exit code 1', async () => {
    const started = start(['--no-window', join(data, 'gone')]);
    await expect(started.ready).rejects.toThrow('There is no folder');
    expect(started.child.exitCode).toBe(1);
  });
});
