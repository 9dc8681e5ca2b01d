import { createServer, type Server } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import * as Y from 'yjs';
import { formatShareLink } from '../../../shared/access/index.ts';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { AttachedSession, createDirectPorts } from '../../../shared/sync/attachment/index.ts';
import { CONTENT_TEXT, INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { RoomDatabase } from '../store/room-database.ts';
import { SqliteOfflineStore } from '../store/sqlite-offline-store.ts';
import { granted } from '../testing/granted.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { DesktopRooms } from './desktop-rooms.ts';
import type { RoomHost } from './room-host.ts';
import { StoredRooms } from './stored-rooms.ts';

const FILES = 500;
const KEYSTROKES = 150;
const LIMIT_MS = 1_000;
const TEXT = 'const answer = 42;\n'.repeat(200);

/** A relay on a network that swallows everything: it takes connections and never answers. */
async function startSilentRelay(): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    onTestFinished(() => void socket.destroy());
  });
  onTestFinished(() => void server.close());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return `http://127.0.0.1:${port}`;
}

async function openRooms(dataFolder: string, relayUrl: string): Promise<DesktopRooms> {
  vi.stubEnv('XDG_STATE_HOME', dataFolder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const rooms = await DesktopRooms.open({ dataFolder, relayUrl, operatorToken: undefined, seal: undefined });
  onTestFinished(() => rooms.close());
  return rooms;
}

/** What an earlier visit left: a text for each file, typed in part. */
async function fillRoom(path: string): Promise<void> {
  const room = new RoomDatabase({ path, scheduler: systemScheduler });
  const store = new SqliteOfflineStore(room);
  const writes: Promise<unknown>[] = [];
  const follow = (name: string) => {
    const doc = new Y.Doc();
    const document = store.openDocument(name);
    doc.on('update', (update: Uint8Array) => writes.push(document.appendRemote(update)));
    return doc;
  };
  const index = new WorkspaceIndex(follow(INDEX_DOCUMENT), { random: Math.random, nowMs: Date.now });
  const paths = Array.from({ length: FILES }, (_, number) => `src/part-${number % 20}/file-${number}.ts`);
  const ids = index.add(paths.map((path) => ({ path, eol: 'LF', bom: false, kind: 'text' })));
  for (const fileId of ids) {
    const text = follow(fileId).getText(CONTENT_TEXT);
    text.insert(0, TEXT);
    for (let keystroke = 0; keystroke < KEYSTROKES; keystroke++) text.insert(text.length, 'x');
  }
  await Promise.all(writes);
  index.dispose();
  await store.close();
  room.close();
}

/** Attaches a window as the app does, and reads the list and the text of one file in it. */
async function showList(host: RoomHost): Promise<{ readonly files: number; readonly text: string }> {
  const [enginesEnd, windowsEnd] = createDirectPorts();
  const attachment = host.attach(enginesEnd);
  const session = new AttachedSession();
  session.attach(windowsEnd);
  const list = session.open(INDEX_DOCUMENT);
  const index = new WorkspaceIndex(list.doc, { random: Math.random, nowMs: Date.now });
  try {
    await list.whenReady;
    const fileId = index.findByPath('src/part-7/file-327.ts')?.fileId ?? '';
    const file = session.open(fileId);
    await file.whenReady;
    const shown = { files: index.files.length, text: file.doc.getText(CONTENT_TEXT).toString() };
    file.dispose();
    return shown;
  } finally {
    index.dispose();
    list.dispose();
    session.dispose();
    attachment.dispose();
  }
}

it('opens a joined room of 500 files within a second on a network that swallows everything, with or without the link', async () => {
  const data = temporaryFolder();
  const relayUrl = await startSilentRelay();
  const link = { relayUrl, room: 'team-room', secret: 'secret-of-the-link' };
  const key = StoredRooms.keyOf({ relayKey: relayUrl, room: link.room });
  await fillRoom(join(data, 'rooms', `${key}.sqlite`));
  const expected = { files: FILES, text: TEXT + 'x'.repeat(KEYSTROKES) };
  for (const way of ['by its link', 'from the list'] as const) {
    const startedMs = performance.now();
    const rooms = await openRooms(data, 'https://relay.invalid');
    const opening = way === 'by its link' ? rooms.join(formatShareLink(link), 'Ana') : rooms.openStored(key);
    const shown = await showList(granted(await opening).host);
    const tookMs = performance.now() - startedMs;
    console.log(`offline, a joined room of ${FILES} files ${way}: ${Math.round(tookMs)} ms to the list and a text`);
    expect(shown).toEqual(expected);
    expect(tookMs).toBeLessThan(LIMIT_MS);
    await rooms.close();
  }
});

it('opens a folder of 500 files within a second on a network that swallows everything', async () => {
  const data = temporaryFolder();
  const folder = join(data, 'project');
  for (let part = 0; part < 20; part++) mkdirSync(join(folder, `src/part-${part}`), { recursive: true });
  for (let number = 0; number < FILES; number++) {
    writeFileSync(join(folder, `src/part-${number % 20}/file-${number}.ts`), TEXT);
  }
  const relayUrl = await startSilentRelay();
  const first = await openRooms(data, relayUrl);
  const seeding = granted(await first.openFolder(folder)).host;
  await vi.waitFor(async () => expect((await showList(seeding)).text).toBe(TEXT), { timeout: 60_000, interval: 200 });
  await vi.waitFor(() => expect(seeding.unsentDocuments).toBe(FILES + 1), { timeout: 60_000, interval: 200 });
  await first.close();
  const startedMs = performance.now();
  const rooms = await openRooms(data, relayUrl);
  const shown = await showList(granted(await rooms.openFolder(folder)).host);
  const tookMs = performance.now() - startedMs;
  console.log(`offline, a folder of ${FILES} files: ${Math.round(tookMs)} ms to the list and a text`);
  expect(shown).toEqual({ files: FILES, text: TEXT });
  expect(tookMs).toBeLessThan(LIMIT_MS);
});
