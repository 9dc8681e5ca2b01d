import type { Scheduler } from '../../shared/lifecycle/index.ts';
import type { RelayMessage } from '../../shared/protocol/index.ts';

type PresenceEntry = Extract<RelayMessage, { type: 'presence' }>['entries'][number];

/** People of a node that says nothing for so long are gone. */
const LEASE_MS = 15_000;

interface RemotePerson {
  readonly nodeId: string;
  readonly identity: NonNullable<PresenceEntry['identity']>;
  readonly state: PresenceEntry['state'];
}

/** The people of one room who are connected to other nodes, for as long as those say so. */
export class RemotePeople {
  private readonly scheduler: Scheduler;
  private readonly onChanged: (presenceId: number, isRenamed: boolean) => void;
  private readonly people = new Map<number, RemotePerson>();
  private readonly heardAtMs = new Map<string, number>();
  /** Of other nodes, and gone; until leases are looked at next. */
  private readonly gone = new Set<number>();

  constructor(scheduler: Scheduler, onChanged: (presenceId: number, isRenamed: boolean) => void) {
    this.scheduler = scheduler;
    this.onChanged = onChanged;
  }

  get size(): number {
    return this.people.size;
  }

  get presenceIds(): IterableIterator<number> {
    return this.people.keys();
  }

  get subjects(): readonly string[] {
    return [...this.people.values()].map(({ identity }) => identity.subject);
  }

  has(presenceId: number): boolean {
    return this.people.has(presenceId);
  }

  /** Whether the id is, or was a moment ago, of another node. */
  isOf(presenceId: number): boolean {
    return this.people.has(presenceId) || this.gone.has(presenceId);
  }

  entryOf(presenceId: number): PresenceEntry | undefined {
    const person = this.people.get(presenceId);
    return person && { presenceId, isGone: false, identity: person.identity, state: person.state };
  }

  /** Takes what a node says, about all of its people or some. Gives false when it speaks of somebody unknown. */
  receive(nodeId: string, entries: readonly PresenceEntry[], isWhole: boolean): boolean {
    this.heardAtMs.set(nodeId, this.scheduler.elapsedMs());
    let isComplete = true;
    for (const entry of entries) if (!this.takeEntry(nodeId, entry)) isComplete = false;
    if (isWhole) {
      const there = new Set(entries.map(({ presenceId }) => presenceId));
      this.removeWhere((person, presenceId) => person.nodeId === nodeId && !there.has(presenceId));
    }
    return isComplete;
  }

  private takeEntry(nodeId: string, { presenceId, isGone, identity, state }: PresenceEntry): boolean {
    const known = this.people.get(presenceId);
    if (isGone) {
      if (known) this.remove(presenceId);
      return true;
    }
    const knownIdentity = identity ?? known?.identity;
    if (!knownIdentity) return false;
    const isRenamed = identity !== undefined && !isSame(identity, known?.identity);
    this.people.set(presenceId, { nodeId, identity: knownIdentity, state: state ?? known?.state });
    this.gone.delete(presenceId);
    if (isRenamed || !isEqual(state, known?.state)) this.onChanged(presenceId, isRenamed);
    return true;
  }

  /** Call it every few seconds: ends the leases of nodes that say nothing any more. */
  endLeases(): void {
    this.gone.clear();
    const oldestMs = this.scheduler.elapsedMs() - LEASE_MS;
    for (const [nodeId, heardAtMs] of this.heardAtMs) {
      if (heardAtMs >= oldestMs) continue;
      this.heardAtMs.delete(nodeId);
      this.removeWhere((person) => person.nodeId === nodeId);
    }
  }

  private removeWhere(isMeant: (person: RemotePerson, presenceId: number) => boolean): void {
    for (const [presenceId, person] of this.people) if (isMeant(person, presenceId)) this.remove(presenceId);
  }

  private remove(presenceId: number): void {
    this.people.delete(presenceId);
    this.gone.add(presenceId);
    this.onChanged(presenceId, false);
  }
}

function isSame(a: RemotePerson['identity'], b: RemotePerson['identity'] | undefined): boolean {
  return b !== undefined && a.subject === b.subject && a.name === b.name && a.role === b.role;
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (!a) return true;
  return b !== undefined && a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}
