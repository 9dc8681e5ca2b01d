import type * as Y from 'yjs';
import type { SyncCursor } from '../offline-store.ts';
import { allBy, ChangeRecord } from './attribution.ts';
import type { ChangeSource, TrackedChange } from './away-tracker.ts';
import { relativeRanges } from './overlap-ranges.ts';
import { type Absence, type KeptEdits, readKeptEdits, writeKeptEdits } from './kept-edits.ts';
import { takenBackIn, type TextAt } from './restored-copies.ts';
import type { PresentConnection } from './present-connections.ts';
import type { TextLayers } from './text-layers.ts';

/** Edits of more absences count as of one. */
const MAX_ABSENCES = 4;
/** Longer ones are not kept. In UTF-16 units. */
const MAX_LENGTH = 256 * 1024;
/** After that nobody is expected to come with edits from before. */
const KEPT_MS = 30 * 24 * 3_600_000;
/** Who is back brings what they did meanwhile within so long; a client that never says what it has counts as up to date then. */
const BRING_MS = 30_000;

/** The room around a document's edits. */
export interface OwnEditsHost {
  /** By the wall clock. */
  readonly nowMs: number;
  /** By the monotonic clock. */
  readonly elapsedMs: number;
  /** Others by their presence ids. */
  readonly connections: ReadonlyMap<number, PresentConnection>;
  isSelf(subject: string): boolean;
}

export interface OwnEditsOptions {
  readonly document: string;
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  readonly host: OwnEditsHost;
  readonly sourceOf: (origin: unknown) => ChangeSource;
  readonly cursor: () => SyncCursor | undefined;
  /** The number of the last edit of this engine, and of the first that the relay has not acked; Infinity when all are. */
  readonly edits: () => { readonly last: number; readonly firstUnacked: number };
  /** What was deleted of late. */
  readonly textAt: TextAt;
  /** Keeps the edits, or removes them. */
  readonly keep: (encoded: string | undefined) => void;
}

interface Entry extends KeptEdits {
  /** Edits through this number are in it. */
  readonly lastEdit: number;
  readonly fromMs: number;
}

interface Late {
  readonly layers: TextLayers;
  readonly since: SyncCursor | undefined;
  /** The last one whose edits the authors did not know. */
  readonly entry: Entry;
  /** By their presence ids: whether it was known who they are. */
  readonly authors: ReadonlyMap<number, boolean>;
}

/** What others brought who wrote it without knowledge of self's edits. */
export interface LateChange extends Absence {
  readonly change: TrackedChange;
}

/**
 * What self wrote in one document while out of touch. Whoever brings edits and has not said that they have these wrote
 * theirs without knowledge of them, however long after: both have changed the text. Between such edits nothing of the
 * text is held, but for what self wrote.
 */
export class OwnEdits {
  private readonly options: OwnEditsOptions;
  private entries: readonly Entry[] = [];
  private readonly seen = new Map<number, number>();
  private lastAck: SyncCursor | undefined;
  /** The text with what came late, until that is told. */
  private late: Late | undefined;

  constructor(options: OwnEditsOptions) {
    this.options = options;
  }

  /** Whether somebody, by their presence id, writes without knowledge of these edits. */
  isLate(author: number): boolean {
    return this.entries.some((entry) => this.isUnknownTo(author, entry));
  }

  /** What an earlier start kept. */
  loaded(encoded: string): void {
    const { nowMs, elapsedMs } = this.options.host;
    const kept = readKeptEdits(encoded);
    this.entries = kept
      .filter(({ returnedMs }) => nowMs - returnedMs < KEPT_MS)
      .map((edits) => ({ ...edits, lastEdit: 0, fromMs: elapsedMs }));
    if (this.entries.length < kept.length) this.keep();
  }

  /** Self is back from an absence with edits; `lastEdit` is the last of them. */
  add(layers: TextLayers, absence: Absence, lastEdit: number): void {
    const trace = layers.traceOf('mine');
    if (trace.length === 0 || trace.length > MAX_LENGTH) return;
    const fromMs = this.options.host.elapsedMs;
    const added = { ...absence, trace, at: undefined, knownTo: [], lastEdit, fromMs };
    const [first, second, ...others] = [...this.entries, added];
    const isFull = first && second && others.length + 2 > MAX_ABSENCES;
    this.entries = isFull
      ? [{ ...second, leftMs: first.leftMs, trace: first.trace.with(second.trace) }, ...others]
      : [...this.entries, added];
    if (!this.locate()) this.keep();
  }

  /** The relay has taken edits through this number. */
  acked(at: SyncCursor): void {
    this.lastAck = at;
    this.locate();
  }

  /** Others have stored the document so far. */
  seenBy(epoch: string, entries: readonly { readonly presenceId: number; readonly seq: number }[]): void {
    const { connections } = this.options.host;
    let hasChanged = false;
    for (const { presenceId, seq } of entries) {
      this.seen.set(presenceId, seq);
      const subject = connections.get(presenceId)?.subject;
      if (subject === undefined) continue;
      this.entries = this.entries.map((entry) => {
        const isNew = entry.at?.epoch === epoch && entry.at.seq <= seq && !entry.knownTo.includes(subject);
        hasChanged ||= isNew;
        return isNew ? { ...entry, knownTo: [...entry.knownTo, subject] } : entry;
      });
    }
    if (hasChanged) this.keep();
  }

  /** The connection is gone. */
  left(): void {
    this.seen.clear();
    this.lastAck = undefined;
  }

  /** Calls `apply`, which puts updates of one author into the document of whom {@link isLate} is true. */
  receive(author: number, payloads: readonly Uint8Array[], apply: () => void): void {
    const unknown = this.entries.filter((entry) => this.isUnknownTo(author, entry));
    const entry = unknown.at(-1);
    if (!entry) {
      apply();
      return;
    }
    const { doc, text, host, sourceOf, cursor } = this.options;
    const since = this.late?.since ?? cursor();
    const trace = unknown.map((entry) => entry.trace).reduce((all, next) => all.with(next));
    const before = (this.late?.layers ?? trace).adopt(text).advance(text, allBy('base'));
    const record = new ChangeRecord();
    let isNews = false;
    const note = (transaction: Y.Transaction) => {
      const part = takenBackIn(
        transaction,
        (client, clock, length) => before.textAt(client, clock, length) ?? this.options.textAt(client, clock, length),
      );
      isNews ||= part?.isAll !== true;
      record.add(transaction, sourceOf(transaction.origin) === 'remote' ? 'theirs' : 'base', part);
    };
    doc.on('afterTransaction', note);
    try {
      apply();
    } finally {
      doc.off('afterTransaction', note);
    }
    // What somebody takes back is known to them.
    if (!isNews) return;
    for (const payload of payloads) record.addDeletions(payload);
    const isMet = this.late?.authors.get(author) === true || host.connections.has(author);
    const authors = new Map([...(this.late?.authors ?? []), [author, isMet]]);
    this.late = { layers: before.advance(text, record), since, entry, authors };
  }

  /** What has come late since the last time; undefined when nothing did, or nothing of self's edits is left. */
  take(): LateChange | undefined {
    const { late } = this;
    this.late = undefined;
    if (!late || [...late.authors].every(([author, isMet]) => this.isNotLate(author, isMet, late.entry)))
      return undefined;
    const { document, text: content } = this.options;
    const layers = late.layers.adopt(content).advance(content, allBy('base'));
    if (!layers.isChangedBy('theirs') || !layers.isChangedBy('mine')) return undefined;
    const overlaps = relativeRanges(content, layers.findOverlaps());
    const by = { isByOthers: true, isByMe: true, isNews: true };
    const { leftMs, returnedMs } = late.entry;
    return { leftMs, returnedMs, change: { document, content, layers, ...by, overlaps, since: late.since } };
  }

  /** Nothing of it is to be told. */
  abandon(): void {
    this.late = undefined;
    this.entries = [];
    this.keep();
  }

  private isUnknownTo(author: number, entry: Entry): boolean {
    const { host, cursor } = this.options;
    if (entry.at && entry.at.epoch !== cursor()?.epoch) return false;
    if (this.isSeenBy(author, entry) || this.isKnownTo(author, entry)) return false;
    const arrivedMs = host.connections.get(author)?.arrivedMs ?? host.elapsedMs;
    return host.elapsedMs - Math.max(entry.fromMs, arrivedMs) < BRING_MS;
  }

  /** The relay may tell who somebody is after their first edits; of whom it never tells, it is not known when they came. */
  private isNotLate(author: number, isMet: boolean, entry: Entry): boolean {
    return this.isKnownTo(author, entry) || !(isMet || this.options.host.connections.has(author));
  }

  /** Whether it is self, or one who knew the edits already and has connected anew. */
  private isKnownTo(author: number, entry: Entry): boolean {
    const { host } = this.options;
    const { subject, hasStayed } = host.connections.get(author) ?? {};
    if (subject === undefined) return false;
    if (hasStayed || host.isSelf(subject)) return true;
    if (!entry.knownTo.includes(subject)) return false;
    // While the connection that knows is there, this is another device.
    return ![...host.connections].some(
      ([other, person]) => other !== author && person.subject === subject && this.isSeenBy(other, entry),
    );
  }

  private isSeenBy(presenceId: number, { at }: Entry): boolean {
    return at !== undefined && (this.seen.get(presenceId) ?? 0) >= at.seq;
  }

  /** Notes where the relay's log has the edits, as soon as it is known. Gives whether something was noted. */
  private locate(): boolean {
    if (this.entries.every(({ at }) => at)) return false;
    const { firstUnacked } = this.options.edits();
    const at = this.lastAck ?? this.options.cursor();
    const located = this.entries.map((entry) =>
      entry.at || entry.lastEdit >= firstUnacked ? entry : { ...entry, at },
    );
    const hasChanged = located.some((entry, place) => entry.at !== this.entries[place]?.at);
    this.entries = located;
    if (hasChanged) this.keep();
    return hasChanged;
  }

  private keep(): void {
    this.options.keep(this.entries.length === 0 ? undefined : writeKeptEdits(this.entries));
  }
}
