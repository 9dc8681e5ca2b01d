import type { Role } from '../access/index.ts';
import { type Disposable, Emitter, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import { type ClientMessage, PROTOCOL_LIMITS, type RelayMessage } from '../protocol/index.ts';

const THROTTLE_MS = 50;
const NO_STATE = new Uint8Array(0);

/** Somebody else in the room, as the relay vouches for them. */
export interface Participant {
  /** Unique within the room while their connection lasts. */
  readonly presenceId: number;
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  /** What they show, in their own encoding: untrusted. Undefined: nothing. */
  readonly state: Uint8Array | undefined;
}

export interface PresenceWire {
  readonly ownPresenceId: number;
  send(message: ClientMessage): void;
}

/** Who else is in the room, and what we show them (SPEC, chapter PR). */
export class PresenceChannel implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly others = new Map<number, Participant>();
  private readonly changed = new Emitter<readonly number[]>();
  private readonly pendingSend = new MutableDisposable<Disposable>();
  private wire: PresenceWire | undefined;
  private state: Uint8Array | undefined;
  private lastSentMs = -Infinity;

  /** Fires with the presence ids that came, changed or went. */
  readonly onDidChange = this.changed.event;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  get participants(): ReadonlyMap<number, Participant> {
    return this.others;
  }

  /** Shows `state` to the others, at most every 50 ms; the latest wins. Throws RangeError above 4 KiB. */
  setState(state: Uint8Array | undefined): void {
    if (state && state.byteLength > PROTOCOL_LIMITS.maxPresenceStateBytes) {
      throw new RangeError(`a presence of ${state.byteLength} bytes exceeds ${PROTOCOL_LIMITS.maxPresenceStateBytes}`);
    }
    this.state = state;
    this.sendSoon();
  }

  connected(wire: PresenceWire): void {
    this.wire = wire;
    this.lastSentMs = -Infinity;
    if (this.state) this.sendSoon();
  }

  disconnected(): void {
    this.wire = undefined;
    this.pendingSend.value = undefined;
    const gone = [...this.others.keys()];
    this.others.clear();
    if (gone.length > 0) this.changed.fire(gone);
  }

  receive({ entries }: Extract<RelayMessage, { type: 'presence' }>): void {
    const changed: number[] = [];
    for (const { presenceId, isGone, identity, state } of entries) {
      if (presenceId === this.wire?.ownPresenceId) continue;
      const known = this.others.get(presenceId);
      if (isGone) {
        if (this.others.delete(presenceId)) changed.push(presenceId);
        continue;
      }
      const who = identity ?? known;
      // Somebody of whom the relay never said who it is.
      if (!who) continue;
      const { subject, name, role } = who;
      // Zero bytes stand for "nothing to show", since an absent state stands for an unchanged one.
      const shown = state === undefined ? known?.state : state.byteLength === 0 ? undefined : state.slice();
      this.others.set(presenceId, { presenceId, subject, name, role, state: shown });
      changed.push(presenceId);
    }
    if (changed.length > 0) this.changed.fire(changed);
  }

  private sendSoon(): void {
    if (!this.wire || this.pendingSend.value) return;
    const waitMs = this.lastSentMs + THROTTLE_MS - this.scheduler.elapsedMs();
    if (waitMs <= 0) this.sendNow();
    else this.pendingSend.value = this.scheduler.schedule(() => this.sendNow(), waitMs);
  }

  private sendNow(): void {
    this.pendingSend.value = undefined;
    this.lastSentMs = this.scheduler.elapsedMs();
    this.wire?.send({ type: 'presence', state: this.state ?? NO_STATE });
  }

  dispose(): void {
    this.wire = undefined;
    this.pendingSend.dispose();
    this.changed.dispose();
  }
}
