import { type Disposable, type Scheduler, scheduleEvery } from '../../shared/lifecycle/index.ts';
import { LogFailure } from './log-failure.ts';
import { NO_MARK_YET, type ObjectsClaim, type ObjectsClaims, type ObjectsMark } from './objects-claim.ts';

interface OwnershipServices {
  readonly claims: ObjectsClaims;
  readonly mark: ObjectsMark;
  /** Where the objects are, for the operator. */
  readonly place: string;
  readonly scheduler: Scheduler;
  readonly reportProblem: (error: unknown) => void;
}

const CHECK_INTERVAL_MS = 10 * 60_000;
/** Two checks fit into it: whoever else changes the mark has done so meanwhile. */
const WATCH_MS = 25 * 60_000;
/** A check that is late, or has failed once, takes nothing back. */
const PERMIT_MS = 15 * 60_000;
const ATTEMPTS = 3;
/** A relay that comes back to life after hours may write a mark that others have replaced many times. */
const KEPT_MARKS = 16;

/**
 * Says whether objects may be removed, so that a copy of a database does not remove what only the original needs. The
 * relays of a database change the mark beside the objects again and again, and note that in the database first. A copy
 * knows older marks only. A relay that has just started, or has found a foreign mark, merely watches for a while. Several
 * relays of one database do not disturb each other. Disposing ends the checks.
 */
export class ObjectsOwnership implements Disposable {
  private readonly services: OwnershipServices;
  private watchedSinceMs: number;
  private readonly timer: Disposable;
  private running: Promise<void> = Promise.resolve();
  private permittedUntilMs = 0;
  private isForeign = false;
  private isFailing = false;
  private isDisposed = false;

  /** The caller keeps the ownership of the services. */
  constructor(services: OwnershipServices) {
    this.services = services;
    this.watchedSinceMs = services.scheduler.elapsedMs();
    this.timer = scheduleEvery(services.scheduler, () => this.checkNext(), CHECK_INTERVAL_MS);
    this.checkNext();
  }

  mayRemove(): boolean {
    return !this.isDisposed && this.services.scheduler.elapsedMs() < this.permittedUntilMs;
  }

  /** Resolves when no check is under way. */
  async settled(): Promise<void> {
    await this.running;
  }

  private checkNext(): void {
    this.running = this.running.then(async () => {
      if (this.isDisposed) return;
      try {
        await this.check();
        this.isFailing = false;
      } catch (error) {
        if (this.isDisposed) return;
        if (!this.isFailing) this.services.reportProblem(error);
        this.isFailing = true;
      }
    });
  }

  private async check(): Promise<void> {
    const { scheduler, place, reportProblem } = this.services;
    const nowMs = scheduler.elapsedMs();
    const isWatched = nowMs - this.watchedSinceMs >= WATCH_MS;
    const isOwner = await isOwned(this.services, isWatched);
    if (this.isDisposed) return;
    if (isOwner && isWatched) this.permittedUntilMs = nowMs + PERMIT_MS;
    if (!isOwner) {
      this.permittedUntilMs = 0;
      // A mark that a copy knows may come back for a moment, written late by a relay of the original.
      this.watchedSinceMs = nowMs;
      if (!this.isForeign) reportProblem(foreign(place));
    }
    this.isForeign = !isOwner;
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
  }
}

/**
 * Makes the objects belong to this database, whatever the mark beside them is. Relays of another database find out
 * within minutes; they are better stopped before. Rejects with a {@link LogFailure}.
 */
export async function takeOverObjects({ claims, mark }: Pick<OwnershipServices, 'claims' | 'mark'>): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const claim = await claims.read();
    const next = crypto.randomUUID();
    const current = (await mark.read()) ?? next;
    if (!(await claims.replace(claim, { current, next, past: [] }))) continue;
    await mark.write(next);
    return;
  }
  throw new LogFailure('busy', 'Others change whom the objects belong to at the same time. Try again.');
}

async function isOwned(services: OwnershipServices, isMoved: boolean): Promise<boolean> {
  const { claims, mark } = services;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    // In this order: another relay of this database notes a mark before it writes it.
    const found = await mark.read();
    const claim = await claims.read();
    if (found === undefined) {
      if (await begin(services, claim)) return true;
    } else if (claim && [claim.current, claim.next, ...claim.past].includes(found)) {
      await noteWritten(claims, claim);
      if (isMoved) await move(services, claim, found);
      return true;
    }
  }
  return false;
}

async function begin({ claims, mark }: OwnershipServices, claim: ObjectsClaim | undefined): Promise<boolean> {
  const begun = claim ?? { current: NO_MARK_YET, next: crypto.randomUUID(), past: [] };
  if (!claim && !(await claims.replace(undefined, begun))) return false;
  await mark.write(begun.next);
  await noteWritten(claims, begun);
  return true;
}

/** From now on it is no first start any more when the mark is missing. */
async function noteWritten(claims: ObjectsClaims, claim: ObjectsClaim): Promise<void> {
  if (claim.current === NO_MARK_YET) await claims.replace(claim, { ...claim, current: claim.next });
}

async function move({ claims, mark }: OwnershipServices, claim: ObjectsClaim, found: string): Promise<void> {
  let { next } = claim;
  if (found === next) {
    next = crypto.randomUUID();
    const past = [claim.current, ...claim.past]
      .filter((mark) => mark !== found && mark !== NO_MARK_YET)
      .slice(0, KEPT_MARKS);
    // Another relay of this database was quicker.
    if (!(await claims.replace(claim, { current: found, next, past }))) return;
  }
  await mark.write(next);
}

function foreign(place: string): LogFailure {
  return new LogFailure(
    'failed',
    `What is in ${place} belongs to another database, of which this one is a copy or an earlier state. Nothing is ` +
      'removed from there. If the other one is still served, stop this relay and give it a bucket, prefix or folder of ' +
      'its own, with a copy of the objects: the other one removes what only this one needs. If this one takes its place, ' +
      'run once, with the options of this relay: take-over-objects',
  );
}
