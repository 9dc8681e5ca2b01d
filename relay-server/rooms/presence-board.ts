import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { RelayMessage } from '../../shared/protocol/index.ts';
import type { Participant } from './subscription.ts';

type PresenceEntry = Extract<RelayMessage, { type: 'presence' }>['entries'][number];

const TICK_MS = 50;
/** In a room of this many people a tick is twice as long, and so on: the frames grow with the square of the people. */
const PEOPLE_PER_TICK = 50;
/** Entries of one message; with the largest states it stays far below the message limit. */
const ENTRIES_PER_MESSAGE = 1_000;
const NOTHING_TO_SHOW = new Uint8Array(0);

interface Present {
  participant: Participant;
  state: Uint8Array | undefined;
  /** What this participant was not told since it reads too slowly. */
  readonly missed: Set<number>;
  /** False until it was sent everybody. */
  isIntroduced: boolean;
}

/** Who is in a room and what they show (SPEC, chapter PR). Nothing of it is stored. */
export class PresenceBoard implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly present = new Map<number, Present>();
  private readonly timer = new MutableDisposable<Disposable>();
  private readonly changed = new Set<number>();
  /** Those whose identity the others do not know, or not any more. */
  private readonly renamed = new Set<number>();

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  has(presenceId: number): boolean {
    return this.present.has(presenceId);
  }

  join(participant: Participant): void {
    const { presenceId } = participant;
    this.present.set(presenceId, { participant, state: undefined, missed: new Set(), isIntroduced: false });
    this.renamed.add(presenceId);
    this.note(presenceId);
  }

  /** Sends everybody who is there. Comes right after `welcome` (SPEC PR3). */
  introduce(presenceId: number): void {
    const present = this.present.get(presenceId);
    if (!present) return;
    present.isIntroduced = true;
    this.send(
      present,
      [...this.present.keys()].map((id) => this.fullEntry(id)),
    );
  }

  /** Stamps the participant's identity anew. */
  identityChanged(participant: Participant): void {
    const present = this.present.get(participant.presenceId);
    if (!present) return;
    present.participant = participant;
    this.renamed.add(participant.presenceId);
    this.note(participant.presenceId);
  }

  show(presenceId: number, state: Uint8Array | undefined): void {
    const present = this.present.get(presenceId);
    if (!present) return;
    present.state = state?.slice() ?? NOTHING_TO_SHOW;
    this.note(presenceId);
  }

  leave(presenceId: number): void {
    if (this.present.delete(presenceId)) this.note(presenceId);
  }

  private note(presenceId: number): void {
    this.changed.add(presenceId);
    const delayMs = TICK_MS * (1 + Math.floor(this.present.size / PEOPLE_PER_TICK));
    this.timer.value ??= this.scheduler.schedule(() => this.tick(), delayMs);
  }

  private tick(): void {
    this.timer.value = undefined;
    const ids = [...this.changed];
    const entries = ids.map((id) => (this.renamed.has(id) ? this.fullEntry(id) : this.stateEntry(id)));
    this.changed.clear();
    this.renamed.clear();
    for (const present of this.present.values()) {
      if (!present.isIntroduced) continue;
      if (present.participant.outlet.isLagging) {
        for (const id of ids) present.missed.add(id);
        continue;
      }
      this.catchUp(present);
      this.send(present, entries);
    }
  }

  /** Sends a participant that reads again what it was not told. */
  caughtUp(presenceId: number): void {
    const present = this.present.get(presenceId);
    if (present) this.catchUp(present);
  }

  private catchUp(present: Present): void {
    if (present.missed.size === 0) return;
    const entries = [...present.missed].map((id) => this.fullEntry(id));
    present.missed.clear();
    this.send(present, entries);
  }

  private send({ participant }: Present, entries: readonly PresenceEntry[]): void {
    for (let start = 0; start < entries.length; start += ENTRIES_PER_MESSAGE) {
      const part = entries.slice(start, start + ENTRIES_PER_MESSAGE);
      participant.outlet.send({ type: 'presence', entries: part }, 'presence');
    }
  }

  private fullEntry(presenceId: number): PresenceEntry {
    const present = this.present.get(presenceId);
    if (!present) return { presenceId, isGone: true, identity: undefined, state: undefined };
    const { subject, name, role } = present.participant.grant;
    return { presenceId, isGone: false, identity: { subject, name, role }, state: present.state };
  }

  private stateEntry(presenceId: number): PresenceEntry {
    const present = this.present.get(presenceId);
    return { presenceId, isGone: !present, identity: undefined, state: present?.state };
  }

  dispose(): void {
    this.timer.dispose();
    this.present.clear();
  }
}
