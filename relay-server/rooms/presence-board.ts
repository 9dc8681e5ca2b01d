import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  type Scheduler,
  scheduleEvery,
} from '../../shared/lifecycle/index.ts';
import { PROTOCOL_LIMITS, type RelayMessage, relayMessageCodec } from '../../shared/protocol/index.ts';
import type { BackplaneMessage, PublishToPeers } from '../backplane/backplane.ts';
import { withinView } from './presence-view.ts';
import { RemotePeople } from './remote-people.ts';
import type { Participant } from './subscription.ts';

type PresenceEntry = Extract<RelayMessage, { type: 'presence' }>['entries'][number];

const TICK_MS = 50;
/** In a room of this many people a tick is twice as long, and so on: the frames grow with the square of the people. */
const PEOPLE_PER_TICK = 50;
/** Entries of one message; with the largest states it stays far below the message limit. */
const ENTRIES_PER_MESSAGE = 1_000;
/** What one message to the other nodes can carry. */
const MAX_PUBLISHED_ENTRIES = 10_000;
const NOTHING_TO_SHOW = new Uint8Array(0);
/** How often a node tells the others about all of its people: it heals what was lost and renews its lease. */
const LEASE_INTERVAL_MS = 5_000;

interface Present {
  participant: Participant;
  state: Uint8Array | undefined;
  /** What this participant was not told since it reads too slowly. */
  missed: Set<number> | undefined;
  /** False until it was sent everybody. */
  isIntroduced: boolean;
  /** Of whom it was not told where they are. Undefined for those who may see the whole room. */
  readonly hidden: Set<number> | undefined;
  /** It may see other files than when it was told that. */
  hasOtherView: boolean;
}

/** Who is in a room, on all nodes, and what they show (SPEC, chapter PR). Nothing of it is stored. */
export class PresenceBoard implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly publish: PublishToPeers;
  private readonly owned = new DisposableStore();
  private readonly present = new Map<number, Present>();
  /** A relay that is alone has no use for it. */
  private readonly remote: RemotePeople | undefined;
  private readonly timer = this.owned.add(new MutableDisposable<Disposable>());
  private readonly changed = new Set<number>();
  /** Those whose identity the others do not know, or not any more. */
  private readonly renamed = new Set<number>();

  /** `publish` tells the other nodes; a relay that is alone has none. */
  constructor(scheduler: Scheduler, publish: PublishToPeers | undefined) {
    this.scheduler = scheduler;
    this.publish = publish ?? (() => {});
    if (!publish) return;
    this.remote = new RemotePeople(scheduler, (presenceId, isRenamed) => this.note(presenceId, isRenamed));
    this.owned.add(scheduleEvery(scheduler, () => this.renewLeases(), LEASE_INTERVAL_MS));
    publish(() => ({ kind: 'presence-wanted' }));
  }

  has(presenceId: number): boolean {
    return this.present.has(presenceId) || this.remote?.has(presenceId) === true;
  }

  /** Everybody who is there, each once. */
  get subjects(): readonly string[] {
    const here = [...this.present.values()].map(({ participant }) => participant.grant.subject);
    return [...new Set([...here, ...(this.remote?.subjects ?? [])])];
  }

  join(participant: Participant): void {
    const { presenceId, view } = participant;
    const hidden = view && new Set<number>();
    const untold = { missed: undefined, isIntroduced: false, hidden, hasOtherView: false };
    this.present.set(presenceId, { participant, state: undefined, ...untold });
    this.note(presenceId, true);
  }

  /** Sends everybody who is there. Comes right after `welcome` (SPEC PR3). */
  introduce(presenceId: number): void {
    const present = this.present.get(presenceId);
    if (!present) return;
    present.isIntroduced = true;
    this.send(
      present,
      this.everybody.map((id) => this.fullEntry(id)),
    );
  }

  private get everybody(): readonly number[] {
    return [...this.present.keys(), ...(this.remote?.presenceIds ?? [])];
  }

  /** Stamps the participant's identity anew. */
  identityChanged(participant: Participant): void {
    const present = this.present.get(participant.presenceId);
    if (!present) return;
    present.participant = participant;
    this.note(participant.presenceId, true);
  }

  show(presenceId: number, state: Uint8Array | undefined): void {
    const present = this.present.get(presenceId);
    if (!present) return;
    present.state = state?.slice() ?? NOTHING_TO_SHOW;
    this.note(presenceId, false);
  }

  leave(presenceId: number): void {
    if (this.present.delete(presenceId)) this.note(presenceId, false);
  }

  /** Takes what another node says about its people. */
  receive({ message, isWhole }: Extract<BackplaneMessage, { kind: 'presence' }>, nodeId: string): void {
    const decoded = relayMessageCodec.decode(message);
    if (decoded.type !== 'presence' || !this.remote) return;
    const isComplete = this.remote.receive(nodeId, decoded.entries, isWhole);
    if (!isComplete) this.publish(() => ({ kind: 'presence-wanted' }));
  }

  /** Tells the other nodes about all people of this one. */
  announce(): void {
    if (this.present.size > 0)
      this.publishEntries(
        [...this.present.keys()].map((id) => this.fullEntry(id)),
        true,
      );
  }

  private renewLeases(): void {
    this.announce();
    this.remote?.endLeases();
  }

  private note(presenceId: number, isRenamed: boolean): void {
    this.changed.add(presenceId);
    if (isRenamed) this.renamed.add(presenceId);
    this.scheduleTick();
  }

  private scheduleTick(): void {
    const people = this.present.size + (this.remote?.size ?? 0);
    const delayMs = TICK_MS * (1 + Math.floor(people / PEOPLE_PER_TICK));
    this.timer.value ??= this.scheduler.schedule(() => this.tick(), delayMs);
  }

  private tick(): void {
    this.timer.value = undefined;
    const ids = [...this.changed];
    const entries = ids.map((id) => (this.renamed.has(id) ? this.fullEntry(id) : this.stateEntry(id)));
    this.changed.clear();
    this.renamed.clear();
    // Encoded once for everybody.
    const frames = toFrames(entries);
    for (const present of this.present.values()) {
      if (!present.isIntroduced) continue;
      if (present.participant.outlet.isLagging) {
        present.missed ??= new Set();
        for (const id of ids) present.missed.add(id);
        continue;
      }
      this.catchUp(present);
      if (frames && !present.participant.view)
        for (const frame of frames) present.participant.outlet.sendFrame(frame, 'presence');
      else this.send(present, entries);
      this.tellOtherView(present);
    }
    const own = entries.filter(({ presenceId }) => !this.remote?.isOf(presenceId));
    if (own.length > 0) this.publishEntries(own, false);
  }

  private publishEntries(entries: readonly PresenceEntry[], isWhole: boolean): void {
    this.publish(() => ({
      kind: 'presence',
      isWhole,
      message: relayMessageCodec.encode({ type: 'presence', entries: entries.slice(0, MAX_PUBLISHED_ENTRIES) }),
    }));
  }

  /** A participant may see other files than before: soon it is told of those whose place it did not see, or sees no more. */
  viewChanged(presenceId: number): void {
    const present = this.present.get(presenceId);
    if (!present) return;
    present.hasOtherView = true;
    this.scheduleTick();
  }

  /** Sends a participant that reads again what it was not told. */
  caughtUp(presenceId: number): void {
    const present = this.present.get(presenceId);
    if (!present) return;
    this.catchUp(present);
    this.tellOtherView(present);
  }

  private catchUp(present: Present): void {
    if (!present.missed) return;
    const entries = [...present.missed].map((id) => this.fullEntry(id));
    present.missed = undefined;
    this.send(present, entries);
  }

  private tellOtherView(present: Present): void {
    const { hidden, hasOtherView, isIntroduced } = present;
    const { view } = present.participant;
    present.hasOtherView = false;
    if (!hasOtherView || !isIntroduced || !hidden || !view) return;
    const entries = this.everybody.map((id) => this.fullEntry(id));
    const isOther = (entry: PresenceEntry) => (withinView(entry, view) !== entry) !== hidden.has(entry.presenceId);
    this.send(present, entries.filter(isOther));
  }

  private send(present: Present, entries: readonly PresenceEntry[]): void {
    const told = present.hidden ? entries.map((entry) => tell(present, entry)) : entries;
    for (let start = 0; start < told.length; start += ENTRIES_PER_MESSAGE) {
      const part = told.slice(start, start + ENTRIES_PER_MESSAGE);
      present.participant.outlet.send({ type: 'presence', entries: part }, 'presence');
    }
  }

  private fullEntry(presenceId: number): PresenceEntry {
    const present = this.present.get(presenceId);
    if (!present) return this.remote?.entryOf(presenceId) ?? goneEntry(presenceId);
    const { grant, standing } = present.participant;
    const { subject, name } = grant;
    const { role } = standing;
    return { presenceId, isGone: false, identity: { subject, name, role }, state: present.state };
  }

  private stateEntry(presenceId: number): PresenceEntry {
    return { ...this.fullEntry(presenceId), identity: undefined };
  }

  dispose(): void {
    this.owned.dispose();
    this.publishEntries([], true);
    this.present.clear();
  }
}

/** What a participant is told of an entry, which is noted. */
function tell({ participant: { view }, hidden }: Present, entry: PresenceEntry): PresenceEntry {
  if (!view) return entry;
  const told = withinView(entry, view);
  if (told !== entry) hidden?.add(entry.presenceId);
  // One without a state says nothing of it.
  else if (entry.isGone || entry.state) hidden?.delete(entry.presenceId);
  return told;
}

function goneEntry(presenceId: number): PresenceEntry {
  return { presenceId, isGone: true, identity: undefined, state: undefined };
}

/** The entries as frames; undefined when one would be larger than a frame may be. */
function toFrames(entries: readonly PresenceEntry[]): readonly Uint8Array[] | undefined {
  const frames: Uint8Array[] = [];
  for (let start = 0; start < entries.length; start += ENTRIES_PER_MESSAGE) {
    const part = entries.slice(start, start + ENTRIES_PER_MESSAGE);
    frames.push(relayMessageCodec.encode({ type: 'presence', entries: part }));
  }
  return frames.every(({ byteLength }) => byteLength <= PROTOCOL_LIMITS.maxFrameBytes) ? frames : undefined;
}
