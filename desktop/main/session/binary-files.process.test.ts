import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { cp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Role } from '../../../shared/access/index.ts';
import { readReplacement } from '../../../shared/sync/blobs/index.ts';
import { RelayProcess, roomToken } from '../../testing/relay-process.ts';
import { fixedToken } from '../testing/fixed-token.ts';
import { MirroredRoom } from '../testing/mirrored-room.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';

const ROOM = 'pictures';
const MIRROR_PROCESS = resolve('desktop/main/testing/mirror-process.ts');
const MIB = 1024 * 1024;
const MIN_ABSENCE_MS = 3_500;
const LOCAL_COPY = /\.local-\d{8}T/;
const WAIT = { timeout: 30_000, interval: 20 };

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const picture = (sizeBytes = 3000) => Buffer.concat([Buffer.alloc(1), randomBytes(sizeBytes - 1)]);

/** A relay, and folders of people in one room on it. */
class World {
  readonly folder: string;
  private readonly relayArgs: readonly string[];
  private running: RelayProcess;

  private constructor(folder: string, relay: RelayProcess, relayArgs: readonly string[]) {
    this.folder = folder;
    this.running = relay;
    this.relayArgs = relayArgs;
  }

  static async create(relayArgs: readonly string[] = []): Promise<World> {
    const folder = realpathSync(temporaryFolder());
    const relay = await RelayProcess.start(join(folder, 'relay'), { args: relayArgs });
    const world = new World(folder, relay, relayArgs);
    onTestFinished(() => world.running.stop('SIGKILL'));
    return world;
  }

  get relay(): RelayProcess {
    return this.running;
  }

  async startRelayAgain(): Promise<void> {
    const { port } = this.running;
    this.running = await RelayProcess.start(join(this.folder, 'relay'), { port, args: this.relayArgs });
  }

  at(name: string, path: string): string {
    return join(this.folder, name, path);
  }

  async open(name: string, { role = 'editor', isGuest = true }: { role?: Role; isGuest?: boolean } = {}) {
    mkdirSync(join(this.folder, name), { recursive: true });
    const room = await MirroredRoom.open({
      relayUrl: this.relay.url,
      room: ROOM,
      tokens: fixedToken(await roomToken(this.relay.dataFolder, ROOM, role, name)),
      storagePath: join(this.folder, `${name}.sqlite`),
      folder: join(this.folder, name),
      isGuest,
    });
    onTestFinished(() => room.close());
    return room;
  }

  /** Starts somebody in a process of their own. */
  async spawn(name: string) {
    mkdirSync(join(this.folder, name), { recursive: true });
    const token = await roomToken(this.relay.dataFolder, ROOM, 'editor', name);
    const own = ['--store', join(this.folder, `${name}.sqlite`), '--folder', join(this.folder, name)];
    const args = ['--relay', this.relay.url, '--room', ROOM, '--token', token, ...own];
    const child = spawn(process.execPath, [MIRROR_PROCESS, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(createInterface(child.stdout), 'line');
    return child;
  }

  async whenFile(name: string, path: string, content: Uint8Array): Promise<void> {
    await vi.waitFor(async () => expect(hashOf(await readFile(this.at(name, path)))).toBe(hashOf(content)), WAIT);
  }

  /** Contents of local copies. */
  async copiesOf(name: string): Promise<string[]> {
    const names = (await readdir(join(this.folder, name))).filter((entry) => LOCAL_COPY.test(entry));
    return Promise.all(names.map(async (entry) => hashOf(await readFile(this.at(name, entry)))));
  }
}

async function whenListed(room: MirroredRoom, path: string, content: Uint8Array): Promise<void> {
  await vi.waitFor(() => expect(room.index.findByPath(path)?.blob).toBe(hashOf(content)), WAIT);
}

async function writeLarge(path: string, mib: number): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  for (let part = 0; part < mib; part++) {
    const bytes = Buffer.alloc(MIB, part);
    hash.update(bytes);
    await file.write(bytes);
  }
  await file.close();
  return hash.digest('hex');
}

it('a picture comes to everybody, and a new one takes its place; the history names the one before', async () => {
  const world = await World.create();
  const [first, second, third] = [picture(), picture(2 * MIB + 17), picture(1)];
  mkdirSync(join(world.folder, 'ana'));
  await writeFile(world.at('ana', 'logo.png'), first);
  const ana = await world.open('ana', { isGuest: false });
  const ben = await world.open('ben');
  await world.whenFile('ben', 'logo.png', first);
  await writeFile(world.at('ben', 'logo.png'), second);
  await world.whenFile('ana', 'logo.png', second);
  const whenEvents = (count: number) =>
    vi.waitFor(async () => {
      const outcome = await ana.events.list({ limit: 10 });
      const found = outcome.ok ? outcome.value.events.filter(({ kind }) => kind === 'blob') : [];
      expect(found).toHaveLength(count);
      return found;
    }, WAIT);
  // Events are listed in the order in which the relay came to know of them.
  await whenEvents(1);
  await writeFile(world.at('ana', 'logo.png'), third);
  await world.whenFile('ben', 'logo.png', third);
  const events = await whenEvents(2);
  const replaced = events.map(({ detail, actorName, label }) => ({ ...readReplacement(detail), actorName, label }));
  expect(replaced).toMatchObject([
    { actorName: 'ana', label: 'Replaced logo.png', from: { blob: hashOf(second) }, to: { blob: hashOf(third) } },
    { actorName: 'ben', label: 'Replaced logo.png', from: { blob: hashOf(first) }, to: { blob: hashOf(second) } },
  ]);
  // What was there before can be brought back from any device.
  const file = ana.index.findByPath('logo.png');
  ana.index.update(file?.fileId ?? '', { blob: hashOf(first), sizeBytes: first.length });
  await world.whenFile('ana', 'logo.png', first);
  await world.whenFile('ben', 'logo.png', first);
  expect([...(await world.copiesOf('ana')), ...(await world.copiesOf('ben'))]).toEqual([]);
  expect([...ana.problems, ...ben.problems]).toEqual([]);
});

/** Ana and Ben, who have a picture, and ways to see what became of it. */
async function startWithPicture() {
  const world = await World.create();
  const [old, anas, bens] = [picture(), picture(), picture()];
  mkdirSync(join(world.folder, 'ana'));
  await writeFile(world.at('ana', 'logo.png'), old);
  const ana = await world.open('ana', { isGuest: false });
  const ben = await world.open('ben');
  await world.whenFile('ben', 'logo.png', old);
  /** Ana first, and Ben right after her. */
  const replaceBoth = async () => {
    await writeFile(world.at('ana', 'logo.png'), anas);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await writeFile(world.at('ben', 'logo.png'), bens);
  };
  const whenBens = async (...rooms: readonly MirroredRoom[]) => {
    await Promise.all(['ana', 'ben'].map((name) => world.whenFile(name, 'logo.png', bens)));
    await Promise.all(rooms.map((room) => whenListed(room, 'logo.png', bens)));
  };
  /** Every content is named in the room's events, and can be brought back. */
  const assertKept = async (room: MirroredRoom) => {
    const named = async () => {
      const outcome = await room.events.list({ limit: 10 });
      const events = outcome.ok ? outcome.value.events : [];
      return events.flatMap(({ detail, actorName }) => {
        const { from, to } = readReplacement(detail) ?? {};
        return [from?.blob, to?.blob].map((blob) => `${blob} ${actorName}`);
      });
    };
    await vi.waitFor(
      async () =>
        expect(await named()).toEqual(
          expect.arrayContaining([`${hashOf(anas)} ana`, `${hashOf(bens)} ben`, expect.stringContaining(hashOf(old))]),
        ),
      WAIT,
    );
    const file = room.index.findByPath('logo.png');
    room.index.update(file?.fileId ?? '', { blob: hashOf(anas), sizeBytes: anas.length });
    await Promise.all(['ana', 'ben'].map((name) => world.whenFile(name, 'logo.png', anas)));
    expect([...(await world.copiesOf('ana')), ...(await world.copiesOf('ben'))]).toEqual([]);
    expect(room.problems).toEqual([]);
  };
  return { world, ana, ben, anas, bens, replaceBoth, whenBens, assertKept };
}

it.each(['ana', 'ben'])(
  '[BL1] of two who replaced a picture without a connection the later one wins, and both are kept: %s is back first',
  async (first) => {
    const { world, ana, ben, replaceBoth, whenBens, assertKept } = await startWithPicture();
    await world.relay.stop('SIGKILL');
    await replaceBoth();
    for (const room of [ana, ben]) await vi.waitFor(() => expect(room.transfers.state.up.files).toBe(1), WAIT);
    await (first === 'ana' ? ben : ana).close();
    await world.startRelayAgain();
    const early = first === 'ana' ? ana : ben;
    const { blob } = early.index.findByPath('logo.png') ?? {};
    await vi.waitFor(() => expect(early.index.findByPath('logo.png')?.blob).not.toBe(blob), WAIT);
    const late = await world.open(first === 'ana' ? 'ben' : 'ana');
    await whenBens(early, late);
    await assertKept(early);
    expect(late.problems).toEqual([]);
  },
);

it('[BL1] of two who replaced a picture without a connection, and are back together, the later one wins', async () => {
  const { world, ana, ben, replaceBoth, whenBens, assertKept } = await startWithPicture();
  await world.relay.stop('SIGKILL');
  await replaceBoth();
  for (const room of [ana, ben]) await vi.waitFor(() => expect(room.transfers.state.up.files).toBe(1), WAIT);
  await world.startRelayAgain();
  await whenBens(ana, ben);
  await assertKept(ben);
});

it.each(['ana', 'ben', 'both'])(
  'whose picture does not count is told after the absence that both replaced it: back first is %s',
  async (first) => {
    const { world, ana, ben, anas, bens, replaceBoth, whenBens } = await startWithPicture();
    await vi.waitFor(() => expect(ana.session.participants.size).toBe(1), WAIT);
    await world.relay.stop('SIGKILL');
    await replaceBoth();
    for (const room of [ana, ben]) await vi.waitFor(() => expect(room.transfers.state.up.files).toBe(1), WAIT);
    const absent = first === 'both' ? undefined : first === 'ana' ? ben : ana;
    await absent?.close();
    // A shorter absence is not told of.
    await new Promise((resolve) => setTimeout(resolve, MIN_ABSENCE_MS));
    await world.startRelayAgain();
    const early = first === 'ben' ? ben : ana;
    await vi.waitFor(() => expect(early.session.state.kind).toBe('online'), WAIT);
    if (absent) await whenListed(early, 'logo.png', first === 'ana' ? anas : bens);
    const late = absent && (await world.open(first === 'ana' ? 'ben' : 'ana'));
    await whenBens();
    const loser = first === 'ben' ? late : ana;
    const told = () => loser?.session.away.summary?.changes.map(({ path, list }) => ({ path, list }));
    await vi.waitFor(
      () => expect(told()).toEqual([{ path: 'logo.png', list: { kind: 'replaced', isByBoth: true } }]),
      WAIT,
    );
  },
  60_000,
);

it('[BL1] of two who replace a picture at almost the same moment the later one wins, and both are kept', async () => {
  const { ana, ben, replaceBoth, whenBens, assertKept } = await startWithPicture();
  await replaceBoth();
  await whenBens(ana, ben);
  await assertKept(ana);
  expect(ben.problems).toEqual([]);
});

it.each(['while everybody is there', 'while nobody is there, and only the folder of one has them still'])(
  '[BL7] contents that a relay lacks since it was restored from a backup are sent again: %s',
  async (when) => {
    const isLive = when === 'while everybody is there';
    const world = await World.create();
    const [old, logo, film] = [picture(), picture(), picture(2 * MIB + 5)];
    mkdirSync(join(world.folder, 'ana'));
    await writeFile(world.at('ana', 'logo.png'), old);
    let ana = await world.open('ana', { isGuest: false });
    const ben = await world.open('ben');
    await world.whenFile('ben', 'logo.png', old);
    const [data, backup] = [join(world.folder, 'relay'), join(world.folder, 'backup')];
    await world.relay.stop();
    await cp(data, backup, { recursive: true });
    await world.startRelayAgain();
    await writeFile(world.at('ben', 'logo.png'), logo);
    await writeFile(world.at('ben', 'film.bin'), film);
    await world.whenFile('ana', 'logo.png', logo);
    await world.whenFile('ana', 'film.bin', film);
    if (!isLive) for (const room of [ana, ben]) await room.close();
    await world.relay.stop('SIGKILL');
    await rm(data, { recursive: true });
    await cp(backup, data, { recursive: true });
    await world.startRelayAgain();
    if (!isLive) {
      await rm(join(world.folder, 'ana.blobs'), { recursive: true });
      ana = await world.open('ana', { isGuest: false });
    }
    const carl = await world.open('carl');
    await world.whenFile('carl', 'logo.png', logo);
    await world.whenFile('carl', 'film.bin', film);
    expect(ana.problems).toEqual([]);
    expect(carl.index.files.map(({ path }) => path)).toEqual(['film.bin', 'logo.png']);
  },
  60_000,
);

it('a transfer that the end of app or relay breaks off goes on where it was', async () => {
  const world = await World.create();
  mkdirSync(join(world.folder, 'ana'));
  const ben = await world.open('ben', { isGuest: false });
  const blob = await writeLarge(world.at('ana', 'film.bin'), 96);
  const parts = join(world.folder, 'relay', 'blobs');
  const countParts = async () =>
    existsSync(parts)
      ? (await readdir(parts, { recursive: true })).filter((name) => /\d+-[0-9a-f]{64}/.test(name)).length
      : 0;
  const ana = await world.spawn('ana');
  await vi.waitFor(async () => expect(await countParts()).toBeGreaterThan(4), { ...WAIT, interval: 5 });
  ana.kill('SIGKILL');
  await once(ana, 'exit');
  const kept = await countParts();
  expect(kept).toBeLessThan(96);
  expect(ben.index.findByPath('film.bin')?.blob).toBeUndefined();
  await world.spawn('ana');
  await vi.waitFor(async () => expect(await countParts()).toBeGreaterThan(kept), { ...WAIT, interval: 5 });
  await world.relay.stop('SIGKILL');
  await world.startRelayAgain();
  await vi.waitFor(() => expect(ben.index.findByPath('film.bin')?.blob).toBe(blob), WAIT);
  const partial = join(world.folder, 'ben.blobs', blob.slice(0, 2), `${blob}.part`);
  await vi.waitFor(() => expect(existsSync(partial)).toBe(true), { ...WAIT, interval: 2 });
  await ben.close();
  expect(existsSync(world.at('ben', 'film.bin'))).toBe(false);
  await world.open('ben');
  await vi.waitFor(async () => expect((await stat(world.at('ben', 'film.bin'))).size).toBe(96 * MIB), WAIT);
  expect(hashOf(await readFile(world.at('ben', 'film.bin')))).toBe(blob);
}, 60_000);

it('a large file takes no more memory than a small one', async () => {
  const world = await World.create();
  mkdirSync(join(world.folder, 'ana'));
  const ben = await world.open('ben', { isGuest: false });
  const ana = await world.spawn('ana');
  const peakMib = async () => {
    const status = await readFile(`/proc/${ana.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  };
  await writeLarge(world.at('ana', 'small.bin'), 4);
  await vi.waitFor(() => expect(ben.index.findByPath('small.bin')?.blob).toBeDefined(), WAIT);
  const before = await peakMib();
  await writeLarge(world.at('ana', 'film.bin'), 200);
  await vi.waitFor(() => expect(ben.index.findByPath('film.bin')?.blob).toBeDefined(), WAIT);
  expect((await peakMib()) - before).toBeLessThan(100);
}, 60_000);

it('what is larger than the relay takes stays on this device, and that is told', async () => {
  const world = await World.create(['--max-blob-bytes', '2MiB', '--max-room-blob-bytes', '3584KiB']);
  mkdirSync(join(world.folder, 'ana'));
  const [large, first, second] = [picture(3 * MIB), picture(2 * MIB), picture(2 * MIB)];
  await writeFile(world.at('ana', 'large.bin'), large);
  const ana = await world.open('ana', { isGuest: false });
  const told = (path: string) => ana.problems.findLast((problem) => problem.path === path);
  await vi.waitFor(() => expect(told('large.bin')).toMatchObject({ canRetry: true }), WAIT);
  expect(told('large.bin')?.detail).toContain('at most 2097152 bytes');
  await writeFile(world.at('ana', 'first.bin'), first);
  await whenListed(ana, 'first.bin', first);
  await writeFile(world.at('ana', 'second.bin'), second);
  await vi.waitFor(() => expect(told('second.bin')).toMatchObject({ canRetry: true }), WAIT);
  expect(ana.index.findByPath('large.bin')?.blob).toBeUndefined();
  expect(ana.index.findByPath('second.bin')?.blob).toBeUndefined();
  // The limit may be of a content only: a smaller one goes.
  const smaller = picture(1000);
  await writeFile(world.at('ana', 'large.bin'), smaller);
  await whenListed(ana, 'large.bin', smaller);
  expect(told('large.bin')).toMatchObject({ isResolved: true });
});

it('who may only read gets what others replace', async () => {
  const world = await World.create();
  mkdirSync(join(world.folder, 'ana'));
  const [first, second] = [picture(), picture()];
  await writeFile(world.at('ana', 'logo.png'), first);
  await world.open('ana', { isGuest: false });
  await world.open('vera', { role: 'viewer' });
  await world.whenFile('vera', 'logo.png', first);
  await writeFile(world.at('ana', 'logo.png'), second);
  await world.whenFile('vera', 'logo.png', second);
});

it('what this device has of a content that was damaged is fetched again', async () => {
  const world = await World.create();
  mkdirSync(join(world.folder, 'ana'));
  const [first, second] = [picture(), picture()];
  await writeFile(world.at('ana', 'logo.png'), first);
  await world.open('ana', { isGuest: false });
  const ben = await world.open('ben');
  await world.whenFile('ben', 'logo.png', first);
  await writeFile(world.at('ana', 'logo.png'), second);
  await world.whenFile('ben', 'logo.png', second);
  await writeFile(join(world.folder, 'ben.blobs', hashOf(first).slice(0, 2), hashOf(first)), picture());
  const fileId = ben.index.findByPath('logo.png')?.fileId ?? '';
  ben.index.update(fileId, { blob: hashOf(first), sizeBytes: first.length });
  await world.whenFile('ben', 'logo.png', first);
});
