import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { DEFAULT_ROOM_SETTINGS, type Role } from '../../shared/access/index.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { type RelayEnd, SocketPair } from '../../shared/testing/socket-pair.ts';
import { AccessWatch } from '../access/access-watch.ts';
import type { Admission, Doorkeeper, RoomGrant } from '../access/room-grant.ts';
import { type Standing, standingOf } from '../access/standing.ts';
import type { ServerSocket } from '../gateway/server-socket.ts';
import { bulkTurns } from '../gateway/bulk-turns.ts';
import type { AccessDirectory } from '../log/access-directory.ts';
import type { ArchiveOptions } from '../log/archiver.ts';
import { FolderSegmentStore, FolderSnapshotStore } from '../log/folder.ts';
import type { RelayStorage } from '../log/relay-storage.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import type { SegmentIndex } from '../log/segment-index.ts';
import type { UpdateLog } from '../log/update-log.ts';
import { createRelayCore, type RelayCore, type RelayCoreOptions } from '../relay-core.ts';
import { RawClient } from './raw-client.ts';

/** The relay's half of a socket pair as the gateway wants it. */
export function toServerSocket(end: RelayEnd): ServerSocket {
  return {
    listen: (events) => end.listen({ onMessage: (frame) => events.onFrame(frame), onClose: () => events.onClose() }),
    send: (frame) => end.send(frame),
    close: (code, reason) => end.close(code, reason),
    terminate: () => end.terminate(),
    get bufferedBytes() {
      return end.bufferedBytes;
    },
  };
}

/** With a `watch`, what owners have set counts. Admits `SUBJECT.ROLE`, or `SUBJECT.ROLE.SECONDS` for a token that ends so many seconds from the start. */
export function createPlainDoorkeeper(scheduler: ManualScheduler, watch?: AccessWatch): Doorkeeper {
  const startMs = scheduler.now();
  return {
    async admit(token, room): Promise<Admission> {
      const [subject = '', role = '', seconds = '3600'] = token.split('.');
      const expiresAtMs = startMs + Number(seconds) * 1000;
      if (!['owner', 'editor', 'commenter', 'viewer'].includes(role) || expiresAtMs <= scheduler.now()) {
        return { kind: 'refused', closeCode: 4401, explanation: 'no such token' };
      }
      const grant = {
        tenant: 'default',
        room,
        subject,
        name: `Name of ${subject}`,
        role: role as Role,
        linkId: undefined,
      };
      const times = { issuedAtMs: startMs, expiresAtMs };
      const full = { ...grant, jti: token, lineageId: token, paths: undefined, ...times };
      const access = await watch?.read(full);
      if (!access) return { kind: 'admitted', grant: full, standing: plainStanding(full), accessVersion: 0 };
      const verdict = standingOf(full, access);
      if (verdict.kind === 'revoked') return { kind: 'refused', closeCode: 4403, explanation: verdict.explanation };
      return { kind: 'admitted', grant: full, standing: verdict.standing, accessVersion: access.version };
    },
  };
}

function plainStanding({ role }: RoomGrant): Standing {
  return { role, writesAs: role, chat: DEFAULT_ROOM_SETTINGS.chat, explanation: '' };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-relay-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface ConnectedClient {
  readonly client: RawClient;
  readonly pair: SocketPair;
  /** Codes with which the relay closed. */
  readonly closes: number[];
}

export interface RelayUnderTestOptions extends Partial<RelayCoreOptions> {
  /** How often it asks its database by itself what owners have changed. */
  readonly accessIntervalMs?: number;
  /** Without it nothing is archived. */
  readonly archiving?: ArchiveOptions;
}

/** A relay in this process on a real SQLite log, with sockets and a clock that the test moves by hand. */
export class RelayUnderTest {
  readonly scheduler = new ManualScheduler();
  readonly folder = temporaryFolder();
  readonly problems: unknown[] = [];
  readonly snapshots = new FolderSnapshotStore(join(this.folder, 'snapshots'));
  readonly segmentStore = new FolderSegmentStore(join(this.folder, 'segments'));
  private readonly options: RelayUnderTestOptions;
  private readonly pairs: SocketPair[] = [];
  private starts = 0;
  private storage: RelayStorage;
  core: RelayCore;

  /** `maxPages`: how large its database may become, in pages of 4 KiB. */
  constructor(options: RelayUnderTestOptions = {}, maxPages?: number) {
    this.options = options;
    this.storage = this.openStorage(maxPages);
    this.core = this.createCore();
    onTestFinished(() => {
      this.core.dispose();
      this.storage.dispose();
    });
  }

  get log(): UpdateLog {
    return this.storage.log;
  }

  /** Who may do what in its rooms. */
  get directory(): AccessDirectory {
    return this.storage.access;
  }

  get segments(): SegmentIndex {
    return this.storage.segments;
  }

  /** The relay dies without a word, and another one starts on its data. */
  restart(): void {
    this.core.dispose();
    for (const pair of this.pairs.splice(0)) pair.cut();
    this.storage.dispose();
    this.storage = this.openStorage();
    this.core = this.createCore();
  }

  connect(room = 'room'): ConnectedClient {
    const closes: number[] = [];
    const client = new RawClient((frame) => pair.client.send(frame));
    const pair = new SocketPair({
      onOpen: () => undefined,
      onMessage: (frame) => {
        if (frame) client.take(frame);
      },
      onClose: ({ code }) => closes.push(code),
    });
    this.pairs.push(pair);
    this.core.accept(toServerSocket(pair.relay), room);
    return { client, pair, closes };
  }

  /** Delivers what goes over a socket that somebody else has made, too. */
  adopt(pair: SocketPair): void {
    this.pairs.push(pair);
  }

  /** Connects, says hello and waits for welcome. */
  async join(token: string, sessionId?: string, room?: string): Promise<ConnectedClient> {
    const connected = this.connect(room);
    connected.client.hello(token, sessionId);
    await this.settle();
    return connected;
  }

  /** Delivers everything and lets all work that needs no time come to its end. */
  async settle(): Promise<void> {
    for (let round = 0; round < 5; round = bulkTurns.isBusy ? 0 : round + 1) {
      for (const pair of this.pairs) pair.deliverAll();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Moves the clock and settles. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    this.scheduler.advance(ms);
    await this.settle();
  }

  private openStorage(maxPages?: number): RelayStorage {
    return openSqliteStorage(join(this.folder, 'relay.db'), maxPages === undefined ? {} : { maxPages });
  }

  private createCore(): RelayCore {
    const reportProblem = (error: unknown) => this.problems.push(error);
    const { accessIntervalMs, archiving, ...options } = this.options;
    const access = new AccessWatch({
      directory: this.storage.access,
      scheduler: this.scheduler,
      reportProblem,
      ...(accessIntervalMs === undefined
        ? {}
        : { pollIntervalMs: accessIntervalMs, sweepIntervalMs: accessIntervalMs }),
    });
    return createRelayCore({
      archive: { index: this.storage.segments, store: this.segmentStore, ...(archiving && { archiving }) },
      log: this.storage.log,
      snapshots: this.snapshots,
      doorkeeper: createPlainDoorkeeper(this.scheduler, access),
      access,
      scheduler: this.scheduler,
      // No start draws the names of an earlier one again.
      random: createSeededRandom(7 + this.starts++).next,
      reportProblem,
      ...options,
    });
  }
}
