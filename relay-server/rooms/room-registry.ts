import type { Disposable, Scheduler } from '../../shared/lifecycle/index.ts';
import type { AccessWatch } from '../access/access-watch.ts';
import type { Admitted, RoomGrant } from '../access/room-grant.ts';
import type { Backplane } from '../backplane/backplane.ts';
import { ReadingTurns } from '../history/reading-turns.ts';
import type { SnapshotStore } from '../log/snapshot-store.ts';
import type { DocumentKey, UpdateLog } from '../log/update-log.ts';
import { AnswerCache } from './answer-cache.ts';
import { GroupCommit } from './group-commit.ts';
import { HeadPoller } from './head-poller.ts';
import type { Outlet } from './outlet.ts';
import { Room, type RoomKey } from './room.ts';
import { RoomConnection, type RoomConnectionServices } from './room-connection.ts';
import type { DocumentServices } from './document-services.ts';
import { type TenantLimits, Tenants } from './tenants.ts';
import type { ParticipantLimits } from './write-rates.ts';

export interface RoomRegistryOptions {
  readonly log: UpdateLog;
  readonly snapshots: SnapshotStore;
  readonly backplane: Backplane;
  readonly access: AccessWatch;
  readonly scheduler: Scheduler;
  /** A float in [0, 1). Not for secrets. */
  readonly random: () => number;
  readonly maxUpdateBytes: number;
  readonly limits: ParticipantLimits;
  readonly tenantLimits: TenantLimits;
  /** Set when other nodes write to the same log: how often it is asked where open documents stand. */
  readonly headPollIntervalMs: number | undefined;
  /** Somebody came in. */
  noteJoined(admitted: Admitted): void;
  noteGrowth(key: DocumentKey, updates: number, bytes: number): void;
  reportProblem(error: unknown): void;
}

/** What a client can take beyond the oldest protocol; nothing unless it says so. */
export interface ClientAbilities {
  /** `deflated-sync` (SPEC CP1). */
  readonly canInflate?: boolean;
  /** `access` (SPEC AC1). */
  readonly hearsAccess?: boolean;
  /** `digests` (SPEC DG3). */
  readonly hearsDigests?: boolean;
}

/** A large `compare` keeps a database busy for a while. */
const COMPARISONS = { maxAtOnce: 2, maxOfPerson: 16 };

/** All rooms that somebody is in. The gateway's only door to them. */
export class RoomRegistry implements Disposable {
  private readonly options: RoomRegistryOptions;
  private readonly services: DocumentServices;
  private readonly commits: GroupCommit;
  private readonly rooms = new Map<string, Room>();
  private readonly tenants: Tenants;
  private readonly placeServices: RoomConnectionServices;
  private readonly poller: HeadPoller | undefined;
  private lastUpdateId = 0;

  constructor(options: RoomRegistryOptions) {
    this.options = options;
    const { log, snapshots, scheduler, maxUpdateBytes } = options;
    this.commits = new GroupCommit(log, scheduler);
    this.tenants = new Tenants(options.tenantLimits, scheduler);
    this.services = {
      log,
      snapshots,
      scheduler,
      maxUpdateBytes,
      commits: this.commits,
      answers: new AnswerCache(scheduler),
      isLogShared: options.headPollIntervalMs !== undefined,
      nextUpdateId: () => ++this.lastUpdateId,
      createEpoch: () => this.createName(16),
      noteGrowth: (key, updates, bytes) => options.noteGrowth(key, updates, bytes),
      reportProblem: (error) => options.reportProblem(error),
    };
    const comparisons = new ReadingTurns(COMPARISONS);
    const { tenants, services: documents } = this;
    this.placeServices = { scheduler, limits: options.limits, tenants, documents, comparisons };
    if (options.headPollIntervalMs === undefined) return;
    this.poller = new HeadPoller({
      log,
      scheduler,
      intervalMs: options.headPollIntervalMs,
      documents: () => [...this.rooms.values()].flatMap(({ openDocuments }) => openDocuments),
      onDidLoseMessages: options.backplane.onDidLoseMessages,
      reportProblem: (error) => options.reportProblem(error),
    });
  }

  /** Whether this node takes nobody more of the grant's tenant now. */
  isFullFor({ tenant }: RoomGrant): boolean {
    return this.tenants.isFull(tenant);
  }

  /** Lets somebody who was admitted into the room of the grant. */
  join(admitted: Admitted, sessionId: string, outlet: Outlet, abilities: ClientAbilities = {}): RoomConnection {
    const { grant } = admitted;
    const room = this.roomOf(grant);
    const session = { subject: grant.subject, sessionId };
    this.options.noteJoined(admitted);
    const presenceId = this.createPresenceId(room);
    const services = this.placeServices;
    return new RoomConnection({ room, session, presenceId, admitted, outlet, ...abilities, services });
  }

  /** Whatever owners set or took back in a room is new: it takes effect on all nodes at once. */
  announceAccess(key: RoomKey, version: number): void {
    this.options.access.noteVersion(key, version);
    this.options.backplane.publish(key, { kind: 'access', version });
  }

  /** Who is in a room, as far as this node knows: nobody, when nobody is in it here. */
  connectedSubjects({ tenant, room }: RoomKey): readonly string[] {
    return this.rooms.get(nameOf(tenant, room))?.presence.subjects ?? [];
  }

  /** Writes everything that waits to the log. */
  async drain(): Promise<void> {
    await this.commits.drain();
  }

  /** A random name of letters and digits. */
  createName(length: number): string {
    let name = '';
    while (name.length < length)
      name += Math.floor(this.options.random() * 36 ** 6)
        .toString(36)
        .padStart(6, '0');
    return name.slice(0, length);
  }

  private roomOf({ tenant, room }: RoomGrant): Room {
    const name = nameOf(tenant, room);
    const present = this.rooms.get(name);
    if (present) return present;
    const created: Room = new Room({ tenant, room }, this.services, this.options, () => {
      this.rooms.delete(name);
      created.dispose();
    });
    this.rooms.set(name, created);
    return created;
  }

  // Random, since other nodes issue ids for the same room.
  private createPresenceId(room: Room): number {
    for (;;) {
      const presenceId = 1 + Math.floor(this.options.random() * 2 ** 32);
      if (!room.presence.has(presenceId)) return presenceId;
    }
  }

  dispose(): void {
    this.poller?.dispose();
    this.services.answers.dispose();
    this.commits.dispose();
    for (const room of this.rooms.values()) room.dispose();
    this.rooms.clear();
  }
}

function nameOf(tenant: string, room: string): string {
  return `${tenant}/${room}`;
}
