import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Application } from './application.ts';
import { DesktopRooms } from './session/desktop-rooms.ts';
import { StoredRooms } from './session/stored-rooms.ts';
import { runSql } from './store/testing/run-sql.ts';
import { KnownRooms } from './store/known-rooms.ts';
import { ask, BrowserWindow, chosenPaths, sent } from './testing/fake-electron.ts';
import { granted } from './testing/granted.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

// Electron does not run in Node; all else here is what runs in the app.
vi.mock('electron', () => import('./testing/fake-electron.ts'));

const NOTHING = { folder: undefined, joinLink: undefined, mirrorFolder: undefined, relayUrl: undefined };

beforeEach(() => {
  sent.length = 0;
  BrowserWindow.all.length = 0;
  chosenPaths.length = 0;
});

async function startApp(data = temporaryFolder()) {
  vi.stubEnv('XDG_STATE_HOME', data);
  onTestFinished(() => void vi.unstubAllEnvs());
  const rooms = await DesktopRooms.open({
    dataFolder: join(data, 'app'),
    relayUrl: 'http://127.0.0.1:9',
    operatorToken: undefined,
    seal: undefined,
  });
  onTestFinished(() => rooms.close());
  const app = new Application(rooms, '/app');
  onTestFinished(() => app.dispose());
  const quit = async () => {
    app.dispose();
    for (const window of [...BrowserWindow.all]) window.destroy();
    await rooms.close();
    sent.length = 0;
  };
  return { app, rooms, data, quit };
}

function folderIn(data: string, name: string): string {
  const folder = join(data, name);
  mkdirSync(folder);
  return folder;
}

function pageId(): number {
  const window = BrowserWindow.all.at(-1);
  if (!window) throw new Error('no window is open');
  return window.webContents.id;
}

/** File > Open Folder… in the window that was opened last. */
async function openFolder(path: string): Promise<unknown> {
  chosenPaths.push(path);
  return ask(pageId(), 'folder:choose');
}

const statuses = () => sent.filter(({ channel }) => channel === 'workspace:status').map(({ value }) => value);
const ports = () => sent.filter(({ channel }) => channel === 'session:port').length;

describe('opening a folder', () => {
  it('that is refused at the start says why, for whoever started it', async () => {
    const { app, data } = await startApp();
    await app.launch({ ...NOTHING, folder: folderIn(data, 'fine') });
    expect(app.failure).toBeUndefined();
    await app.launch({ ...NOTHING, folder: join(data, 'app') });
    expect(statuses().at(-1)).toMatchObject({ kind: 'failed', explanation: app.failure });
    expect(app.failure).toContain(join(data, 'app'));
  });

  it('that is gone leaves the room in the window as it is', async () => {
    const { app, rooms, data } = await startApp();
    const [gone, kept] = [folderIn(data, 'gone'), folderIn(data, 'kept')];
    const once = await rooms.openFolder(gone);
    if (once.ok) once.value.dispose();
    rmSync(gone, { recursive: true });
    await app.launch({ ...NOTHING, folder: kept });
    await ask(pageId(), 'window:ready');
    expect(ports()).toBe(1);
    const told = statuses().length;
    expect(await ask(pageId(), 'folder:open-recent', { path: gone })).toMatchObject({ ok: false });
    expect(statuses().slice(told)).toEqual([]);
    expect(ports()).toBe(1);
    expect(await ask(pageId(), 'folder:open-recent', { path: kept })).toMatchObject({ ok: true });
    expect(statuses().at(-1)).toMatchObject({ kind: 'open', folderPath: kept });
    expect(ports()).toBe(2);
  });

  it('that is not there says so in a window without a room', async () => {
    const { app, data } = await startApp();
    await app.launch({ ...NOTHING, folder: join(data, 'nowhere') });
    expect(statuses()).toMatchObject([{ kind: 'opening' }, { kind: 'failed' }]);
  });
});

describe('opening a folder in the one that the window shows, or one that holds it', () => {
  async function startWithin() {
    const started = await startApp();
    const outer = folderIn(started.data, 'outer');
    const inner = folderIn(outer, 'inner');
    await started.app.launch({ ...NOTHING, folder: outer });
    await ask(pageId(), 'window:ready');
    return { ...started, outer, inner };
  }

  const openFolders = async (rooms: DesktopRooms) =>
    (await rooms.listStored()).filter(({ isOpen }) => isOpen).map(({ folder }) => folder);

  it('leaves the room that was there, and goes to the folder', async () => {
    const { rooms, outer, inner } = await startWithin();
    for (const next of [inner, outer]) {
      const told = statuses().length;
      expect(await openFolder(next)).toEqual({ ok: true, value: true });
      expect(statuses().slice(told)).toMatchObject([
        { kind: 'opening', label: next },
        { kind: 'open', folderPath: next },
      ]);
      expect(await openFolders(rooms)).toEqual([next]);
    }
    expect(ports()).toBe(3);
  });

  it('does so, too, for a room of the list of what was open last', async () => {
    const { app, rooms, outer, inner } = await startWithin();
    await openFolder(inner);
    const [, last] = rooms.listRecent();
    await app.openRecent(last?.key ?? '');
    expect(statuses().at(-1)).toMatchObject({ kind: 'open', folderPath: outer });
    const [, first] = rooms.listRecent();
    expect(await ask(pageId(), 'storage:open', { key: first?.key })).toMatchObject({ ok: true });
    expect(statuses().at(-1)).toMatchObject({ kind: 'open', folderPath: inner });
  });

  it('leaves nothing while another window shows the same room', async () => {
    const { rooms, outer, inner } = await startWithin();
    await ask(pageId(), 'window:new');
    const told = statuses().length;
    expect(await openFolder(inner)).toHaveProperty(
      'explanation',
      expect.stringContaining(`Another window shows "${outer}" as well. Leave the room there first.`),
    );
    expect(statuses().slice(told)).toEqual([]);
    expect(await openFolders(rooms)).toEqual([outer]);
    BrowserWindow.all.at(-1)?.destroy();
    expect(await openFolder(inner)).toMatchObject({ ok: true });
  });

  it('leaves nothing while another window shows a room that is in the way', async () => {
    const { app, rooms, data, outer, inner } = await startWithin();
    const beside = folderIn(data, 'beside');
    await app.launchAgain({ ...NOTHING, folder: beside });
    const told = statuses().length;
    expect(await openFolder(inner)).toHaveProperty(
      'explanation',
      expect.stringContaining(`"${inner}" lies in "${outer}"`),
    );
    expect(statuses().slice(told)).toEqual([]);
    expect(new Set(await openFolders(rooms))).toEqual(new Set([beside, outer]));
  });

  it('leaves nothing while another Tutti has a folder that is in the way', async () => {
    const { data, outer, inner } = await startWithin();
    await openFolder(inner);
    const other = await DesktopRooms.open({
      dataFolder: join(data, 'other'),
      relayUrl: 'http://127.0.0.1:9',
      operatorToken: undefined,
      seal: undefined,
    });
    onTestFinished(() => other.close());
    const beside = folderIn(outer, 'beside');
    granted(await other.openFolder(beside));
    const told = statuses().length;
    expect(await openFolder(outer)).toHaveProperty(
      'explanation',
      expect.stringContaining(`"${outer}" holds "${beside}"`),
    );
    expect(statuses().slice(told)).toEqual([]);
    expect(ports()).toBe(2);
  });

  it('leaves nothing where the new room cannot be stored', async () => {
    const { rooms, data, outer, inner } = await startWithin();
    await openFolder(inner);
    const stored = join(data, 'app', 'rooms');
    const files = new Set(readdirSync(stored).filter((name) => name.endsWith('.sqlite')));
    await openFolder(outer);
    const key = rooms.listRecent().find(({ place }) => place === inner)?.key ?? '';
    expect(files).toContain(`${key}.sqlite`);
    for (const name of readdirSync(stored)) if (name.startsWith(key)) rmSync(join(stored, name), { recursive: true });
    mkdirSync(join(stored, `${key}.sqlite`));
    const told = statuses().length;
    expect(await openFolder(inner)).toHaveProperty('explanation', expect.stringContaining(key));
    expect(statuses().slice(told)).toEqual([]);
    expect(await openFolders(rooms)).toEqual([outer]);
  });

  it('shows the room that was left again where the new one fails after all', async () => {
    const { rooms, outer, inner } = await startWithin();
    vi.spyOn(rooms, 'openFolder').mockImplementation(async (_path, toLeave) => {
      toLeave?.leave();
      return { ok: false, explanation: 'It fails.' };
    });
    const told = statuses().length;
    expect(await openFolder(inner)).toEqual({ ok: false, explanation: 'It fails.' });
    expect(statuses().slice(told)).toMatchObject([
      { kind: 'opening', label: inner },
      { kind: 'open', folderPath: outer },
    ]);
    expect(ports()).toBe(2);
  });
});

/** What the windows show, by page. */
function shownFolders(): readonly unknown[] {
  const last = new Map<number, unknown>();
  for (const { pageId, channel, value } of sent) if (channel === 'workspace:status') last.set(pageId, value);
  return [...last.values()].map((status) => (status as { folderPath?: string; kind: string }).folderPath ?? status);
}

describe('a start without a folder or a link', () => {
  it('shows the welcome page, and makes no room, where nothing was open', async () => {
    const { app, rooms } = await startApp();
    await app.launch(NOTHING);
    expect(await ask(pageId(), 'window:ready')).toMatchObject({ status: { kind: 'none' } });
    expect(await rooms.listStored()).toEqual([]);
  });

  it('shows again, each in a window, the rooms that were open when the app was quit', async () => {
    const first = await startApp();
    const [one, two] = [folderIn(first.data, 'one'), folderIn(first.data, 'two')];
    await first.app.launch({ ...NOTHING, folder: one });
    await first.app.launchAgain({ ...NOTHING, folder: two });
    await first.quit();
    const { app } = await startApp(first.data);
    await app.launch(NOTHING);
    expect(shownFolders()).toEqual([one, two]);
  });

  it('shows again what was open when the app was killed, and what its last window showed when that was closed', async () => {
    const first = await startApp();
    const [one, two] = [folderIn(first.data, 'one'), folderIn(first.data, 'two')];
    await first.app.launch({ ...NOTHING, folder: one });
    await first.rooms.close();
    sent.length = 0;
    const second = await startApp(first.data);
    await second.app.launch(NOTHING);
    expect(shownFolders()).toEqual([one]);
    await second.app.launchAgain({ ...NOTHING, folder: two });
    BrowserWindow.all.at(-2)?.destroy();
    BrowserWindow.all.at(-1)?.destroy();
    await second.quit();
    const third = await startApp(first.data);
    await third.app.launch(NOTHING);
    expect(shownFolders()).toEqual([two]);
  });

  it('shows the welcome page after the room was left', async () => {
    const first = await startApp();
    await first.app.launch({ ...NOTHING, folder: folderIn(first.data, 'one') });
    await ask(pageId(), 'room:leave');
    await first.quit();
    const { app } = await startApp(first.data);
    await app.launch(NOTHING);
    expect(await ask(pageId(), 'window:ready')).toMatchObject({ status: { kind: 'none' } });
  });

  it('says on the welcome page that the list of rooms was damaged', async () => {
    const data = temporaryFolder();
    mkdirSync(join(data, 'app'));
    writeFileSync(join(data, 'app', 'tutti.sqlite'), 'this is no database');
    const { app } = await startApp(data);
    await app.launch(NOTHING);
    await ask(pageId(), 'window:ready');
    expect(sent.at(-1)).toMatchObject({ channel: 'problem', value: { id: 'list-of-rooms-set-aside' } });
  });

  it('a second one shows the welcome page beside what is open', async () => {
    const { app, data } = await startApp();
    const folder = folderIn(data, 'one');
    await app.launch({ ...NOTHING, folder });
    await app.launchAgain(NOTHING);
    expect(BrowserWindow.all).toHaveLength(2);
    expect(shownFolders()).toEqual([folder]);
  });
});

it('lists what was open last, and opens it in the window, or says why not', async () => {
  const { app, rooms, data } = await startApp();
  await app.launch({ ...NOTHING, folder: folderIn(data, 'one') });
  const two = folderIn(data, 'two');
  await app.launchAgain({ ...NOTHING, folder: two });
  expect(rooms.listRecent().map(({ name, place }) => [name, place])).toEqual([
    ['two', two],
    ['one', join(data, 'one')],
  ]);
  const [, one] = rooms.listRecent();
  await app.openRecent(one?.key ?? '');
  expect(statuses().at(-1)).toMatchObject({ kind: 'open', folderPath: join(data, 'one') });
  await app.openRecent('no-such-room');
  expect(sent.at(-1)).toMatchObject({ channel: 'problem', value: { title: 'The room cannot be opened.' } });
});

it('opens the room without a folder only when it is asked for', async () => {
  const { app } = await startApp();
  await app.launch(NOTHING);
  expect(await ask(pageId(), 'room:open-untitled')).toMatchObject({ ok: true });
  expect(statuses().at(-1)).toMatchObject({ kind: 'open', folderPath: undefined, isOwner: true });
});

it('a room that is joined for a window which was closed meanwhile is closed', async () => {
  const { app } = await startApp();
  const asked = Promise.withResolvers<void>();
  const answering = Promise.withResolvers<void>();
  const relay = createServer((_request, response) => {
    asked.resolve();
    const grant = { token: 't', expiresAtMs: 600_000, nowMs: 0, role: 'editor', subject: 's', room: 'r' };
    void answering.promise.then(() => response.end(JSON.stringify(grant)));
  });
  await new Promise<void>((resolve) => void relay.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void relay.close());
  relay.on('upgrade', (_request, socket) => socket.destroy());
  const { port } = relay.address() as AddressInfo;
  await app.launch(NOTHING);
  const link = `http://127.0.0.1:${port}/join/r#${'s'.repeat(43)}`;
  const joined = ask(pageId(), 'room:join', { link, name: 'Ana' });
  await asked.promise;
  BrowserWindow.all.at(-1)?.destroy();
  answering.resolve();
  // A lease that nobody gives back fails the test at its end.
  expect(await joined).toMatchObject({ ok: false, explanation: 'The window was closed.' });
});

it('choosing the app again opens a window only where there is none', async () => {
  const { app } = await startApp();
  await app.activate();
  await app.activate();
  expect(BrowserWindow.all).toHaveLength(1);
  BrowserWindow.all[0]?.destroy();
  await app.activate();
  expect(BrowserWindow.all).toHaveLength(1);
});

it('only the own page is answered', async () => {
  const { app } = await startApp();
  await app.launch(NOTHING);
  for (const url of ['https://app/index.html', 'tutti-app://other/index.html', 'tutti-app://app.evil/index.html'])
    await expect(ask(pageId(), 'window:ready', undefined, url)).rejects.toThrow("not from the app's own page");
});

it('a room that cannot be noted as opened is refused, and the window says nothing else', async () => {
  const data = temporaryFolder();
  const link = { relayUrl: 'http://127.0.0.1:10', room: 'team-room' };
  const key = StoredRooms.keyOf({ relayKey: link.relayUrl, room: link.room });
  const list = join(data, 'app', 'tutti.sqlite');
  mkdirSync(join(data, 'app', 'rooms'), { recursive: true });
  writeFileSync(join(data, 'app', 'rooms', `${key}.sqlite`), '');
  const known = new KnownRooms(list, undefined, Date.now());
  known.joined.remember(link.relayUrl, link.room, 'secret-of-the-link', Date.now());
  known.close();
  const full = "BEFORE INSERT ON joined_rooms BEGIN SELECT RAISE(ABORT, 'nothing more fits'); END";
  runSql(list, `CREATE TRIGGER full ${full}`);
  const { app } = await startApp(data);
  await app.launch(NOTHING);
  expect(await ask(pageId(), 'storage:open', { key })).toEqual({ ok: false, explanation: 'nothing more fits' });
  expect(statuses().filter((status) => JSON.stringify(status).includes('"open"'))).toEqual([]);
});
