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
  /** `repeated` entries hold what is stored and was acked once, but which the relay lacks. */
  readonly origin: 'edit' | 'repeated';
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
  /** Tells the outbox under which number the batch left. */
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
  readonly refusal: string | undefined;
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
  private keepsRows = true;
  private mergeAtLength = 2 * MERGED_ENTRIES;

  /** `markAcked` is called when all updates through a row are acked. */
  constructor(markAcked: (localId: number) => void) {
    this.markAcked = markAcked;
  }

  /** Takes in what an earlier engine start left, oldest first; it goes before what was added meanwhile. */
  addStored(rows: readonly { readonly localId: number; readonly payload: Uint8Array }[]): void {
    const stored = rows.map(({ localId, payload }): Entry => ({ payload, origin: 'edit', localId, state: WAITING }));
    this.entries = [...stored, ...this.entries];
  }

  addEdit(payload: Uint8Array): OutboxTicket {
    const entry: Entry = { payload, origin: 'edit', localId: undefined, state: WAITING };
    this.entries.push(entry);
    return {
      stored: (localId) => {
        entry.localId = localId;
        this.dropFinished();
        this.mergeNeighbours();
      },
    };
  }

  /** Takes in something that the relay lacks although it was acked or came from others. Forgotten with the connection. */
  addRepeated(payload: Uint8Array): void {
    this.entries.push({ payload, origin: 'repeated', localId: undefined, state: WAITING });
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
    let hasUnstored = false;
    let hasUnacked = false;
    let refusal: string | undefined;
    for (const { state, origin, localId } of this.entries) {
      if (state.kind === 'refused') refusal ??= state.explanation;
      if (state.kind === 'acked') continue;
      if (origin === 'edit' && localId === undefined) hasUnstored = true;
      if (state.kind !== 'refused') hasUnacked = true;
    }
    return { isEmpty: this.entries.length === 0, hasUnstored, hasUnacked, refusal };
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
    for (const entry of this.entries) {
      if (entry.state.kind !== 'waiting') continue;
      if (groupBytes + entry.payload.byteLength > maxBytes) finish();
      group.push(entry);
      groupBytes += entry.payload.byteLength;
    }
    finish();
    return batches;
  }

  private toBatch(group: readonly Entry[]): OutboxBatch {
    const setState = (state: EntryState) => {
      for (const entry of group) entry.state = state;
    };
    return {
      payload: mergeUpdates(group.map(({ payload }) => payload)),
      sent: (clientSeq) => setState({ kind: 'sent', clientSeq }),
      refuse: (explanation) => setState({ kind: 'refused', explanation, isFinal: true }),
    };
  }

  /** The relay made everything through `clientSeq` durable (SPEC UP4), except what it refused (UP7). */
  acked(clientSeq: number): void {
    for (const entry of this.entries) {
      if (entry.state.kind !== 'sent' || entry.state.clientSeq > clientSeq) continue;
      entry.state = ACKED;
      entry.payload = NOTHING;
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

  private changeSent(clientSeq: number, state: EntryState): void {
    for (const entry of this.entries) {
      if (entry.state.kind === 'sent' && entry.state.clientSeq === clientSeq) entry.state = state;
    }
  }

  /** The connection is gone: what was not acked waits again. */
  disconnected(): void {
    this.entries = this.entries.filter(({ origin }) => origin === 'edit');
    for (const entry of this.entries) {
      const { state } = entry;
      if (state.kind === 'sent' || (state.kind === 'refused' && !state.isFinal)) entry.state = WAITING;
    }
    this.dropFinished();
    this.mergeNeighbours();
  }

  /** Whether sending everything that waits brings a relay that holds `relayClock` structs of `client` to `clock`. */
  covers(client: number, relayClock: number, clock: number): boolean {
    let reached = relayClock;
    for (const { payload, state } of this.entries) {
      if (state.kind !== 'waiting') continue;
      const { from, to } = Y.parseUpdateMeta(payload);
      const first = from.get(client);
      if (first !== undefined && first <= reached) reached = Math.max(reached, to.get(client) ?? 0);
    }
    return reached >= clock;
  }

  private dropFinished(): void {
    let count = 0;
    let ackedRow = 0;
    for (const { origin, state, localId } of this.entries) {
      if (state.kind !== 'acked') break;
      if (origin === 'edit' && localId === undefined && this.keepsRows) break;
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
    this.entries = [...merged, ...mergeGroup(group)];
    this.mergeAtLength = 2 * Math.max(MERGED_ENTRIES, this.entries.length);
  }
}

function areMergeable(first: Entry, second: Entry): boolean {
  return first.state.kind === second.state.kind && isMergeable(first) && isMergeable(second);
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
