import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { AccessDirectory, AccessKey, AuditEvent, MemberRecord } from '../log/access-directory.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { RoomDirectory } from '../log/room-directory.ts';
import { describeWay, type NamedLink } from './audit-words.ts';
import type { Admitted, RoomGrant } from './room-grant.ts';

export interface VisitRecorderOptions {
  readonly access: Pick<AccessDirectory, 'recordVisits'>;
  readonly directory: Pick<RoomDirectory, 'findLink'>;
  readonly scheduler: Scheduler;
  readonly reportProblem: (error: unknown) => void;
}

interface WaitingEvent {
  readonly event: AuditEvent;
  /** The link by which somebody came, to be named in the event. */
  readonly linkId: string | undefined;
}

interface Waiting {
  readonly key: AccessKey;
  readonly members: Omit<MemberRecord, 'firstSeenMs'>[];
  readonly events: WaitingEvent[];
  /** How often it could not be written. */
  failures: number;
}

const WRITE_DELAY_MS = 200;
const RETRY_DELAY_MS = 5_000;
/** For ten minutes. What cannot be written by then is reported as lost. */
const MAX_FAILURES = 120;
/** Who reconnects within it is noted once. */
const SAME_VISIT_MS = 10 * 60_000;
const MAX_REMEMBERED = 50_000;
/** A crowd that is not let in must not fill the memory. */
const MAX_WAITING_EVENTS = 10_000;
/** What is noted as one change holds up owners of all of these rooms. */
const ROOMS_PER_WRITE = 50;

/**
 * Notes who came into rooms and who was not let in, a little later and many at once. What the database does not take is
 * kept, within bounds, and tried again; an event whose writing had an unknown end may be noted twice.
 */
export class VisitRecorder implements Disposable {
  private readonly options: VisitRecorderOptions;
  private readonly timer = new MutableDisposable<Disposable>();
  private readonly notedAtMs = new Map<string, number>();
  private waiting = new Map<string, Waiting>();
  private waitingEvents = 0;
  /** Too many came at once. */
  private leftOut = 0;
  /** An outage is reported once. */
  private isFailing = false;
  private writing: Promise<void> = Promise.resolve();

  constructor(options: VisitRecorderOptions) {
    this.options = options;
  }

  joined({ grant, standing }: Admitted): void {
    if (!this.isNew(`joined ${grant.tenant}/${grant.room}/${grant.lineageId}`)) return;
    const waiting = this.waitingFor(grant);
    const { subject, name, linkId, lineageId } = grant;
    const lastSeenMs = this.options.scheduler.now();
    waiting.members.push({ subject, name, role: grant.role, linkId, lineageId, lastSeenMs });
    waiting.events.push({ event: this.event('joined', grant, standing.role), linkId });
    this.schedule();
  }

  /** Somebody whom the relay knows was not let in. */
  refused(grant: RoomGrant, explanation: string): void {
    if (!this.isNew(`refused ${grant.tenant}/${grant.room}/${grant.lineageId}`)) return;
    this.waitingFor(grant).events.push({ event: this.event('refused', grant, explanation), linkId: undefined });
    this.schedule();
  }

  /** Tries once more to write everything that was noted; what cannot be written is lost, and reported. */
  async flush(): Promise<void> {
    this.timer.value = undefined;
    await this.writing;
    this.write(true);
    await this.writing;
  }

  private event(kind: 'joined' | 'refused', { subject, name, lineageId }: RoomGrant, detail: string): AuditEvent {
    const atMs = this.options.scheduler.now();
    return { atMs, kind, actor: subject, actorName: name, target: lineageId, detail };
  }

  private isNew(visit: string): boolean {
    const nowMs = this.options.scheduler.elapsedMs();
    const notedAtMs = this.notedAtMs.get(visit);
    if (notedAtMs !== undefined && nowMs - notedAtMs < SAME_VISIT_MS) return false;
    if (this.waitingEvents >= MAX_WAITING_EVENTS) {
      this.leftOut++;
      return false;
    }
    if (this.notedAtMs.size >= MAX_REMEMBERED) this.notedAtMs.clear();
    this.notedAtMs.set(visit, nowMs);
    return true;
  }

  private waitingFor({ tenant, room }: AccessKey): Waiting {
    const name = `${tenant}/${room}`;
    const waiting = this.waiting.get(name) ?? { key: { tenant, room }, members: [], events: [], failures: 0 };
    this.waiting.set(name, waiting);
    this.waitingEvents++;
    return waiting;
  }

  private schedule(delayMs = WRITE_DELAY_MS): void {
    this.timer.value ??= this.options.scheduler.schedule(() => {
      this.timer.value = undefined;
      this.write(false);
    }, delayMs);
  }

  private write(isLast: boolean): void {
    const rooms = [...this.waiting.values()];
    this.waiting = new Map();
    this.waitingEvents = 0;
    if (this.leftOut > 0) this.reportLoss(`${this.leftOut} events, since too many came at once`);
    this.leftOut = 0;
    if (rooms.length > 0) this.writing = this.writing.then(() => this.writeAll(rooms, isLast));
  }

  private async writeAll(rooms: readonly Waiting[], isLast: boolean): Promise<void> {
    for (let start = 0; start < rooms.length; start += ROOMS_PER_WRITE)
      await this.writeSome(rooms.slice(start, start + ROOMS_PER_WRITE), isLast);
  }

  private async writeSome(rooms: readonly Waiting[], isLast: boolean): Promise<void> {
    try {
      const visits = [];
      for (const { key, members, events } of rooms)
        visits.push({ key, members, events: await this.complete(key, events) });
      await this.options.access.recordVisits(visits);
      this.isFailing = false;
    } catch (error) {
      // What the database cannot take of one room must not keep the others out.
      if (rooms.length > 1 && error instanceof LogFailure && error.code === 'failed') {
        for (const room of rooms) await this.writeSome([room], isLast);
        return;
      }
      if (!this.isFailing) this.options.reportProblem(error);
      this.isFailing = true;
      for (const room of rooms) {
        if (isLast || ++room.failures >= MAX_FAILURES) this.lose(room);
        else this.keep(room);
      }
    }
  }

  /** The events, with the links by which people came in words. */
  private async complete({ tenant }: AccessKey, events: readonly WaitingEvent[]): Promise<AuditEvent[]> {
    const linkIds = new Set(events.flatMap(({ linkId }) => (linkId === undefined ? [] : [linkId])));
    const links: NamedLink[] = [];
    for (const linkId of linkIds) {
      const link = await this.options.directory.findLink(tenant, linkId);
      if (link) links.push(link);
    }
    return events.map(({ event, linkId }) =>
      linkId === undefined ? event : { ...event, detail: `${event.detail}, ${describeWay(linkId, links)}` },
    );
  }

  /** What has come meanwhile happened later. */
  private keep(room: Waiting): void {
    const name = `${room.key.tenant}/${room.key.room}`;
    const later = this.waiting.get(name);
    room.members.push(...(later?.members ?? []));
    room.events.push(...(later?.events ?? []));
    this.waitingEvents += room.events.length - (later?.events.length ?? 0);
    this.waiting.set(name, room);
    this.schedule(RETRY_DELAY_MS);
  }

  private lose({ key: { tenant, room }, events }: Waiting): void {
    const where = `room ${room} of the tenant ${tenant}`;
    this.reportLoss(`${events.length} events of ${where}, which the database did not take`);
  }

  private reportLoss(what: string): void {
    this.options.reportProblem(new LogFailure('failed', `The access log lacks ${what}.`));
  }

  /** What was noted just now is lost; see {@link VisitRecorder.flush}. */
  dispose(): void {
    this.timer.dispose();
    this.waiting.clear();
  }
}
