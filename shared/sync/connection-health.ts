import { type Disposable, Emitter, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import type { ConnectionState } from './connection-state.ts';

/** Whether what is written here and elsewhere passes between this device and the relay. Times are of `Scheduler.elapsedMs`. */
export type SyncHealth =
  | { readonly kind: 'in-step' }
  | {
      readonly kind: 'behind';
      /** When it was in step last. */
      readonly sinceMs: number;
      readonly cause:
        | 'no-connection'
        /** Connected; open documents are being compared. */
        | 'catching-up'
        /** The connection stands, but nothing comes from the relay, though it was asked. */
        | 'no-answer'
        /** The relay answers, but has not made durable what it was sent. */
        | 'no-ack';
    };

/** A welcomed connection, as its health is told. */
export interface ProbedConnection {
  /** When the relay was heard last. */
  readonly lastHeardMs: number;
  /** Since when a ping waits for any frame of the relay; undefined when none does. */
  readonly unansweredSinceMs: number | undefined;
  /** How long the relay may be silent in an idle room before it is asked. */
  readonly quietProbeMs: number;
  ping(): void;
}

const IN_STEP: SyncHealth = { kind: 'in-step' };
/** Silence of the relay while something waits for it, before it is asked; and before anybody is told. */
const NOTICED_AFTER_MS = 1_000;

/** Watches one session's connection, and asks the relay for a sign of life when something waits for it or it is silent. */
export class ConnectionHealth implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly changed = new Emitter<SyncHealth>();
  private readonly timer = new MutableDisposable<Disposable>();
  /** Of each document's handle, the last update that was sent and not acked. */
  private readonly unacked = new Map<number, number>();
  private current: SyncHealth;
  private state: ConnectionState['kind'] = 'connecting';
  private connection: ProbedConnection | undefined;
  private connectedMs = 0;
  private dueMs = Infinity;
  /** Since when something is unacked and no ack came. */
  private waitingSinceMs: number | undefined;
  private outOfStepSinceMs: number | undefined;

  readonly onDidChange = this.changed.event;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
    this.outOfStepSinceMs = scheduler.elapsedMs();
    this.current = { kind: 'behind', sinceMs: this.outOfStepSinceMs, cause: 'no-connection' };
  }

  get value(): SyncHealth {
    return this.current;
  }

  stateChanged(state: ConnectionState['kind']): void {
    this.state = state;
    this.update();
  }

  /** A connection was welcomed. */
  connected(connection: ProbedConnection): void {
    this.connection = connection;
    this.connectedMs = this.scheduler.elapsedMs();
    this.update();
  }

  disconnected(): void {
    this.connection = undefined;
    this.unacked.clear();
    this.waitingSinceMs = undefined;
  }

  /** The relay answered after it was asked. */
  answered(): void {
    if (this.current.kind === 'behind') this.update();
  }

  /** An update left for the relay. */
  sent(handle: number, clientSeq: number): void {
    this.unacked.set(handle, clientSeq);
    if (this.waitingSinceMs !== undefined) return;
    this.waitingSinceMs = this.scheduler.elapsedMs();
    this.lookAt(this.waitingSinceMs + NOTICED_AFTER_MS);
  }

  /** The relay has settled the updates of a document through `clientSeq`; the others go on waiting, from now. */
  settled(handle: number, clientSeq: number): void {
    const last = this.unacked.get(handle);
    if (last === undefined) return;
    if (last <= clientSeq) this.unacked.delete(handle);
    this.progressed();
  }

  /** A document was closed. */
  closed(handle: number): void {
    if (this.unacked.delete(handle)) this.progressed();
  }

  private progressed(): void {
    this.waitingSinceMs = this.unacked.size > 0 ? this.scheduler.elapsedMs() : undefined;
    if (this.current.kind === 'behind') this.update();
  }

  private update(): void {
    const next = this.assess(this.scheduler.elapsedMs());
    if (isSame(this.current, next)) return;
    this.current = next;
    this.changed.fire(next);
  }

  private assess(nowMs: number): SyncHealth {
    const { connection, state } = this;
    this.dueMs = Infinity;
    this.timer.value = undefined;
    if (state !== 'online' && state !== 'catching-up') return this.outOfStep('no-connection', nowMs);
    const waitingSinceMs = state === 'catching-up' ? this.connectedMs : this.waitingSinceMs;
    if (connection) {
      const silentSinceMs = this.ask(connection, waitingSinceMs, nowMs);
      if (silentSinceMs !== undefined) return this.outOfStep('no-answer', silentSinceMs);
    }
    if (state === 'catching-up') return this.outOfStep('catching-up', nowMs);
    this.outOfStepSinceMs = undefined;
    if (waitingSinceMs === undefined) return IN_STEP;
    if (nowMs - waitingSinceMs >= NOTICED_AFTER_MS) return { kind: 'behind', sinceMs: waitingSinceMs, cause: 'no-ack' };
    this.lookAt(waitingSinceMs + NOTICED_AFTER_MS);
    return IN_STEP;
  }

  /** Pings when it is time to. Tells since when the relay does not answer, once that is worth telling. */
  private ask(connection: ProbedConnection, waitingSinceMs: number | undefined, nowMs: number): number | undefined {
    const { lastHeardMs, quietProbeMs } = connection;
    if (connection.unansweredSinceMs === undefined) {
      const askAtMs =
        waitingSinceMs === undefined
          ? lastHeardMs + quietProbeMs
          : Math.max(lastHeardMs, waitingSinceMs) + NOTICED_AFTER_MS;
      if (nowMs < askAtMs) {
        this.lookAt(askAtMs);
        return undefined;
      }
      connection.ping();
    }
    const { unansweredSinceMs = nowMs } = connection;
    const silentSinceMs = Math.max(lastHeardMs, Math.min(waitingSinceMs ?? unansweredSinceMs, unansweredSinceMs));
    // Not before the ping had the time to be answered.
    const noticedMs = unansweredSinceMs + NOTICED_AFTER_MS;
    if (nowMs >= noticedMs) return silentSinceMs;
    this.lookAt(noticedMs);
    return undefined;
  }

  private outOfStep(cause: 'no-connection' | 'catching-up' | 'no-answer', sinceMs: number): SyncHealth {
    this.outOfStepSinceMs ??= sinceMs;
    return { kind: 'behind', sinceMs: this.outOfStepSinceMs, cause };
  }

  /** Assesses again then, or earlier. */
  private lookAt(dueMs: number): void {
    if (dueMs >= this.dueMs) return;
    this.dueMs = dueMs;
    const delayMs = Math.max(1, Math.ceil(dueMs - this.scheduler.elapsedMs()));
    this.timer.value = this.scheduler.schedule(() => this.update(), delayMs);
  }

  dispose(): void {
    this.timer.dispose();
    this.changed.dispose();
  }
}

function isSame(a: SyncHealth, b: SyncHealth): boolean {
  if (a.kind === 'in-step' || b.kind === 'in-step') return a.kind === b.kind;
  return a.cause === b.cause && a.sinceMs === b.sinceMs;
}
