import * as Y from 'yjs';
import { DisposableStore } from '../../shared/lifecycle/index.ts';
import type { DocumentLease, RoomSession } from '../../shared/sync/index.ts';
import type { SeededRandom } from '../../shared/testing/seeded-random.ts';
import { connectEngine } from './engine-on-relay.ts';

const WORDS = ['do', 're', 'mi', 'fa', 'sol', 'la', 'ti'];
const KEYS_PAUSE_MS = 80;

interface Typist {
  readonly name: string;
  readonly session: RoomSession;
  readonly lease: DocumentLease;
  /** How much of its own typing was ever reported as on the relay: by own Yjs client, its clock. */
  ackedClock: number;
  offlineSinceMs: number | undefined;
  longestInterruptionMs: number;
}

/** People who type into one document through real sockets. Dispose it at the end. */
export class TypingCrowd {
  private readonly random: SeededRandom;
  private readonly owned = new DisposableStore();
  private readonly typists: Typist[];
  private isTyping = false;
  private typing: Promise<void> = Promise.resolve();

  /** One typist for each of `addresses`, in the order given. */
  constructor(addresses: readonly string[], room: string, token: string, document: string, random: SeededRandom) {
    this.random = random;
    this.typists = addresses.map((url, index) => {
      const session = connectEngine(url, room, token);
      const lease = this.owned.add(session.open(document));
      const typist: Typist = {
        name: `typist ${index} at ${url}`,
        session,
        lease,
        ackedClock: 0,
        offlineSinceMs: undefined,
        longestInterruptionMs: 0,
      };
      this.owned.add(session.onDidChangeState(() => noteConnection(typist)));
      this.owned.add(lease.replica.onDidChangeStatus(() => noteAcked(typist)));
      return typist;
    });
  }

  get size(): number {
    return this.typists.length;
  }

  replicaOf(index: number): DocumentLease['replica'] {
    const typist = this.typists[index];
    if (!typist) throw new Error(`there is no typist ${index}`);
    return typist.lease.replica;
  }

  /** Everybody types until {@link TypingCrowd.rest}. */
  type(): void {
    this.isTyping = true;
    this.typing = this.typeOn();
  }

  /** Ends the typing. */
  async rest(): Promise<void> {
    this.isTyping = false;
    await this.typing;
  }

  /** Resolves when everything that anybody typed is on the relay and everybody has the same text. Rejects after `withinMs`. */
  async settled(withinMs: number): Promise<string> {
    const endMs = Date.now() + withinMs;
    for (;;) {
      const unrest = this.unrest();
      if (unrest === undefined) return this.textOf(0);
      if (Date.now() > endMs) throw new Error(`After ${withinMs} ms it has not come to rest: ${unrest}`);
      await pause(50);
    }
  }

  textOf(index: number): string {
    return this.replicaOf(index).doc.getText('content').toString();
  }

  /** Who was promised more than `doc` has. */
  findLostAcks(doc: Y.Doc): string[] {
    const kept = Y.decodeStateVector(Y.encodeStateVector(doc));
    return this.typists
      .filter(({ lease, ackedClock }) => (kept.get(lease.replica.doc.clientID) ?? 0) < ackedClock)
      .map(({ name, ackedClock }) => `${name} was promised ${ackedClock}`);
  }

  /** For each typist: how long it was without the relay at most, since it was there first. */
  get longestInterruptionsMs(): readonly number[] {
    return this.typists.map(({ longestInterruptionMs }) => longestInterruptionMs);
  }

  get ackedCount(): number {
    return this.typists.filter(({ ackedClock }) => ackedClock > 0).length;
  }

  async dispose(): Promise<void> {
    await this.rest();
    this.owned.dispose();
    await Promise.all(this.typists.map(({ session }) => session.leave()));
  }

  private async typeOn(): Promise<void> {
    while (this.isTyping) {
      for (const { lease } of this.typists) {
        const text = lease.replica.doc.getText('content');
        if (this.random.chance(0.2) && text.length > 20) text.delete(this.random.below(text.length - 5), 3);
        else text.insert(this.random.below(text.length + 1), `${this.random.pick(WORDS)} `);
      }
      await pause(KEYS_PAUSE_MS);
    }
  }

  private unrest(): string | undefined {
    const text = this.textOf(0);
    for (const [index, { name, session, lease }] of this.typists.entries()) {
      if (session.state.kind !== 'online') return `${name} is ${JSON.stringify(session.state)}`;
      const { kind } = lease.replica.saveState;
      if (kind !== 'on-the-relay' && kind !== 'seen-by-all-present') return `${name} is ${kind}`;
      if (this.textOf(index) !== text) return `${name} has another text`;
    }
    return undefined;
  }
}

function noteAcked(typist: Typist): void {
  const { doc, saveState } = typist.lease.replica;
  if (saveState.kind !== 'on-the-relay' && saveState.kind !== 'seen-by-all-present') return;
  const clock = Y.decodeStateVector(Y.encodeStateVector(doc)).get(doc.clientID) ?? 0;
  typist.ackedClock = Math.max(typist.ackedClock, clock);
}

function noteConnection(typist: Typist): void {
  const isOnline = typist.session.state.kind === 'online';
  const nowMs = Date.now();
  if (!isOnline && typist.lease.replica.wasSynced) typist.offlineSinceMs ??= nowMs;
  if (!isOnline || typist.offlineSinceMs === undefined) return;
  typist.longestInterruptionMs = Math.max(typist.longestInterruptionMs, nowMs - typist.offlineSinceMs);
  typist.offlineSinceMs = undefined;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
