import * as Y from 'yjs';
import { mergeUpdates } from './merge-updates.ts';

type EntryState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'sent'; readonly clientSeq: number }
  /** A final refusal outlives the connection. */
  | { readonly kind: 'refused'; readonly explanation: string; readonly isFinal: boolean }
  | { readonly kind: 'acked' };

interface Entry {
  payload: Uint8Array;
  /**
   * An edit was made here. A rescued entry holds what others wrote and the relay may have lost; it is stored, too.
   * A repeated one holds what is stored already; it is forgotten with the connection.
   */
  readonly origin: 'edit' | 'rescued' | 'repeated';
  /** The store's row; undefined until it is durable. */
  localId: number | undefined;
  state: EntryState;
}

/** A local update that waits for its row in the store. */
export interface OutboxTicket {
  /** The update is durable on this device as `localId`. */
  stored(localId: number): void;
}

export interface OutboxBatch {
  readonly payload: Uint8Array;
  /** Tells the outbox under which number the batch left. Numbers must rise. */
  sent(clientSeq: number): void;
  /** Keeps the batch without sending it. */
  refuse(explanation: string): void;
}

/** Where the entries of an outbox are. */
export interface OutboxSummary {
  readonly isEmpty: boolean;
  /** Something is neither stored nor acked. */
  readonly hasUnstored: boolean;
  /** Something waits for the relay's ack, or to be sent. */
  readonly hasUnacked: boolean;
  /** Why something was refused; a final refusal goes before one that ends when we may write again. */
  readonly refusal: { readonly explanation: string; readonly isFinal: boolean } | undefined;
}

const WAITING: EntryState = { kind: 'waiting' };
const ACKED: EntryState = { kind: 'acked' };
const NOTHING = new Uint8Array(0);
const MERGED_ENTRIES = 256;
const MERGED_BYTES = 1024 * 1024;

/** One document's updates that the relay has not acked, oldest first. */
export class Outbox {
  private entries: Entry[] = [];
  private readonly markAcked: (localId: number) => void;
  // The entries again by their state, so that a long queue costs nothing at each keystroke.
  private readonly waiting = new Set<Entry>();
  /** In the order of their numbers. */
  private readonly sent = new Set<Entry>();
  private readonly refusedEntries = new Set<Entry>();
  private readonly unstored = new Set<Entry>();
  private keepsRows = true;
  private mergeAtLength = 2 * MERGED_ENTRIES;

  /** `markAcked` is called when all updates through a row are acked. */
  constructor(markAcked: (localId: number) => void) {
    this.markAcked = markAcked;
  }

  /** Takes in what an earlier engine start left, oldest first; it goes before what was added meanwhile. */
  addStored(rows: readonly { readonly localId: number; readonly payload: Uint8Array }[]): void {
    const stored = rows.map(({ localId, payload }): Entry => ({ payload, origin: 'edit', localId, state: WAITING }));
    this.replaceEntries([...stored, ...this.entries]);
  }

  addEdit(payload: Uint8Array): OutboxTicket {
    return this.add({ payload, origin: 'edit', localId: undefined, state: WAITING });
  }

  /** Takes in what others wrote and the relay may have lost. */
  addRescued(payload: Uint8Array): OutboxTicket {
    return this.add({ payload, origin: 'rescued', localId: undefined, state: WAITING });
  }

  /** Takes in something that the relay lacks although it was acked or came from others. Forgotten with the connection. */
  addRepeated(payload: Uint8Array): void {
    this.add({ payload, origin: 'repeated', localId: undefined, state: WAITING });
  }

  private add(entry: Entry): OutboxTicket {
    this.entries.push(entry);
    this.classify(entry);
    return {
      stored: (localId) => {
        entry.localId = localId;
        this.unstored.delete(entry);
        this.dropFinished();
        this.mergeNeighbours();
      },
    };
  }

  get hasRepeated(): boolean {
    return this.entries.some(({ origin, state }) => origin === 'repeated' && state.kind !== 'refused');
  }

  /** Rows are not kept any more: entries are forgotten as soon as they are acked. */
  stopWaitingForStore(): void {
    this.keepsRows = false;
    this.dropFinished();
  }

  summarize(): OutboxSummary {
    return {
      isEmpty: this.entries.length === 0,
      hasUnstored: this.unstored.size > 0,
      hasUnacked: this.waiting.size + this.sent.size > 0,
      refusal: this.findRefusal(),
    };
  }

  private findRefusal(): OutboxSummary['refusal'] {
    let found: OutboxSummary['refusal'];
    for (const { state } of this.refusedEntries) {
      if (state.kind !== 'refused') continue;
      if (state.isFinal) return state;
      found ??= state;
    }
    return found;
  }

  /** Everything that waits, merged into as few payloads of at most `maxBytes` as their boundaries allow. */
  takeWaiting(maxBytes: number): OutboxBatch[] {
    const batches: OutboxBatch[] = [];
    let group: Entry[] = [];
    let groupBytes = 0;
    const finish = () => {
      if (group.length > 0) batches.push(this.toBatch(group));
      group = [];
      groupBytes = 0;
    };
    for (const entry of this.waiting) {
      if (groupBytes + entry.payload.byteLength > maxBytes) finish();
      group.push(entry);
      groupBytes += entry.payload.byteLength;
    }
    finish();
    return batches;
  }

  private toBatch(group: readonly Entry[]): OutboxBatch {
    const setStates = (state: EntryState) => {
      for (const entry of group) this.setState(entry, state);
    };
    return {
      payload: mergeUpdates(group.map(({ payload }) => payload)),
      sent: (clientSeq) => setStates({ kind: 'sent', clientSeq }),
      refuse: (explanation) => setStates({ kind: 'refused', explanation, isFinal: true }),
    };
  }

  /** The relay made everything through `clientSeq` durable (SPEC UP4), except what it refused (UP7). */
  acked(clientSeq: number): void {
    for (const entry of this.sent) {
      if (entry.state.kind === 'sent' && entry.state.clientSeq > clientSeq) break;
      this.forget(entry);
    }
    this.dropFinished();
  }

  /** The relay did not take `clientSeq`, and sending it again is of no use, on this connection or at all. */
  refused(clientSeq: number, refusal: { readonly explanation: string; readonly isFinal: boolean }): void {
    this.changeSent(clientSeq, { kind: 'refused', ...refusal });
  }

  /** The relay did not take `clientSeq` this time: it waits to be sent again, under another number. */
  postponed(clientSeq: number): void {
    this.changeSent(clientSeq, WAITING);
  }

  /** We may write again: what was refused because we could not waits to be sent. */
  retryRefused(): void {
    for (const entry of this.refusedEntries) {
      if (entry.state.kind === 'refused' && !entry.state.isFinal) entry.state = WAITING;
    }
    this.replaceEntries(this.entries);
  }

  /** The document may not be written: what was rescued is the others' to send. */
  forgetRescued(): void {
    for (const entry of this.entries) if (entry.origin === 'rescued') this.forget(entry);
    this.dropFinished();
  }

  /** The connection is gone: what was not acked waits again. */
  disconnected(): void {
    for (const entry of this.entries) {
      const { state } = entry;
      if (state.kind === 'sent' || (state.kind === 'refused' && !state.isFinal)) entry.state = WAITING;
    }
    this.replaceEntries(this.entries.filter(({ origin }) => origin !== 'repeated'));
    this.dropFinished();
    this.mergeNeighbours();
  }

  /** Whether sending everything that waits brings a relay that holds `relayClock` structs of `client` to `clock`. */
  covers(client: number, relayClock: number, clock: number): boolean {
    let reached = relayClock;
    for (const { payload } of this.waiting) {
      const { from, to } = Y.parseUpdateMeta(payload);
      const first = from.get(client);
      if (first !== undefined && first <= reached) reached = Math.max(reached, to.get(client) ?? 0);
    }
    return reached >= clock;
  }

  private changeSent(clientSeq: number, state: EntryState): void {
    for (const entry of this.sent) {
      if (entry.state.kind === 'sent' && entry.state.clientSeq > clientSeq) break;
      if (entry.state.kind === 'sent' && entry.state.clientSeq === clientSeq) this.setState(entry, state);
    }
  }

  private forget(entry: Entry): void {
    entry.payload = NOTHING;
    this.setState(entry, ACKED);
  }

  private setState(entry: Entry, state: EntryState): void {
    entry.state = state;
    this.classify(entry);
  }

  private classify(entry: Entry): void {
    const { kind } = entry.state;
    for (const set of [this.waiting, this.sent, this.refusedEntries, this.unstored]) set.delete(entry);
    if (kind === 'waiting') this.waiting.add(entry);
    else if (kind === 'sent') this.sent.add(entry);
    else if (kind === 'refused') this.refusedEntries.add(entry);
    if (kind !== 'acked' && entry.origin !== 'repeated' && entry.localId === undefined) this.unstored.add(entry);
  }

  private replaceEntries(entries: Entry[]): void {
    this.entries = entries;
    for (const set of [this.waiting, this.sent, this.refusedEntries, this.unstored]) set.clear();
    const bySending = entries.toSorted((a, b) => clientSeqOf(a) - clientSeqOf(b));
    for (const entry of bySending) this.classify(entry);
  }

  private dropFinished(): void {
    let count = 0;
    let ackedRow = 0;
    for (const { origin, state, localId } of this.entries) {
      if (state.kind !== 'acked') break;
      if (origin !== 'repeated' && localId === undefined && this.keepsRows) break;
      ackedRow = Math.max(ackedRow, localId ?? 0);
      count++;
    }
    if (count === 0) return;
    this.entries.splice(0, count);
    // A write that was tried again may have got a later row than its successor.
    const lowestKept = this.entries.reduce((lowest, { localId }) => Math.min(lowest, localId ?? lowest), Infinity);
    if (ackedRow > 0) this.markAcked(Math.min(ackedRow, lowestKept - 1));
  }

  // A long time without a relay must not leave one entry for each keystroke.
  private mergeNeighbours(): void {
    if (this.entries.length < this.mergeAtLength) return;
    const merged: Entry[] = [];
    let group: Entry[] = [];
    let groupBytes = 0;
    for (const entry of this.entries) {
      const isFull = group.length >= MERGED_ENTRIES || groupBytes + entry.payload.byteLength > MERGED_BYTES;
      if (isFull || !group[0] || !areMergeable(group[0], entry)) {
        merged.push(...mergeGroup(group));
        group = [];
        groupBytes = 0;
      }
      group.push(entry);
      groupBytes += entry.payload.byteLength;
    }
    this.replaceEntries([...merged, ...mergeGroup(group)]);
    this.mergeAtLength = 2 * Math.max(MERGED_ENTRIES, this.entries.length);
  }
}

function clientSeqOf({ state }: Entry): number {
  return state.kind === 'sent' ? state.clientSeq : 0;
}

function areMergeable(first: Entry, second: Entry): boolean {
  return (
    first.state.kind === second.state.kind &&
    first.origin === second.origin &&
    isMergeable(first) &&
    isMergeable(second)
  );
}

function isMergeable({ origin, state, localId }: Entry): boolean {
  return origin === 'edit' && localId !== undefined && (state.kind === 'waiting' || state.kind === 'acked');
}

function mergeGroup(group: readonly Entry[]): readonly Entry[] {
  const [first] = group;
  if (!first || group.length === 1) return group;
  const payload = first.state === ACKED ? NOTHING : mergeUpdates(group.map((entry) => entry.payload));
  return [{ ...first, payload, localId: Math.max(...group.map((entry) => entry.localId ?? 0)) }];
}
