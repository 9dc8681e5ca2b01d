import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AttachedSession, createDirectPorts } from '../../../shared/sync/attachment/index.ts';
import { CONTENT_TEXT, INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { lockFolder } from '../store/folder-lock.ts';
import type { SecretSeal } from '../store/secret-seal.ts';
import { granted } from '../testing/granted.ts';
import { runSql } from '../store/testing/run-sql.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { dropPrivileges } from '../testing/without-privileges.ts';
import { DesktopRooms } from './desktop-rooms.ts';
import type { RoomHost } from './room-host.ts';

/** Nobody listens there. */
const EMBEDDED_RELAY = 'http://127.0.0.1:9';
const TEAM_RELAY = 'https://relay.invalid';

const SEAL: SecretSeal = {
  seal: (text) => new TextEncoder().encode(`sealed ${text}`),
  unseal: (bytes) => new TextDecoder().decode(bytes).slice('sealed '.length),
};

async function openRooms(dataFolder: string, relayUrl: string, seal?: SecretSeal): Promise<DesktopRooms> {
  vi.stubEnv('XDG_STATE_HOME', dataFolder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const rooms = await DesktopRooms.open({ dataFolder, relayUrl, operatorToken: undefined, seal });
  onTestFinished(() => rooms.close());
  return rooms;
}

/** Opens a folder in a Tutti that is started for it alone. */
async function openOnce(dataFolder: string, folder: string, relayUrl: string, seal?: SecretSeal) {
  const rooms = await openRooms(dataFolder, relayUrl, seal);
  const outcome = await rooms.openFolder(folder);
  const seen = outcome.ok
    ? {
        room: outcome.value.host.room,
        reason: outcome.value.host.offlineReason,
        problems: [...outcome.value.host.currentProblems],
      }
    : { room: undefined, reason: outcome.explanation, problems: [] };
  if (outcome.ok) outcome.value.dispose();
  await rooms.close();
  return seen;
}

function sampleFolder(dataFolder: string): string {
  const folder = join(dataFolder, 'project');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.txt'), 'hi\n');
  return folder;
}

describe('a start without the key store', () => {
  it('opens a folder in the same room as the window did, on the embedded relay', async () => {
    const data = temporaryFolder();
    const folder = sampleFolder(data);
    const { room } = await openOnce(data, folder, EMBEDDED_RELAY, SEAL);
    const headless = await openOnce(data, folder, EMBEDDED_RELAY);
    expect(headless).toEqual({ room, reason: undefined, problems: [] });
    expect((await openOnce(data, folder, EMBEDDED_RELAY, SEAL)).room).toBe(room);
  });

  it("keeps a team room's secret sealed: the same room opens offline, says why, and comes back with the key store", async () => {
    const data = temporaryFolder();
    const folder = sampleFolder(data);
    const { room } = await openOnce(data, folder, TEAM_RELAY, SEAL);
    for (const seal of [
      undefined,
      {
        ...SEAL,
        unseal: () => {
          throw new Error('sealed elsewhere');
        },
      },
    ]) {
      const offline = await openOnce(data, folder, TEAM_RELAY, seal);
      expect(offline.room).toBe(room);
      expect(offline.reason).toContain('sealed by the key store');
      expect(offline.problems).toMatchObject([{ id: 'offline', severity: 'error' }]);
    }
    expect(await openOnce(data, folder, TEAM_RELAY, SEAL)).toEqual({ room, reason: undefined, problems: [] });
  });

  it('refuses where the device has nothing of the room', async () => {
    const data = temporaryFolder();
    const folder = sampleFolder(data);
    const { room } = await openOnce(data, folder, TEAM_RELAY, SEAL);
    const roomsFolder = join(data, 'rooms');
    const files = readdirSync(roomsFolder);
    expect(files).not.toEqual([]);
    mkdirSync(join(data, 'away'));
    for (const file of files) renameSync(join(roomsFolder, file), join(data, 'away', file));
    const refused = await openOnce(data, folder, TEAM_RELAY);
    expect(refused.room).toBeUndefined();
    expect(refused.reason).toContain('sealed by the key store');
    expect((await openOnce(data, folder, TEAM_RELAY, SEAL)).room).toBe(room);
  });
});

it('what a person has put away is not shown again, unless it still waits for another try', async () => {
  const data = temporaryFolder();
  const folder = sampleFolder(data);
  await openOnce(data, folder, TEAM_RELAY, SEAL);
  const rooms = await openRooms(data, TEAM_RELAY);
  const { host } = granted(await rooms.openFolder(folder));
  host.dismissProblem('offline');
  expect(host.currentProblems).toEqual([]);
});

it('two who open a room that is being closed get the same one', async () => {
  const data = temporaryFolder();
  const folder = sampleFolder(data);
  const rooms = await openRooms(data, EMBEDDED_RELAY);
  granted(await rooms.openFolder(folder)).dispose();
  const [one, other] = (await Promise.all([rooms.openFolder(folder), rooms.openFolder(folder)])).map(granted);
  expect(one?.host).toBe(other?.host);
  one?.dispose();
  const third = granted(await rooms.openFolder(folder));
  expect(third.host).toBe(other?.host);
});

it('a folder in one that is open, or that holds it, is refused, and not remembered', async () => {
  const data = temporaryFolder();
  const folder = sampleFolder(data);
  const inner = join(folder, 'inner');
  const innermost = join(inner, 'most');
  mkdirSync(innermost, { recursive: true });
  const rooms = await openRooms(data, EMBEDDED_RELAY);
  const lease = granted(await rooms.openFolder(inner));
  for (const [path, reason] of [
    [folder, `holds "${inner}"`],
    [innermost, `lies in "${inner}"`],
  ] as const) {
    const refused = await rooms.openFolder(path);
    expect(refused.ok ? '' : refused.explanation).toContain(reason);
  }
  expect(rooms.recentFolders).toEqual([inner]);
  lease.dispose();
  await vi.waitFor(async () => granted(await rooms.openFolder(folder)));
  expect(rooms.recentFolders.toSorted()).toEqual([folder, inner]);
});

/** Text of a file in a window of an open room. */
async function openText(host: RoomHost, path: string) {
  const [enginesEnd, windowsEnd] = createDirectPorts();
  host.attach(enginesEnd);
  const session = new AttachedSession();
  session.attach(windowsEnd);
  onTestFinished(() => session.dispose());
  const list = session.open(INDEX_DOCUMENT);
  onTestFinished(() => list.dispose());
  const index = new WorkspaceIndex(list.doc, { random: Math.random, nowMs: Date.now });
  onTestFinished(() => index.dispose());
  await vi.waitFor(() => expect(index.findByPath(path)).toBeDefined());
  const file = session.open(index.findByPath(path)?.fileId ?? '');
  onTestFinished(() => file.dispose());
  await file.whenReady;
  return file.doc.getText(CONTENT_TEXT);
}

describe('a room that is left for a folder', () => {
  it('in its own is closed, with all that was typed in its folder, before the other opens; meanwhile nobody else gets that', async () => {
    const data = temporaryFolder();
    const folder = sampleFolder(data);
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    const rooms = await openRooms(data, EMBEDDED_RELAY);
    const lease = granted(await rooms.openFolder(folder));
    const text = await openText(lease.host, 'a.txt');
    await vi.waitFor(() => expect(text.toString()).toBe('hi\n'));
    text.insert(0, 'typed just before, ');
    const opened: string[] = [];
    const following = rooms.onDidOpenRoom(() => {
      opened.push(readFileSync(join(folder, 'a.txt'), 'utf8'));
    });
    onTestFinished(() => following.dispose());
    const leave = () => {
      expect(() => lockFolder(inner)).toThrow('already shared');
      lease.dispose();
    };
    const next = granted(await rooms.openFolder(inner, { host: lease.host, leave }));
    expect(next.host.folderPath).toBe(inner);
    expect(opened).toEqual(['typed just before, hi\n']);
  });

  it('beside its own stays open', async () => {
    const data = temporaryFolder();
    const [folder, beside] = [sampleFolder(data), join(data, 'beside')];
    mkdirSync(beside);
    const rooms = await openRooms(data, EMBEDDED_RELAY);
    const { host } = granted(await rooms.openFolder(folder));
    const leave = vi.fn<() => void>();
    granted(await rooms.openFolder(beside, { host, leave }));
    expect(leave).not.toHaveBeenCalled();
    expect(rooms.keyOfOpen(host)).toBeDefined();
  });

  it('stays open when its window has gone elsewhere and another shows it', async () => {
    const data = temporaryFolder();
    const folder = sampleFolder(data);
    mkdirSync(join(folder, 'inner'));
    const rooms = await openRooms(data, EMBEDDED_RELAY);
    const { host } = granted(await rooms.openFolder(folder));
    const refused = await rooms.openFolder(join(folder, 'inner'), { host, leave: () => undefined });
    expect(refused.ok ? '' : refused.explanation).toContain(`Another window shows "${folder}" as well.`);
    expect(rooms.recentFolders).toEqual([folder]);
    expect(rooms.keyOfOpen(host)).toBeDefined();
  });
});

it("a folder that holds Tutti's own files is refused", async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  mkdirSync(data);
  const { room, reason } = await openOnce(data, folder, EMBEDDED_RELAY);
  expect(room).toBeUndefined();
  expect(reason).toContain("holds Tutti's own files");
});

it('a folder that cannot be read is told, and opened when it is tried again', async () => {
  dropPrivileges();
  const data = temporaryFolder();
  const folder = sampleFolder(data);
  chmodSync(folder, 0);
  onTestFinished(() => chmodSync(folder, 0o700));
  const rooms = await openRooms(data, EMBEDDED_RELAY);
  const { host } = granted(await rooms.openFolder(folder));
  const told = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const following = host.onProblem(({ id, isResolved }) => id === 'folder' && (isResolved ? over : told).resolve());
  onTestFinished(() => following.dispose());
  await told.promise;
  expect(host.currentProblems).toMatchObject([{ id: 'folder', severity: 'error', canRetry: true }]);
  expect(host.currentProblems[0]?.detail).toContain(folder);
  host.dismissProblem('folder');
  expect(host.currentProblems).toHaveLength(1);
  chmodSync(folder, 0o700);
  host.retryMirror();
  await over.promise;
  expect(host.currentProblems).toEqual([]);
});

it('says when the list of rooms was damaged, and where it was set aside', async () => {
  const dataFolder = temporaryFolder();
  writeFileSync(
    join(dataFolder, 'tutti.sqlite'),
    'no database at all, but long enough to be looked at as one'.repeat(100),
  );
  const rooms = await openRooms(dataFolder, EMBEDDED_RELAY);
  const kept = /"([^"]+)"/.exec(rooms.startProblem?.detail ?? '')?.[1] ?? '';
  expect(readFileSync(kept, 'utf8')).toContain('no database at all');
  await rooms.close();
  expect((await openRooms(dataFolder, EMBEDDED_RELAY)).startProblem).toBeUndefined();
});

describe('a list of rooms that cannot be used just now', () => {
  async function openWithList(dataFolder: string, sql: string): Promise<DesktopRooms> {
    await (await openRooms(dataFolder, EMBEDDED_RELAY)).close();
    runSql(join(dataFolder, 'tutti.sqlite'), sql);
    return openRooms(dataFolder, EMBEDDED_RELAY);
  }

  it('refuses a folder that it cannot remember, and says why', async () => {
    const data = temporaryFolder();
    const full = "BEFORE INSERT ON folder_rooms BEGIN SELECT RAISE(ABORT, 'nothing more fits'); END";
    const rooms = await openWithList(data, `CREATE TRIGGER full ${full}`);
    const outcome = await rooms.openFolder(sampleFolder(data));
    expect(outcome).toMatchObject({ ok: false });
    expect(outcome.ok ? '' : outcome.explanation).toContain(data);
    expect(outcome.ok ? '' : outcome.explanation).toContain('nothing more fits');
    expect(await rooms.openScratchRoom()).toMatchObject({ ok: false });
  });

  it('keeps no folder that it cannot open', async () => {
    const data = temporaryFolder();
    const rooms = await openWithList(data, 'DROP TABLE sealed_texts');
    const folder = sampleFolder(data);
    expect(await rooms.openFolder(folder)).toMatchObject({ ok: false });
    lockFolder(folder).dispose();
  });
});
