import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication } from '@playwright/test';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { PROJECT_FOLDER } from '../project.ts';
import { startDisplay } from './display.ts';
import { ELECTRON_ARGUMENTS, provisionElectron } from './electron.ts';

const MAIN = `
  const { app, BrowserWindow, ipcMain } = require('electron');
  const { mkdirSync, writeFileSync } = require('node:fs');
  const { join } = require('node:path');
  const Database = require('better-sqlite3');
  const watcher = require('@parcel/watcher');
  const folder = app.getPath('userData');
  mkdirSync(folder, { recursive: true });
  const store = new Database(join(folder, 'store.sqlite'));
  store.pragma('journal_mode = WAL');
  store.exec('CREATE TABLE IF NOT EXISTS notes (text TEXT)');
  ipcMain.handle('note', (_event, text) => {
    store.prepare('INSERT INTO notes VALUES (?)').run(text);
    return store.prepare('SELECT text FROM notes').pluck().all();
  });
  ipcMain.handle('watch', async () => {
    const watched = join(folder, 'watched');
    mkdirSync(watched, { recursive: true });
    let subscription;
    const event = await new Promise(async (resolve, reject) => {
      subscription = await watcher.subscribe(watched, (error, events) => (error ? reject(error) : resolve(events[0])));
      writeFileSync(join(watched, 'new.txt'), 'x');
    });
    await subscription.unsubscribe();
    return event.type;
  });
  app.whenReady().then(() => {
    const window = new BrowserWindow({
      webPreferences: { preload: join(__dirname, 'preload.cjs'), sandbox: true, contextIsolation: true },
    });
    window.loadFile('index.html');
  });
`;
const PRELOAD = `
  const { contextBridge, ipcRenderer } = require('electron');
  contextBridge.exposeInMainWorld('probe', {
    note: (text) => ipcRenderer.invoke('note', text),
    watch: () => ipcRenderer.invoke('watch'),
    hasNode: () => typeof process.binding === 'function',
  });
`;

let runtime: Awaited<ReturnType<typeof provisionElectron>>;

beforeAll(async () => {
  runtime = await provisionElectron();
}, 300_000);

async function writeApp(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-electron-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const files = {
    'package.json': JSON.stringify({ name: 'probe', version: '1.2.3', main: 'main.cjs' }),
    'main.cjs': MAIN,
    'preload.cjs': PRELOAD,
    'index.html': '<title>Probe</title><h1>Hello</h1>',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  await symlink(join(PROJECT_FOLDER, 'node_modules'), join(folder, 'node_modules'));
  await mkdir(join(folder, 'user data'));
  return folder;
}

async function launch(folder: string, env: Readonly<Record<string, string>>): Promise<ElectronApplication> {
  return _electron.launch({
    executablePath: runtime.executablePath,
    args: [...ELECTRON_ARGUMENTS, `--user-data-dir=${join(folder, 'user data')}`, folder],
    env: { ...(process.env as Record<string, string>), ...env },
  });
}

it('opens a window with a sandboxed preload, keeps rows over a restart and watches a folder', async () => {
  const display = await startDisplay();
  onTestFinished(() => display.dispose());
  const folder = await writeApp();
  for (const expected of [['one'], ['one', 'two']]) {
    const application = await launch(folder, display.env);
    onTestFinished(() => application.close());
    const page = await application.firstWindow();
    expect(await page.title()).toBe('Probe');
    expect(await page.evaluate(`probe.note('${expected.at(-1)}')`)).toEqual(expected);
    expect(await page.evaluate('probe.watch()')).toBe(expected.length === 1 ? 'create' : 'update');
    expect(await page.evaluate('typeof require')).toBe('undefined');
    expect(await application.evaluate(({ app }) => [app.getName(), app.getAppPath(), app.isPackaged])).toEqual([
      'probe',
      folder,
      false,
    ]);
    expect(await application.evaluate(() => process.versions.electron)).toBe(runtime.version);
    await application.close();
  }
});
