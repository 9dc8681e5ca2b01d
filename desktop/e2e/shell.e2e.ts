import { expect, test } from '@playwright/test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ELECTRON_ARGUMENTS } from '../../scripts/runtimes/electron.ts';
import { launchDesktop } from './support/desktop-app.ts';
import type { DesktopPerson } from './support/person.ts';

const NO_RELAY = 'http://127.0.0.1:9';

let data: string;
let ana: DesktopPerson;

test.beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tutti-shell-'));
  await mkdir(join(data, 'project'));
  await writeFile(join(data, 'project', 'a.txt'), 'a\n');
  ana = await launchDesktop({
    name: 'Ana',
    userData: join(data, 'ana'),
    relayUrl: NO_RELAY,
    folder: join(data, 'project'),
  });
  await expect(ana.page.getByRole('treeitem', { name: 'a.txt' })).toBeVisible();
});

test.afterAll(async () => {
  await ana?.app.close();
  if (data) await rm(data, { recursive: true, force: true });
});

test('the page runs sandboxed, isolated, at an origin of its own', async () => {
  const found = await ana.page.evaluate(() => ({
    origin: window.location.origin,
    isSecure: window.isSecureContext,
    reach: ['require', 'process', 'module', 'Buffer', 'ipcRenderer'].filter((name) => name in window),
    bridge: Object.keys(Reflect.get(window, 'tutti') as object).sort(),
  }));
  expect(found).toEqual({ origin: 'tutti-app://app', isSecure: true, reach: [], bridge: ['invoke', 'on'] });
  const preferences = await ana.app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents;
    return contents && Reflect.apply(Reflect.get(contents, 'getLastWebPreferences') as () => unknown, contents, []);
  });
  expect(preferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false });
});

test('no service worker comes between the page and the app', async () => {
  const workers = await ana.page.evaluate(async () => {
    // At an origin of the app's own there may be none.
    const registrations = await navigator.serviceWorker.getRegistrations().catch(() => []);
    return [navigator.serviceWorker.controller?.scriptURL, ...registrations.map(({ scope }) => scope)];
  });
  expect(workers).toEqual([undefined]);
});

test('the policy keeps out other origins, inline scripts and eval', async () => {
  const refused = await ana.page.evaluate(async () => {
    const attempts = {
      fetch: () => fetch('http://127.0.0.1:9/'),
      image: () =>
        new Promise((resolve, reject) => {
          const image = new Image();
          image.onload = resolve;
          image.onerror = () => reject(new Error('refused'));
          image.src = 'http://127.0.0.1:9/x.png';
        }),
      evaluation: async () =>
        Reflect.construct(Reflect.get(window, 'Function') as new (code: string) => unknown, ['return 1']),
    };
    const outcomes: Record<string, boolean> = {};
    for (const [name, attempt] of Object.entries(attempts)) {
      outcomes[name] = await attempt().then(
        () => false,
        () => true,
      );
    }
    const script = document.createElement('script');
    script.textContent = 'document.title = "inline script ran"';
    document.head.append(script);
    outcomes['inline'] = document.title !== 'inline script ran';
    return outcomes;
  });
  expect(refused).toEqual({ fetch: true, image: true, evaluation: true, inline: true });
});

test('requests of a wrong form, and channels that do not exist, are refused', async () => {
  const outcomes = await ana.page.evaluate(async () => {
    const invoke = Reflect.get(Reflect.get(window, 'tutti') as object, 'invoke') as (
      channel: string,
      request: unknown,
    ) => Promise<unknown>;
    const attempts: [string, unknown][] = [
      ['room:join', 5],
      ['room:join', { link: 'x' }],
      ['access:create-link', { role: 'owner' }],
      ['folder:open-recent', { path: ['/etc'] }],
      ['clipboard:write', { text: 'x'.repeat(100_000) }],
      ['shell:run', { command: 'ls' }],
    ];
    return Promise.all(
      attempts.map(([channel, request]) =>
        invoke(channel, request).then(
          () => 'taken',
          () => 'refused',
        ),
      ),
    );
  });
  expect(outcomes).toEqual(Array(6).fill('refused'));
  const elsewhere = await ana.page.evaluate(() => {
    const api = Reflect.get(window, 'tutti') as { invoke(channel: string, request: unknown): Promise<unknown> };
    return api.invoke('folder:open-recent', { path: '/etc' });
  });
  expect(elsewhere).toMatchObject({ ok: false });
});

test('a second start hands its tutti:// link to the first, which asks before it joins', async () => {
  const link = `tutti://join?relay=${encodeURIComponent(NO_RELAY)}&room=their-room#AAAAAAAAAAAAAAAAAAAAAAAA`;
  const second = spawn(
    process.env['ELECTRON_EXEC_PATH'] ?? '',
    ['.', ...ELECTRON_ARGUMENTS, `--user-data-dir=${join(data, 'ana')}`, link],
    { stdio: 'ignore' },
  );
  await once(second, 'exit');
  const dialog = ana.page.getByRole('dialog', { name: 'Join this room?' });
  await expect(dialog).toContainText('a shared room');
  await expect(dialog).toContainText('127.0.0.1:9');
  await ana.screenshot('30-link-from-outside');
  expect(ana.app.windows()).toHaveLength(1);
  await ana.page.getByRole('button', { name: 'Do Not Join' }).click();
});

test('the page gets no permission but the clipboard', async () => {
  const found = await ana.page.evaluate(async () => {
    const stateOf = async (name: string) =>
      (await navigator.permissions.query({ name: name as PermissionName }).catch(() => ({ state: 'unknown' }))).state;
    const isRefused = (attempt: Promise<unknown>) =>
      attempt.then(
        () => false,
        () => true,
      );
    return {
      states: await Promise.all(['geolocation', 'camera', 'microphone', 'notifications', 'midi'].map(stateOf)),
      notification: await Notification.requestPermission(),
      microphone: await isRefused(navigator.mediaDevices.getUserMedia({ audio: true })),
      screen: await isRefused(navigator.mediaDevices.getDisplayMedia({ video: true })),
      position: await new Promise((resolve) =>
        navigator.geolocation.getCurrentPosition(
          () => resolve('told'),
          ({ code }) => resolve(code),
        ),
      ),
    };
  });
  expect(found).toEqual({
    states: Array(5).fill('denied'),
    notification: 'denied',
    microphone: true,
    screen: true,
    // PERMISSION_DENIED
    position: 1,
  });
});

test('a folder in the one that is shown takes its place, with what was typed just before on disk, and back', async () => {
  const [outer, inner] = [join(data, 'project'), join(data, 'project', 'inner')];
  const openFolder = async (path: string) => {
    await ana.app.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] });
    }, path);
    await ana.runCommand('Open Folder…');
  };
  const rows = () => ana.page.getByRole('treeitem').allTextContents();
  await mkdir(inner);
  await writeFile(join(inner, 'b.txt'), 'b\n');
  await expect(ana.page.getByRole('treeitem', { name: 'inner' })).toBeVisible();
  await ana.openFile('a.txt');
  await ana.clickLine('a');
  await ana.type(', typed just before');
  await openFolder(inner);
  await expect.poll(rows).toEqual(['b.txt']);
  expect(await readFile(join(outer, 'a.txt'), 'utf8')).toBe('a, typed just before\n');
  await openFolder(outer);
  await expect(ana.page.getByRole('treeitem', { name: 'a.txt' })).toBeVisible();
  await ana.openFile('a.txt');
  await expect.poll(() => ana.visibleText()).toContain('a, typed just before');
  await expect(ana.page.getByText('could not be opened')).toHaveCount(0);
  expect(ana.app.windows()).toHaveLength(1);
});

// Last: a navigation that was refused looks like a pending one to the test's driver.
test('the window neither navigates away nor opens others', async () => {
  await ana.page.evaluate(() => {
    window.location.href = 'http://127.0.0.1:9/';
  });
  expect(await ana.page.evaluate(() => window.open('http://127.0.0.1:9/') === null)).toBe(true);
  expect(await ana.page.evaluate(() => window.location.origin)).toBe('tutti-app://app');
  expect(ana.app.windows()).toHaveLength(1);
});
