import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import type { Role } from '../../../shared/access/index.ts';
import type { MirrorPreview, MirrorState, Outcome } from '../../ipc/index.ts';
import { operatorToken, type RelayProcess } from '../../testing/relay-process.ts';
import { DesktopRooms, type RoomLease } from '../session/desktop-rooms.ts';
import type { RoomHost } from '../session/room-host.ts';
import { isExecutable } from '../workspace/file-mode.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { startTestRelay } from './test-relay.ts';

/** Real disks, processes and a relay, with others working on the same machine. */
const PATIENCE = { timeout: 30_000, interval: 20 } as const;

/** Writes files below a folder, which is made. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Path and content of every file below a folder. */
export function readFiles(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).toSorted();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

/** Resolves when a folder holds exactly these files. */
export async function whenFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await vi.waitFor(() => expect(readFiles(folder)).toEqual(files), PATIENCE);
}

/** Resolves when a file may be run by its owner, or may not. */
export async function whenExecutable(path: string, executable: boolean): Promise<void> {
  await expect.poll(() => isExecutable(statSync(path).mode), PATIENCE).toBe(executable);
}

/** Resolves when a room's mirror is in a state of this kind. */
export async function whenMirror<K extends MirrorState['kind']>(
  host: RoomHost,
  kind: K,
): Promise<Extract<MirrorState, { kind: K }>> {
  const isWanted = (state: MirrorState): state is Extract<MirrorState, { kind: K }> => state.kind === kind;
  return vi.waitFor(() => {
    const { state } = host.mirror;
    if (!isWanted(state)) throw new Error(`the mirror is ${JSON.stringify(state)}`);
    return state;
  }, PATIENCE);
}

/** What a room asks about its folder. */
export async function whenAsked(host: RoomHost): Promise<MirrorPreview> {
  return (await whenMirror(host, 'asking')).preview;
}

/** Resolves when a room has told a problem with this id. */
export async function whenTold(host: RoomHost, id: string) {
  return vi.waitFor(() => {
    const problem = host.currentProblems.find((told) => told.id === id);
    if (!problem) throw new Error(`only ${host.currentProblems.map((told) => told.id).join(', ')} was told`);
    return problem;
  }, PATIENCE);
}

/** A person's Tutti. */
export class Person {
  readonly data: string;
  private readonly root: string;
  private readonly name: string;
  private readonly relay: RelayProcess;
  private readonly leases: RoomLease[] = [];
  private rooms: DesktopRooms | undefined;

  constructor(name: string, relay: RelayProcess) {
    this.name = name;
    this.relay = relay;
    this.root = temporaryFolder();
    this.data = join(this.root, 'data');
    onTestFinished(() => this.quit());
  }

  /** Makes a folder with these files, which goes after Tutti has. */
  makeFolder(name: string, files: Readonly<Record<string, string>> = {}): string {
    return writeFiles(join(this.root, name), files);
  }

  async start(options: { readonly takesRoomFiles?: boolean } = {}): Promise<DesktopRooms> {
    this.rooms ??= await DesktopRooms.open({
      dataFolder: this.data,
      relayUrl: this.relay.url,
      operatorToken: await operatorToken(this.relay.dataFolder),
      seal: undefined,
      ...options,
    });
    return this.rooms;
  }

  async open(folder: string): Promise<RoomHost> {
    return this.keep(await (await this.start()).openFolder(folder));
  }

  async join(link: string, options: { readonly takesRoomFiles?: boolean } = {}): Promise<RoomHost> {
    return this.keep(await (await this.start(options)).join(link, this.name));
  }

  async quit(): Promise<void> {
    const { rooms } = this;
    this.rooms = undefined;
    for (const lease of this.leases.splice(0)) lease.dispose();
    await rooms?.close();
  }

  private keep(outcome: Outcome<RoomLease>): RoomHost {
    if (!outcome.ok) throw new Error(outcome.explanation);
    this.leases.push(outcome.value);
    return outcome.value.host;
  }
}

/** A relay, and Ana, who shares a folder with these files. */
export async function shareFolder(files: Readonly<Record<string, string>>, role: Role = 'editor') {
  const state = temporaryFolder();
  vi.stubEnv('XDG_STATE_HOME', state);
  onTestFinished(() => void vi.unstubAllEnvs());
  const relay = await startTestRelay(join(state, 'relay'));
  const ana = new Person('ana', relay);
  const folder = ana.makeFolder('project', files);
  const host = await ana.open(folder);
  await host.whenOnline();
  const link = await host.links.create({ role });
  if (!link.ok) throw new Error(link.explanation);
  return { relay, ana, host, folder, link: link.value.url, newcomer: (name: string) => new Person(name, relay) };
}
