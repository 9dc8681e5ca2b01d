import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { AccessDirectory, AccessKey, AuditEvent, MemberRecord } from '../log/access-directory.ts';
import type { Admitted, RoomGrant } from './room-grant.ts';

export interface VisitRecorderOptions {
  readonly access: AccessDirectory;
  readonly scheduler: Scheduler;
  readonly reportProblem: (error: unknown) => void;
}

interface Waiting {
  readonly key: AccessKey;
  readonly members: Omit<MemberRecord, 'firstSeenMs'>[];
  readonly events: AuditEvent[];
}

const WRITE_DELAY_MS = 200;
/** Who reconnects within it is noted once. */
const SAME_VISIT_MS = 10 * 60_000;
const MAX_REMEMBERED = 50_000;
/** A crowd that is not let in must not fill the memory. */
const MAX_WAITING_EVENTS = 10_000;

/** Notes who came into rooms and who was not let in, a little later and many at once. */
export class VisitRecorder implements Disposable {
  private readonly options: VisitRecorderOptions;
  private readonly timer = new MutableDisposable<Disposable>();
  private readonly notedAtMs = new Map<string, number>();
  private waiting = new Map<string, Waiting>();
  private waitingEvents = 0;
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
    waiting.events.push(this.event('joined', grant, standing.role));
    this.schedule();
  }

  /** Somebody whom the relay knows was not let in. */
  refused(grant: RoomGrant, explanation: string): void {
    if (!this.isNew(`refused ${grant.tenant}/${grant.room}/${grant.lineageId}`)) return;
    this.waitingFor(grant).events.push(this.event('refused', grant, explanation));
    this.schedule();
  }

  /** Resolves when everything that was noted is written, or was reported as a problem. */
  async flush(): Promise<void> {
    this.timer.value = undefined;
    this.write();
    await this.writing;
  }

  private event(kind: 'joined' | 'refused', { subject, name, lineageId }: RoomGrant, detail: string): AuditEvent {
    const atMs = this.options.scheduler.now();
    return { atMs, kind, actor: subject, actorName: name, target: lineageId, detail };
  }

  private isNew(visit: string): boolean {
    const nowMs = this.options.scheduler.now();
    const notedAtMs = this.notedAtMs.get(visit);
    if (notedAtMs !== undefined && nowMs - notedAtMs < SAME_VISIT_MS) return false;
    if (this.waitingEvents >= MAX_WAITING_EVENTS) return false;
    if (this.notedAtMs.size >= MAX_REMEMBERED) this.notedAtMs.clear();
    this.notedAtMs.set(visit, nowMs);
    return true;
  }

  private waitingFor({ tenant, room }: AccessKey): Waiting {
    const name = `${tenant}/${room}`;
    const waiting = this.waiting.get(name) ?? { key: { tenant, room }, members: [], events: [] };
    this.waiting.set(name, waiting);
    this.waitingEvents++;
    return waiting;
  }

  private schedule(): void {
    this.timer.value ??= this.options.scheduler.schedule(() => {
      this.timer.value = undefined;
      this.write();
    }, WRITE_DELAY_MS);
  }

  private write(): void {
    const rooms = [...this.waiting.values()];
    this.waiting = new Map();
    this.waitingEvents = 0;
    if (rooms.length > 0) this.writing = this.writing.then(() => this.writeAll(rooms));
  }

  private async writeAll(rooms: readonly Waiting[]): Promise<void> {
    const { access, reportProblem } = this.options;
    for (const { key, members, events } of rooms) {
      try {
        for (const member of members) await access.recordMember(key, member);
        await access.appendAudit(key, events);
      } catch (error) {
        reportProblem(error);
      }
    }
  }

  /** What was noted just now is lost; see {@link VisitRecorder.flush}. */
  dispose(): void {
    this.timer.dispose();
    this.waiting.clear();
  }
}
