import type { RelayMessage } from '../../shared/protocol/index.ts';
import { describeTuttiState, stampState } from './awareness-state.ts';
import type { AwarenessEntry } from './awareness-update.ts';
import { decodeShownPresence, type ShownPresence } from './shown-presence.ts';

type PresenceEntry = Extract<RelayMessage, { type: 'presence' }>['entries'][number];
type Identity = NonNullable<PresenceEntry['identity']>;

interface Person {
  readonly identity: Identity | undefined;
  /** Undefined while the person is not in this document. */
  readonly shown: ShownPresence | undefined;
}

/** One client id as this client was told of it. */
interface Told {
  /** Who shows it; the first is believed. */
  readonly claimants: number[];
  clock: number;
  json: string;
}

export interface RoomAwarenessOptions {
  readonly document: string;
  /** The presence of this client itself, which it is not told of. */
  readonly ownPresenceId: number;
  readonly ownSubject: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const NOTHING = 'null';
/** Of those who left, the clock is kept so that it goes on when they come back. */
const MAX_REMEMBERED_IDS = 1_000;

/** The presence of a room as awareness of one document, for one Yjs client. */
export class RoomAwareness {
  private readonly options: RoomAwarenessOptions;
  private readonly people = new Map<number, Person>();
  private readonly told = new Map<number, Told>();

  constructor(options: RoomAwarenessOptions) {
    this.options = options;
  }

  /** Whether somebody else shows `clientId`. */
  isTakenByOther(clientId: number): boolean {
    const holder = this.holderOf(clientId);
    return holder !== undefined && this.subjectOf(holder) !== this.options.ownSubject;
  }

  /** Whether an entry says nothing but what this client was told, or does so for the same person's other window. */
  isEcho({ clientId, clock }: AwarenessEntry): boolean {
    const told = this.told.get(clientId);
    return told !== undefined && (clock <= told.clock || !this.isTakenByOther(clientId));
  }

  /** Takes a presence message; returns what the client is to be told. */
  take(entries: readonly PresenceEntry[], ownClientId: number | undefined): readonly AwarenessEntry[] {
    const touched = new Set<number>();
    for (const entry of entries) {
      if (entry.presenceId === this.options.ownPresenceId) continue;
      const before = this.people.get(entry.presenceId);
      const after = this.update(entry, before);
      for (const clientId of this.reclaim(entry.presenceId, before, after)) touched.add(clientId);
    }
    const changes = [...touched].map((clientId) => this.tell(clientId)).filter((change) => change !== undefined);
    return changes.filter(({ clientId }) => clientId !== ownClientId);
  }

  /** Everything that is shown now. */
  all(ownClientId: number | undefined): readonly AwarenessEntry[] {
    return [...this.told]
      .filter(([clientId, { json }]) => clientId !== ownClientId && json !== NOTHING)
      .map(([clientId, { clock, json }]) => ({ clientId, clock, json }));
  }

  /** What Tutti windows show, once more: a Yjs client forgets whoever is not heard of for 30 s, and only its like repeat themselves. */
  renewals(ownClientId: number | undefined): readonly AwarenessEntry[] {
    const entries: AwarenessEntry[] = [];
    for (const [clientId, told] of this.told) {
      const person = this.people.get(told.claimants[0] ?? 0);
      if (clientId === ownClientId || told.json === NOTHING || person?.shown?.awareness) continue;
      told.clock = this.nextClock(told, person);
      entries.push({ clientId, clock: told.clock, json: told.json });
    }
    return entries;
  }

  private update({ presenceId, isGone, identity, state }: PresenceEntry, before: Person | undefined) {
    if (isGone) {
      this.people.delete(presenceId);
      return undefined;
    }
    const decoded = state === undefined ? before?.shown : decodeShownPresence(state);
    const shown = decoded?.fileId === this.options.document ? decoded : undefined;
    const person: Person = { identity: identity ?? before?.identity, shown };
    this.people.set(presenceId, person);
    return person;
  }

  /** Moves a person's claim from one client id to another; returns the ids that it concerns. */
  private reclaim(presenceId: number, before: Person | undefined, after: Person | undefined): readonly number[] {
    const oldId = clientIdOf(presenceId, before);
    const newId = clientIdOf(presenceId, after);
    if (oldId !== undefined && oldId !== newId) {
      const claimants = this.told.get(oldId)?.claimants;
      const index = claimants?.indexOf(presenceId) ?? -1;
      if (index >= 0) claimants?.splice(index, 1);
    }
    if (newId !== undefined) this.claim(newId, presenceId);
    return [oldId, newId].filter((id) => id !== undefined);
  }

  private claim(clientId: number, presenceId: number): void {
    const told = this.told.get(clientId) ?? { claimants: [], clock: 0, json: NOTHING };
    this.told.set(clientId, told);
    const { claimants } = told;
    if (claimants.includes(presenceId)) return;
    const holder = claimants[0];
    // Somebody who comes back before the old connection has ended goes on under the same id; nobody else can take it.
    if (holder !== undefined && this.subjectOf(holder) !== this.subjectOf(presenceId)) claimants.push(presenceId);
    else claimants.unshift(presenceId);
  }

  private tell(clientId: number): AwarenessEntry | undefined {
    const told = this.told.get(clientId);
    if (!told) return undefined;
    const holder = told.claimants[0];
    const person = holder === undefined ? undefined : this.people.get(holder);
    const json = person ? describe(person) : NOTHING;
    if (json === NOTHING) {
      if (told.claimants.length === 0 && this.told.size > MAX_REMEMBERED_IDS) this.told.delete(clientId);
      if (told.json === NOTHING) return undefined;
      told.json = NOTHING;
      // A client takes a removal at the clock that it knows.
      return { clientId, clock: told.clock, json };
    }
    told.clock = Math.max(person?.shown?.awareness?.clock ?? 0, this.nextClock(told, person));
    told.json = json;
    return { clientId, clock: told.clock, json };
  }

  /** Yjs clients keep the clocks over a reconnect: where the relay makes them, they must go on from then. */
  private nextClock(told: Told, person: Person | undefined): number {
    return Math.max(told.clock + 1, person?.shown?.awareness ? 0 : this.options.now());
  }

  private holderOf(clientId: number): number | undefined {
    return this.told.get(clientId)?.claimants[0];
  }

  private subjectOf(presenceId: number): string | undefined {
    return this.people.get(presenceId)?.identity?.subject;
  }
}

/** A Yjs client has an id of its own; a Tutti window is shown under its presence id. */
function clientIdOf(presenceId: number, person: Person | undefined): number | undefined {
  return person?.shown && (person.shown.awareness?.clientId ?? presenceId);
}

function describe({ identity, shown }: Person): string {
  if (!shown || !identity) return NOTHING;
  const { awareness, selections } = shown;
  return awareness ? stampState(awareness.state, identity) : describeTuttiState(selections, identity);
}
