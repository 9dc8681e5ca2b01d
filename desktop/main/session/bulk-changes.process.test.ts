import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, realpathSync } from 'node:fs';
import { chmod, rm, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { RoomEvent } from '../../../shared/sync/administration/index.ts';
import { readReplacements } from '../../../shared/sync/blobs/index.ts';
import { type RelayProcess, roomToken } from '../../testing/relay-process.ts';
import { fixedToken } from '../testing/fixed-token.ts';
import { GitRepository, sourceFiles } from '../../testing/git-repository.ts';
import { MirroredRoom } from '../testing/mirrored-room.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startTestRelay } from '../testing/test-relay.ts';

const ROOM = 'bulk';
const MIRROR_PROCESS = resolve('desktop/main/testing/mirror-process.ts');

/** A repository, a relay, and who is in the room. */
class World {
  readonly folder: string;
  readonly relay: RelayProcess;
  readonly repository: GitRepository;
  readonly token: string;

  private constructor(folder: string, relay: RelayProcess, repository: GitRepository, token: string) {
    this.folder = folder;
    this.relay = relay;
    this.repository = repository;
    this.token = token;
  }

  static async create(files: Readonly<Record<string, string>>): Promise<World> {
    const folder = realpathSync(temporaryFolder());
    for (const name of ['ana', 'ben']) mkdirSync(join(folder, name));
    const relay = await startTestRelay(join(folder, 'relay'));
    const repository = await GitRepository.create(join(folder, 'ana'), files);
    return new World(folder, relay, repository, await roomToken(relay.dataFolder, ROOM, 'editor', 'Ana'));
  }

  async open(name: 'ana' | 'ben'): Promise<MirroredRoom> {
    const room = await MirroredRoom.open({
      relayUrl: this.relay.url,
      room: ROOM,
      tokens: fixedToken(this.token),
      storagePath: join(this.folder, `${name}.sqlite`),
      folder: join(this.folder, name),
      isGuest: name === 'ben',
    });
    onTestFinished(() => room.close());
    return room;
  }

  /** Starts Ana in a process of her own. */
  async spawnAna() {
    const own = ['--store', join(this.folder, 'ana.sqlite'), '--folder', join(this.folder, 'ana')];
    const args = ['--relay', this.relay.url, '--room', ROOM, '--token', this.token, ...own];
    const child = spawn(process.execPath, [MIRROR_PROCESS, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(createInterface(child.stdout), 'line');
    return child;
  }

  /** Resolves when somebody has, as texts, what is in Ana's folder. */
  async whenAt(room: MirroredRoom): Promise<void> {
    await room.whenTexts(await this.repository.contents());
  }
}

/** Resolves with the room's events, oldest first, once there are so many. */
async function whenEvents(room: MirroredRoom, count: number): Promise<readonly RoomEvent[]> {
  for (;;) {
    const page = await room.events.list({ limit: 100 });
    if (page.ok && page.value.events.length >= count) return page.value.events.toReversed();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function labelsOf(room: MirroredRoom, count: number): Promise<readonly string[]> {
  return (await whenEvents(room, count)).map(({ label }) => label);
}

it('a branch switch is one event with all that it changed, added, moved and removed, and is on the other disk', async () => {
  const world = await World.create({ ...sourceFiles(60, 'one'), 'gone.ts': 'gone\n', 'moved.ts': 'moved once\n' });
  const { repository } = world;
  await repository.git('switch', '--quiet', '--create', 'feature');
  await rm(join(repository.path, 'gone.ts'));
  await repository.git('mv', 'moved.ts', 'src/moved.ts');
  await repository.commit('second', { ...sourceFiles(60, 'two'), 'new/a.ts': 'a\n', 'new/b.ts': 'b\n' });
  await repository.git('switch', '--quiet', 'main');
  const ana = await world.open('ana');
  const ben = await world.open('ben');
  const movedId = ana.index.findByPath('moved.ts')?.fileId;

  await repository.git('switch', '--quiet', 'feature');
  await world.whenAt(ben);
  const [event] = await whenEvents(ana, 1);
  expect(event).toMatchObject({ kind: 'bulk', label: 'Switched to branch feature', files: 64, actorName: 'Ana' });
  expect(ana.index.findByPath('src/moved.ts')?.fileId).toBe(movedId);
  // Every text that was changed or is new, and the list.
  const documents = new Set(event?.spans.map(({ document }) => document));
  for (const { path, fileId } of ana.index.files) expect(documents.has(fileId)).toBe(path !== 'src/moved.ts');
  expect(documents.has('index')).toBe(true);
  await ben.mirror.flush();
  const onBensDisk = await GitRepository.create(join(world.folder, 'ben'), {});
  expect(await onBensDisk.contents()).toEqual(await repository.contents());

  await repository.git('switch', '--quiet', 'main');
  await world.whenAt(ben);
  expect(await labelsOf(ana, 2)).toEqual(['Switched to branch feature', 'Switched to branch main']);
  expect([...ana.problems, ...ben.problems]).toEqual([]);
});

it('a branch switch that replaces pictures too is one event, from which they can be brought back', async () => {
  const pictures = (name: string) => ({ 'logo.png': `\0${name}`, 'film.bin': `\0${name}`.repeat(400_000) });
  const world = await World.create({ ...sourceFiles(30, 'one'), ...pictures('one') });
  const { repository } = world;
  await repository.git('switch', '--quiet', '--create', 'feature');
  await repository.commit('second', { ...sourceFiles(30, 'two'), ...pictures('two') });
  await repository.git('switch', '--quiet', 'main');
  const ana = await world.open('ana');
  const ben = await world.open('ben');
  const blobs = () => ['logo.png', 'film.bin'].map((path) => ben.index.findByPath(path)?.blob);
  const first = await vi.waitFor(() => (expect(blobs()).not.toContain(undefined), blobs()), { timeout: 30_000 });
  let acts = 0;
  // At the end the relay has both contents already.
  for (const branch of ['feature', 'main', 'feature']) {
    const before = blobs();
    await repository.git('switch', '--quiet', branch);
    await vi.waitFor(() => expect(blobs().every((blob, position) => blob !== before[position])).toBe(true), {
      timeout: 30_000,
    });
    // Else two acts may be taken for one.
    await whenEvents(ana, ++acts);
  }
  const events = await whenEvents(ana, 3);
  expect(events.map(({ kind, label, files }) => `${kind} ${label}: ${files}`)).toEqual([
    'bulk Switched to branch feature: 32',
    'bulk Switched to branch main: 32',
    'bulk Switched to branch feature: 32',
  ]);
  for (const { detail } of events) {
    const paths = readReplacements(detail).map(({ fileId }) => ana.index.get(fileId)?.path);
    expect(new Set(paths)).toEqual(new Set(['film.bin', 'logo.png']));
  }
  const replaced = readReplacements(events[0]?.detail ?? '').map(({ from }) => from.blob);
  expect(new Set(replaced)).toEqual(new Set(first));
  expect([...ana.problems, ...ben.problems]).toEqual([]);
});

it('a branch switch that only makes files executable is one event, and Git sees them so on the other disk', async () => {
  const world = await World.create(sourceFiles(30, 'one'));
  const { repository } = world;
  await repository.git('switch', '--quiet', '--create', 'feature');
  const paths = Object.keys(sourceFiles(30, 'one'));
  for (const path of paths) await chmod(join(repository.path, path), 0o755);
  await repository.commit('executable');
  await repository.git('switch', '--quiet', 'main');
  const ana = await world.open('ana');
  const ben = await world.open('ben');
  await world.whenAt(ben);
  await ben.mirror.flush();
  const onBensDisk = await GitRepository.create(join(world.folder, 'ben'), {});
  expect(await onBensDisk.git('diff', 'HEAD', '--summary')).toBe('');

  await repository.git('switch', '--quiet', 'feature');
  const [event] = await whenEvents(ana, 1);
  expect(event).toMatchObject({ kind: 'bulk', label: 'Switched to branch feature', files: 30 });
  expect(event?.spans).toMatchObject([{ document: 'index' }]);
  const changes = async () => (await onBensDisk.git('diff', 'HEAD', '--summary')).match(/100644 => 100755/g)?.length;
  await expect.poll(changes, { timeout: 30_000 }).toBe(30);
  expect([...ana.problems, ...ben.problems]).toEqual([]);
});

it('names what Git did: a stash, its return, a rebase, a reset; and tells none of it from what people do by number alone', async () => {
  const world = await World.create(sourceFiles(6, 'one'));
  const { repository } = world;
  const ana = await world.open('ana');
  const ben = await world.open('ben');
  const settle = async (count: number) => {
    await world.whenAt(ben);
    return labelsOf(ana, count);
  };
  // Someone at work: no event.
  await repository.write(sourceFiles(6, 'mine'));
  await settle(0);
  await repository.git('stash', '--quiet');
  expect(await settle(1)).toEqual(['Stashed changes']);
  await repository.git('stash', 'pop', '--quiet');
  expect((await settle(2)).at(-1)).toBe('Applied a stash');
  await repository.git('commit', '--quiet', '--all', '--message', 'mine');
  await repository.git('switch', '--quiet', '--create', 'side', 'HEAD~1');
  expect((await settle(3)).at(-1)).toBe('Switched to branch side');
  await repository.commit('beside', { 'beside.ts': 'beside\n' });
  await repository.git('rebase', '--quiet', 'main');
  expect((await settle(4)).at(-1)).toBe('Rebased side');
  await repository.write({ 'beside.ts': 'changed\n' });
  await settle(4);
  await repository.git('reset', '--quiet', '--hard', 'HEAD~1');
  const labels = await settle(5);
  expect(labels.at(-1)).toMatch(/^Reset side to [0-9a-f]{7}$/);
  expect(labels).toHaveLength(5);
});

it('a formatter over many files is one event; what lands beside it in ignored folders is neither shared nor counted', async () => {
  const world = await World.create({ ...sourceFiles(40, 'one'), '.gitignore': 'dist/\n*.log\nnode_modules/\n' });
  const { repository } = world;
  const ana = await world.open('ana');
  const ben = await world.open('ben');
  const storm: Record<string, string> = {};
  for (let file = 0; file < 300; file++) {
    storm[`node_modules/p${file}/index.js`] = `module.exports = ${file}\n`;
    storm[`dist/${file}.js`] = `${file}\n`;
    storm[`src/${file}.log`] = `${file}\n`;
  }
  await repository.write({ ...storm, 'src/module-1/file-1.ts': 'by hand\n' });
  await world.whenAt(ben);
  await repository.write(storm);
  await repository.write(sourceFiles(40, 'formatted'));
  await world.whenAt(ben);
  expect(await labelsOf(ana, 1)).toEqual(['Changed 40 files on disk']);
});

it('files of which the system tells a little before the others belong to the same act', async () => {
  const world = await World.create(sourceFiles(50, 'one'));
  const { repository } = world;
  const ana = await world.open('ana');
  const [[firstPath, firstText] = ['', ''], ...others] = Object.entries(sourceFiles(50, 'formatted'));
  await repository.write({ [firstPath]: firstText });
  await vi.waitFor(() => expect(ana.texts[firstPath]).toBe(firstText), { timeout: 30_000, interval: 5 });
  await repository.write(Object.fromEntries(others));
  expect(await labelsOf(ana, 1)).toEqual(['Changed 50 files on disk']);
});

it('a switch and one back without a relay, and a new start in between, are told once there is one', async () => {
  const world = await World.create(sourceFiles(30, 'one'));
  const { repository, relay } = world;
  await repository.git('switch', '--quiet', '--create', 'feature');
  await repository.commit('second', sourceFiles(30, 'two'));
  await repository.git('switch', '--quiet', 'main');
  const first = await world.open('ana');
  await relay.stop();
  await repository.git('switch', '--quiet', 'feature');
  await world.whenAt(first);
  await first.close();
  // Nobody is there while this happens.
  await repository.git('switch', '--quiet', 'main');
  const ana = await world.open('ana');
  await world.whenAt(ana);
  await startTestRelay(relay.dataFolder, relay.port);
  ana.session.retryNow();
  const events = await whenEvents(ana, 2);
  expect(events.map(({ label, files }) => `${label}: ${files}`)).toEqual([
    'Switched to branch feature: 30',
    'Switched to branch main: 30',
  ]);
  const ben = await world.open('ben');
  await world.whenAt(ben);
});

it('a process that is killed in the midst of a switch goes on with it, as one event', async () => {
  const world = await World.create(sourceFiles(200, 'one'));
  const { repository } = world;
  await repository.git('switch', '--quiet', '--create', 'feature');
  await repository.commit('second', sourceFiles(200, 'two'));
  await repository.git('switch', '--quiet', 'main');
  const killed = await world.spawnAna();
  const ben = await world.open('ben');
  await world.whenAt(ben);
  const hasBegun = new Promise<void>((begun) => {
    const following = ben.files.onDidChangeText(() => {
      following.dispose();
      begun();
    });
  });
  await repository.git('switch', '--quiet', 'feature');
  await hasBegun;
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const ana = await world.open('ana');
  await world.whenAt(ben);
  const events = await whenEvents(ana, 1);
  expect(events.map(({ label }) => label)).toEqual(['Switched to branch feature']);
  // What was sent within the last milliseconds may not have been noted; it is in the room all the same.
  expect(events[0]?.files).toBeGreaterThan(180);
  expect(new Set(events[0]?.spans.map(({ document }) => document)).size).toBe(events[0]?.files);
});

it('nothing is taken while Git holds its lock, and one that was left behind holds nothing up', async () => {
  const world = await World.create({ 'a.ts': 'one\n' });
  const { repository } = world;
  const ana = await world.open('ana');
  const lock = join(repository.path, '.git', 'index.lock');
  await writeFile(lock, '');
  await repository.write({ 'a.ts': 'half\n' });
  const taken: string[] = [];
  const following = ana.files.onDidChangeText(() => taken.push(ana.texts['a.ts'] ?? ''));
  await new Promise((passed) => setTimeout(passed, 1_000));
  await repository.write({ 'a.ts': 'whole\n' });
  await rm(lock);
  await ana.whenTexts({ 'a.ts': 'whole\n' });
  expect(taken).not.toContain('half\n');
  following.dispose();
  await writeFile(lock, '');
  await utimes(lock, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
  await repository.write({ 'a.ts': 'later\n' });
  await ana.whenTexts({ 'a.ts': 'later\n' });
});
