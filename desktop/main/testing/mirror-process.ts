import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { SharedFile } from '../../../shared/workspace/index.ts';
import { fixedToken } from './fixed-token.ts';
import { MirroredRoom } from './mirrored-room.ts';

// A person's engine and folder in a process of their own, for benchmarks: `node mirror-process.ts --relay URL --room ROOM
// --token TOKEN --store FILE --folder FOLDER [--guest]`. It answers each line of its input with a line of JSON.
//
// `await HASH`    when the texts of all files have this hash: {"kind":"reached","atMs"}; `await-files`: without notes-*
// `type PATH N MS` types N characters into a file, one every MS: {"kind":"typed","atMs":[…]}, by when each was due
// `watch PATH`    notes when the file grows; `seen` tells: {"kind":"seen","atMs":[…]}
// `flush`         when the folder has everything: {"kind":"flushed","atMs"}
// `events`        the room's events: {"kind":"events","events":[…]}

const { values } = parseArgs({
  options: {
    relay: { type: 'string', default: '' },
    room: { type: 'string', default: '' },
    token: { type: 'string', default: '' },
    store: { type: 'string', default: '' },
    folder: { type: 'string', default: '' },
    guest: { type: 'boolean', default: false },
  },
});

const LOOK_EVERY_MS = 10;

/** The clock that all processes of the machine share. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function say(answer: object): void {
  console.log(JSON.stringify(answer));
}

/** Follows the texts, so that looking at all of them costs little. */
class Contents {
  private readonly hashes = new Map<string, string>();
  private readonly room: MirroredRoom;

  constructor(room: MirroredRoom) {
    this.room = room;
    room.files.onDidChangeText((fileId) => this.hashes.delete(fileId));
  }

  hash(isCounted: (path: string) => boolean): string {
    const all = createHash('sha256');
    for (const file of this.room.files.files)
      if (isCounted(file.path)) all.update(`${file.path} ${this.hashOf(file)}\n`);
    return all.digest('hex');
  }

  private hashOf({ fileId }: SharedFile): string {
    const known = this.hashes.get(fileId);
    if (known !== undefined) return known;
    const hash = createHash('sha256').update(this.room.files.readText(fileId)).digest('hex');
    this.hashes.set(fileId, hash);
    return hash;
  }
}

const room = await MirroredRoom.open({
  relayUrl: values.relay,
  room: values.room,
  tokens: fixedToken(values.token),
  storagePath: values.store,
  folder: values.folder,
  isGuest: values.guest,
});
const contents = new Contents(room);
const seenAtMs: number[] = [];
let stopWatching = () => {};

function idOf(path: string): string {
  const file = room.index.findByPath(path);
  if (!file) throw new Error(`${path} is not in the room`);
  return file.fileId;
}

async function reach(hash: string, isCounted: (path: string) => boolean): Promise<void> {
  while (contents.hash(isCounted) !== hash) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  say({ kind: 'reached', atMs: nowMs() });
}

/** A key that is due while this process is busy counts from when it was due, as a window would have sent it then. */
async function type(path: string, keys: number, everyMs: number): Promise<void> {
  const lease = room.session.open(idOf(path));
  const text = lease.replica.doc.getText('content');
  const startMs = nowMs();
  const atMs: number[] = [];
  for (let key = 0; key < keys; key++) {
    const dueMs = startMs + key * everyMs;
    const waitMs = dueMs - nowMs();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    text.insert(text.length, 'x');
    atMs.push(dueMs);
  }
  lease.dispose();
  say({ kind: 'typed', atMs });
}

function watch(path: string): void {
  stopWatching();
  seenAtMs.length = 0;
  const { replica } = room.session.open(idOf(path));
  const text = replica.doc.getText('content');
  let { length } = text;
  const notice = () => {
    for (; length < text.length; length++) seenAtMs.push(nowMs());
  };
  text.observe(notice);
  stopWatching = () => text.unobserve(notice);
  say({ kind: 'watching' });
}

async function answer(line: string): Promise<void> {
  const [command, first = '', second = '', third = ''] = line.split(' ');
  if (command === 'await') await reach(first, () => true);
  else if (command === 'await-files') await reach(first, (path) => !path.startsWith('notes-'));
  else if (command === 'type') await type(first, Number(second), Number(third));
  else if (command === 'watch') watch(first);
  else if (command === 'seen') say({ kind: 'seen', atMs: seenAtMs });
  else if (command === 'events') {
    const events = await room.events.list({ limit: 20 });
    say({ kind: 'events', events: events.ok ? events.value.events : events });
  } else if (command === 'flush') {
    await room.mirror.flush();
    say({ kind: 'flushed', atMs: nowMs() });
  }
}

createInterface(process.stdin).on('line', (line) => {
  void answer(line);
});
process.once('SIGTERM', () => void room.close().finally(() => process.exit(0)));
say({ kind: 'ready', atMs: nowMs() });
