import * as Y from 'yjs';
import { mergeUpdates } from './merge-updates.ts';
import { countStructs, MAX_UPDATE_STRUCTS, splitUpdate } from './split-update.ts';

type EntryState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'sent'; readonly clientSeq: number }
  /** A final refusal outlives the connection. */
  | { readonly kind: 'refused'; readonly explanation: string; readonly isFinal: boolean }
  | { readonly kind: 'acked' };

interface Entry {
  payload: Uint8Array;
  /** Number of Yjs structs in `payload`. */
  readonly structs: number;
  /**
   * An edit was made here. A rescued entry holds what others wrote and the relay may have lost; it is stored, too.
   * A repeated one holds what is stored already; it is forgotten with the connection.
   */
  readonly origin: 'edit' | 'rescued' | 'repeated';
  /** Counts the edits of this engine start; of merged ones, the first. What is no edit has Infinity. */
  readonly number: number;
  /** The store's row, of merged ones the last; undefined until it is durable. */
  localId: number | undefined;
  /** Of merged ones, the first row: they may hold a part of it only. */
  readonly firstLocalId?: number;
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
  private edits = 0;
  private mergeAtLength = 2 * MERGED_ENTRIES;

  /** `markAcked` is called when all updates through a row are acked. */
  constructor(markAcked: (localId: number) => void) {
    this.markAcked = markAcked;
  }

  /** Takes in what an earlier engine start left, oldest first; it goes before what was added meanwhile. */
  addStored(rows: readonly { readonly localId: number; readonly payload: Uint8Array }[]): void {
    const stored = rows.flatMap(({ localId, payload }) => toEntries(payload, { origin: 'edit', number: 0, localId }));
    this.replaceEntries([...stored, ...this.entries]);
  }

  addEdit(payload: Uint8Array): OutboxTicket {
    return this.add(toEntries(payload, { origin: 'edit', number: ++this.edits }));
  }

  /** Takes in what others wrote and the relay may have lost. */
  addRescued(payload: Uint8Array): OutboxTicket {
    return this.add(toEntries(payload, { origin: 'rescued', number: Infinity }));
  }

  /** Takes in something that the relay lacks although it was acked or came from others. Forgotten with the connection. */
  addRepeated(payload: Uint8Array): void {
    this.add(toEntries(payload, { origin: 'repeated', number: Infinity }));
  }

  private add(added: readonly Entry[]): OutboxTicket {
    for (const entry of added) {
      this.entries.push(entry);
      this.classify(entry);
    }
    return {
      stored: (localId) => {
        for (const entry of added) {
          entry.localId = localId;
          this.unstored.delete(entry);
        }
        this.dropFinished();
        this.mergeNeighbours();
      },
    };
  }

  /** The number of the last edit; 0 stands for all that an earlier engine start left. */
  get lastEdit(): number {
    return this.edits;
  }

  /** The number of the first edit that is not acked; Infinity when all are. */
  get firstUnacked(): number {
    let first = Infinity;
    for (const entries of [this.waiting, this.sent, this.refusedEntries]) {
      for (const { number } of entries) first = Math.min(first, number);
    }
    return first;
  }

  get hasRepeated(): boolean {
    // One that is acked may wait for an earlier row of the store to be forgotten.
    return this.entries.some(({ origin, state }) => origin === 'repeated' && isUnderWay(state));
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
    const group = new Gathering();
    for (const entry of this.waiting) {
      if (!group.fits(entry, maxBytes) && group.entries.length > 0) batches.push(this.toBatch(group.take()));
      group.add(entry);
    }
    if (group.entries.length > 0) batches.push(this.toBatch(group.take()));
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
    const lowestKept = this.entries.reduce((lowest, entry) => Math.min(lowest, firstRowOf(entry) ?? lowest), Infinity);
    if (ackedRow > 0) this.markAcked(Math.min(ackedRow, lowestKept - 1));
  }

  // A long time without a relay must not leave one entry for each keystroke.
  private mergeNeighbours(): void {
    if (this.entries.length < this.mergeAtLength) return;
    const merged: Entry[] = [];
    const group = new Gathering();
    for (const entry of this.entries) {
      const [first] = group.entries;
      const isFull = group.entries.length >= MERGED_ENTRIES || !group.fits(entry, MERGED_BYTES);
      if (isFull || !first || !areMergeable(first, entry)) merged.push(...mergeGroup(group.take()));
      group.add(entry);
    }
    this.replaceEntries([...merged, ...mergeGroup(group.take())]);
    this.mergeAtLength = 2 * Math.max(MERGED_ENTRIES, this.entries.length);
  }
}

/** Entries that become one payload. */
class Gathering {
  entries: Entry[] = [];
  private bytes = 0;
  private structs = 0;

  fits({ payload, structs }: Entry, maxBytes: number): boolean {
    return this.bytes + payload.byteLength <= maxBytes && this.structs + structs <= MAX_UPDATE_STRUCTS;
  }

  add(entry: Entry): void {
    this.entries.push(entry);
    this.bytes += entry.payload.byteLength;
    this.structs += entry.structs;
  }

  take(): readonly Entry[] {
    const { entries } = this;
    this.entries = [];
    this.bytes = 0;
    this.structs = 0;
    return entries;
  }
}

/** The parts of one row share its number: it counts as acked when all of them are. */
function toEntries(
  payload: Uint8Array,
  { origin, number, localId }: Pick<Entry, 'origin' | 'number'> & { readonly localId?: number },
): readonly Entry[] {
  const toEntry = (part: Uint8Array, structs: number): Entry => ({
    payload: part,
    structs,
    origin,
    number,
    localId,
    state: WAITING,
  });
  const structs = countStructs(payload);
  if (structs <= MAX_UPDATE_STRUCTS) return [toEntry(payload, structs)];
  return splitUpdate(payload, MAX_UPDATE_STRUCTS).map((part) => toEntry(part, countStructs(part)));
}

function firstRowOf({ firstLocalId, localId }: Entry): number | undefined {
  return firstLocalId ?? localId;
}

function isUnderWay({ kind }: EntryState): boolean {
  return kind === 'waiting' || kind === 'sent';
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
  const localId = Math.max(...group.map((entry) => entry.localId ?? 0));
  const firstLocalId = Math.min(...group.map((entry) => firstRowOf(entry) ?? localId));
  if (first.state === ACKED) return [{ ...first, payload: NOTHING, structs: 0, localId, firstLocalId }];
  const payload = mergeUpdates(group.map((entry) => entry.payload));
  return [{ ...first, payload, structs: countStructs(payload), localId, firstLocalId }];
}
