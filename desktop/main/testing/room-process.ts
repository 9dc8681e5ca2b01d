import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { Event } from '../../../shared/lifecycle/index.ts';
import { AttachedSession, createDirectPorts } from '../../../shared/sync/attachment/index.ts';
import { CONTENT_TEXT, INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { Outcome } from '../../ipc/index.ts';
import { DesktopRooms, type RoomLease } from '../session/desktop-rooms.ts';

// The app's rooms without its windows in a process of their own, for benchmarks: `node room-process.ts --data FOLDER
// --relay URL`, the operator's token in its environment. It takes a command a line and answers with a line of JSON.
//
// `share FOLDER COUNT`  opens the folder; when the relay has its COUNT files: {"kind":"shared","atMs","link"}
// `join LINK`           {"kind":"joined","atMs"}
// `show COUNT PATH`     attaches a window; when it has the list, and a text: {"kind":"shown","listAtMs","textAtMs"}
// `mirror FOLDER COUNT` when the folder has COUNT files, none of them empty: {"kind":"mirrored","atMs"}
// `describe`            {"kind":"described","rssBytes"}

const { values } = parseArgs({
  options: { data: { type: 'string', default: '' }, relay: { type: 'string', default: '' } },
});

const LOOK_EVERY_MS = 50;

/** The clock that all processes of the machine share. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function say(answer: object): void {
  console.log(JSON.stringify(answer));
}

const rooms = await DesktopRooms.open({
  dataFolder: values.data,
  relayUrl: values.relay,
  operatorToken: process.env['TUTTI_OPERATOR_TOKEN'],
  seal: undefined,
  takesRoomFiles: true,
});
let lease: RoomLease | undefined;

function keep(outcome: Outcome<RoomLease>): RoomLease {
  if (!outcome.ok) throw new Error(outcome.explanation);
  outcome.value.host.onProblem(({ title, detail, isResolved }) => {
    if (!isResolved) console.error(`${title} ${detail}`);
  });
  lease = outcome.value;
  return lease;
}

function host() {
  if (!lease) throw new Error('no room is open');
  return lease.host;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

async function whenHolds(holds: () => boolean, onDidChange: Event<void>): Promise<void> {
  if (holds()) return;
  await new Promise<void>((resolve) => {
    const following = onDidChange(() => {
      if (!holds()) return;
      following.dispose();
      resolve();
    });
  });
}

/** A window's list. */
function openWindow() {
  const [enginesEnd, windowsEnd] = createDirectPorts();
  host().attach(enginesEnd);
  const session = new AttachedSession();
  session.attach(windowsEnd);
  const index = new WorkspaceIndex(session.open(INDEX_DOCUMENT).doc, { random: Math.random, nowMs: Date.now });
  return { session, index };
}

async function share(folder: string, count: number): Promise<void> {
  const { host: shared } = keep(await rooms.openFolder(folder));
  await shared.whenOnline();
  const { index } = openWindow();
  await whenHolds(() => index.files.length >= count, index.onDidChange);
  await until(() => shared.unsentDocuments === 0);
  const atMs = nowMs();
  const link = await shared.links.create({ role: 'editor' });
  if (!link.ok) throw new Error(link.explanation);
  say({ kind: 'shared', atMs, link: link.value.url });
}

async function show(count: number, path: string): Promise<void> {
  const { session, index } = openWindow();
  await whenHolds(() => index.files.length >= count, index.onDidChange);
  const listAtMs = nowMs();
  const file = session.open(index.findByPath(path)?.fileId ?? '');
  await file.whenReady;
  await until(() => file.doc.getText(CONTENT_TEXT).length > 0);
  say({ kind: 'shown', listAtMs, textAtMs: nowMs() });
}

async function countFiles(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

async function hasEmptyFile(folder: string): Promise<boolean> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && (await stat(join(entry.parentPath, entry.name))).size === 0) return true;
  }
  return false;
}

async function mirror(folder: string, count: number): Promise<void> {
  const chosen = await host().mirror.choose(folder, { isMade: true });
  if (!chosen.ok) throw new Error(chosen.explanation);
  await until(async () => (await countFiles(folder)) >= count && !(await hasEmptyFile(folder)));
  say({ kind: 'mirrored', atMs: nowMs() });
}

async function answer(line: string): Promise<void> {
  const [command, first = '', second = ''] = line.split(' ');
  if (command === 'share') await share(first, Number(second));
  else if (command === 'show') await show(Number(first), second);
  else if (command === 'mirror') await mirror(first, Number(second));
  else if (command === 'describe') say({ kind: 'described', rssBytes: process.memoryUsage().rss });
  else if (command === 'join') {
    keep(await rooms.join(first, 'Ben'));
    say({ kind: 'joined', atMs: nowMs() });
  }
}

createInterface(process.stdin).on('line', (line) => {
  answer(line).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.once('SIGTERM', () => void rooms.close().finally(() => process.exit(0)));
say({ kind: 'ready', atMs: nowMs() });
