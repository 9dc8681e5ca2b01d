import { expect } from 'vitest';
import { CONTENT_TEXT, INDEX_DOCUMENT, type SharedFile, WorkspaceIndex } from '../shared/workspace/index.ts';
import type { Device } from './device.ts';
import { isLocalCopy } from './device-folder.ts';
import { marksIn } from './marks.ts';
import type { WholeWorld } from './whole-world.ts';

const LONGEST_MS = 10 * 60_000;
/** What is told and lost is told again after a minute. */
const LONGEST_AGREEMENT_MS = 3 * 60_000;
const ROUND_MS = 1_000;
/** So many rounds without any change are rest. */
const QUIET_ROUNDS = 3;

/** Ends all trouble, waits until everything is at rest, and expects one text everywhere and nothing lost. */
export async function expectRest(world: WholeWorld): Promise<void> {
  await world.endTrouble();
  await comeToRest(world);
  world.note(JSON.stringify(await describe(world)));
  const files = await expectOneText(world);
  for (const device of world.devices) expectNoProblems(device);
  expect(world.relay.problems).toEqual([]);
  await expectNothingLost(world, files);
  if (!world.mixesFiles) await expectNothingMixed(world, files);
  await expectAgreement(world);
}

async function comeToRest(world: WholeWorld): Promise<void> {
  let last = '';
  let quietRounds = 0;
  for (let waitedMs = 0; quietRounds < QUIET_ROUNDS; waitedMs += ROUND_MS) {
    for (const { engine } of world.devices) {
      for (const { fileId } of engine?.textFiles ?? []) engine?.open(fileId);
      void engine?.reconcile();
    }
    await world.pass(ROUND_MS);
    for (const { engine, folder } of world.devices) {
      await folder?.announcements.tell();
      void engine?.flush();
    }
    await world.pass(ROUND_MS);
    const unrest = world.devices.map(unrestOf).find((reason) => reason !== undefined);
    const now = JSON.stringify(await describe(world));
    quietRounds = unrest === undefined && now === last ? quietRounds + 1 : 0;
    last = now;
    if (waitedMs > LONGEST_MS) throw new Error(`it does not come to rest: ${unrest ?? now}`);
  }
}

function unrestOf({ name, engine }: Device): string | undefined {
  return engine ? engine.unrest : `${name} does not run`;
}

async function describe(world: WholeWorld): Promise<unknown> {
  const described: unknown[] = [];
  for (const { engine, folder, told } of world.devices) {
    described.push(
      told,
      engine?.textFiles.map(({ fileId, path, executable }) => [fileId, path, executable, engine.textOf(fileId)]),
    );
    if (!folder) continue;
    const texts = await folder.read();
    const executables = await Promise.all([...texts.keys()].map((path) => folder.isExecutable(path)));
    described.push([...texts], executables);
  }
  return described;
}

/** Text on disk, in the engines and in the log are the same. Resolves to the files that there are. */
async function expectOneText(world: WholeWorld): Promise<readonly SharedFile[]> {
  const list = await world.relay.replay(INDEX_DOCUMENT);
  const index = new WorkspaceIndex(list, { random: world.random.next, nowMs: () => world.scheduler.now() });
  const { files } = index;
  index.dispose();
  const logged = new Map<string, string>();
  for (const { fileId, path } of files) {
    logged.set(path, (await world.relay.replay(fileId)).getText(CONTENT_TEXT).toString());
  }
  for (const { name, engine, folder } of world.devices) {
    expect({ name, files: engine?.index.files }).toEqual({ name, files });
    const texts = Object.fromEntries(files.map(({ fileId, path }) => [path, engine?.textOf(fileId)]));
    expect({ name, texts }).toEqual({ name, texts: Object.fromEntries(logged) });
    if (!folder) continue;
    const onDisk = new Map([...(await folder.read())].filter(([path]) => !isLocalCopy(path)));
    const shown = Object.fromEntries([...onDisk].map(([path, bytes]) => [path, asText(bytes)]));
    expect({ name, onDisk: shown }).toEqual({ name, onDisk: Object.fromEntries(logged) });
    for (const { path, eol, bom, executable = false } of files) {
      expectFormat(onDisk.get(path) ?? '', { name, path, eol, bom });
      expect({ name, path, executable: await folder.isExecutable(path) }).toEqual({ name, path, executable });
    }
  }
  return files;
}

function asText(bytes: string): string {
  return bytes.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
}

function expectFormat(bytes: string, file: { name: string; path: string; eol: string; bom: boolean }): void {
  const eol = bytes.includes('\n') ? (bytes.includes('\r\n') ? 'CRLF' : 'LF') : file.eol;
  expect({ ...file, eol, bom: bytes.startsWith('\ufeff') }).toEqual(file);
}

function expectNoProblems(device: Device): void {
  const { name, failures, openProblems, disagreements } = device;
  const problems = device.problems.filter(({ kind }) => kind !== 'store-failed' && kind !== 'store-recovered');
  expect({ name, problems, failures, disagreements }).toEqual({ name, problems: [], failures: [], disagreements: [] });
  expect({ name, open: openProblems.filter(({ canRetry }) => canRetry) }).toEqual({ name, open: [] });
}

async function expectNothingLost(world: WholeWorld, files: readonly SharedFile[]): Promise<void> {
  const { marks, devices, relay } = world;
  const found = new Set<string>();
  for (const { fileId } of files) {
    const text = (await relay.replay(fileId)).getText(CONTENT_TEXT).toString();
    for (const mark of marksIn(text)) found.add(mark);
  }
  for (const { name, folder, told } of devices) {
    for (const [path, text] of (await folder?.read()) ?? []) {
      if (!isLocalCopy(path)) continue;
      for (const mark of marksIn(text)) found.add(mark);
      const isTold = told.some((detail) => detail.includes(path));
      expect({ name, path, isTold }).toEqual({ name, path, isTold: true });
    }
  }
  const missing = marks.required.filter((mark) => !found.has(mark));
  const gone = missing.length === 0 ? new Set<string>() : await marksOfDeleted(world, files);
  expect(missing.filter((mark) => !gone.has(mark))).toEqual([]);
}

/** No file has anything of another, nor anything twice. */
async function expectNothingMixed(world: WholeWorld, files: readonly SharedFile[]): Promise<void> {
  for (const { fileId, path } of files) {
    const marks = marksIn((await world.relay.replay(fileId)).getText(CONTENT_TEXT).toString());
    expect([path, new Set(marks.map((mark) => world.marks.originOf(mark))).size]).toEqual([
      path,
      Math.min(1, marks.length),
    ]);
    const repeated = marks.filter((mark, at) => marks.indexOf(mark) !== at && !world.repeatable.has(mark));
    expect([path, repeated]).toEqual([path, []]);
  }
}

/** What was ever written into files that somebody deleted, and that are not there any more. */
async function marksOfDeleted(world: WholeWorld, files: readonly SharedFile[]): Promise<ReadonlySet<string>> {
  const marks = new Set<string>();
  const listed = new Set(files.map(({ fileId }) => fileId));
  for (const document of world.deleted) {
    if (listed.has(document)) continue;
    for (const text of await world.relay.readInserted(document)) for (const mark of marksIn(text)) marks.add(mark);
  }
  return marks;
}

async function expectAgreement(world: WholeWorld): Promise<void> {
  const others = world.devices.length - 1;
  let undecided: string[] = [];
  for (let waitedMs = 0; waitedMs < LONGEST_AGREEMENT_MS; waitedMs += ROUND_MS) {
    undecided = world.devices.flatMap(({ name, engine }) =>
      (engine?.textFiles ?? [])
        .filter(({ fileId }) => engine?.identicalWith(fileId) !== others)
        .map(({ path }) => `${name}'s ${path}`),
    );
    if (undecided.length === 0) break;
    await world.pass(ROUND_MS);
  }
  expect(undecided).toEqual([]);
  expect(world.devices.flatMap(({ disagreements }) => disagreements)).toEqual([]);
}
