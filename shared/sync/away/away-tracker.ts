import type * as Y from 'yjs';
import { CONTENT_TEXT } from '../../workspace/index.ts';
import type { SyncCursor } from '../offline-store.ts';
import type { AwaySide, OverlapRange } from './away-summary.ts';
import { type Draft, readDraft, writeDraft } from './draft.ts';
import { allBy, byUnacked, ChangeRecord, type Writer } from './attribution.ts';
import { LostTexts } from './lost-texts.ts';
import { relativeRanges } from './overlap-ranges.ts';
import { takenBackIn, type TakenBackPart, type TextAt } from './restored-copies.ts';
import { TextLayers } from './text-layers.ts';

/** Longer texts are told of, but not kept. In UTF-16 units. */
export const MAX_FOLLOWED_LENGTH = 1024 * 1024;
/** Of what was deleted, at least so much is known in each document. In UTF-16 units. */
const MAX_REMEMBERED_LENGTH = 16 * 1024;

/** Where a change of a document came from. `stored`: it was on this device already. */
export type ChangeSource = 'remote' | 'local' | 'stored';

/** What became of one document while this device was away. */
export interface TrackedChange {
  readonly document: string;
  readonly content: Y.Text;
  /** Undefined when the text is too large to be followed. */
  readonly layers: TextLayers | undefined;
  readonly isByOthers: boolean;
  readonly isByMe: boolean;
  /** Others have changed something that was not told yet. */
  readonly isNews: boolean;
  readonly overlaps: readonly OverlapRange[];
  /** How far the document was before; undefined when that is not known. */
  readonly since: SyncCursor | undefined;
}

/** What all documents that are being followed may hold together, in UTF-16 units. */
export interface AwayBudget {
  leftLength: number;
}

export interface AwayTrackerOptions {
  readonly document: string;
  readonly doc: Y.Doc;
  readonly sourceOf: (origin: unknown) => ChangeSource;
  readonly cursor: () => SyncCursor | undefined;
  readonly budget: AwayBudget;
  /** Keeps a draft, or removes it, before the changes that come after the call. */
  readonly keepDraft: (draft: Draft | undefined) => void;
}

/**
 * Follows one file's text from the moment at which this device lost touch until it has everything again. Nothing is
 * copied before the first change.
 */
export class AwayTracker {
  private readonly options: AwayTrackerOptions;
  private readonly text: Y.Text;
  private layers: TextLayers | undefined;
  private since: SyncCursor | undefined;
  /** What the layers take of the budget. */
  private taken = 0;
  private isLoaded = false;
  private isClosed = false;
  private isFollowing = true;
  /**
   * The document was complete here before. Else what comes first was changed by nobody: it is only not here yet, however
   * much self may have written meanwhile.
   */
  private isKnown = false;
  /** What was done since the layers were as they are. */
  private record = new ChangeRecord();
  /** What was deleted of late, and what was not there when that was told: it may come back. */
  private remembered = new LostTexts();
  private rememberedBefore = new LostTexts();
  /** Others' changes came in on this connection. */
  private hasRemote = false;
  /** What self deleted may come back from the relay as if others had. */
  private mayEcho = false;
  /** Of others. */
  private hasNews = false;
  /** This device is back; only what others bring late is missing. */
  private isSettling = false;
  private hasDraft = false;
  private readonly tooLargeBy = new Set<AwaySide>();
  private pending: { readonly transaction: Y.Transaction; undo(): void } | undefined;

  constructor(options: AwayTrackerOptions) {
    this.options = options;
    const { doc } = options;
    this.text = doc.getText(CONTENT_TEXT);
    doc.on('beforeTransaction', this.before);
    doc.on('afterTransaction', this.after);
    this.text.observe(this.noticeText);
  }

  /** The document has what was stored. `draft` was kept by an earlier start; `unacked` are edits of this device. */
  loaded(draft: Draft | undefined, unacked: readonly Uint8Array[]): void {
    this.isLoaded = true;
    const { doc, cursor } = this.options;
    const isEmpty = doc.store.clients.size === 0;
    this.isKnown = cursor() !== undefined;
    if (!draft) return;
    this.hasDraft = true;
    const read = isEmpty ? undefined : readDraft(draft);
    // Without the document itself, or damaged, a draft tells nothing.
    if (!read) return this.discardDraft();
    // Begun before the document was complete here: what came since cannot be told from what was there.
    if (read.since === undefined && (read.hasRemote || this.isKnown)) return this.discardDraft();
    this.since = read.since;
    this.mayEcho = read.hasRemote;
    this.setLayers(read.layers.advance(this.text, read.hasRemote ? byUnacked(unacked) : allBy('mine')));
  }

  /** The connection is lost: from now on changes count. */
  left(): void {
    if (!this.isFollowing || this.isSettling) this.reset();
    this.isFollowing = true;
    if (!this.hasRemote) return;
    this.rest();
    this.mayEcho = true;
  }

  /** These came from the relay, and are in the document now. */
  received(payloads: readonly Uint8Array[]): void {
    const { layers, record } = this;
    if (!this.isFollowing || !this.isKnown || !layers || this.mayEcho) return;
    // What both deleted is told apart from what self alone did: for Yjs, others then do nothing.
    if (!record.hasDeletionsOf('mine') && layers.sizeOf('mine').deleted === 0) return;
    for (const payload of payloads) record.addDeletions(payload);
  }

  /**
   * The document has everything, but for what others bring who come back later. From now on the edits of this device
   * count for nobody. Gives what changed; undefined when nothing did, or others did nothing since the last time.
   */
  settle(): TrackedChange | undefined {
    if (!this.isFollowing) return undefined;
    const change = this.isSettling && !this.hasNews ? undefined : this.finish();
    this.isSettling = true;
    this.isKnown = true;
    this.hasNews = false;
    return change;
  }

  /** The document was never complete here before. */
  get isNew(): boolean {
    return !this.isKnown;
  }

  /** The document has everything. Gives what changed; undefined when nothing did, or nobody follows it. */
  returned(): TrackedChange | undefined {
    if (!this.isFollowing) return undefined;
    this.isFollowing = false;
    const change = this.finish();
    this.isSettling = false;
    this.setLayers(undefined);
    this.isKnown = true;
    return change;
  }

  /** What was followed is not wanted. */
  abandon(): void {
    this.isFollowing = false;
    this.isSettling = false;
    this.setLayers(undefined);
    this.discardDraft();
  }

  /** What the draft was for is kept otherwise, or not wanted. */
  discardDraft(): void {
    if (!this.hasDraft) return;
    this.hasDraft = false;
    this.options.keepDraft(undefined);
  }

  /** What is known of what was in the text, also of what was deleted of late; undefined when nothing is. */
  readonly textAt: TextAt = (client, clock, length) =>
    this.layers?.textAt(client, clock, length) ??
    this.remembered.read(client, clock, length) ??
    this.rememberedBefore.read(client, clock, length);

  /** The document is being closed: keeps what is not told yet. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.isFollowing) this.rest();
    this.setLayers(undefined);
    const { doc } = this.options;
    doc.off('beforeTransaction', this.before);
    doc.off('afterTransaction', this.after);
    this.text.unobserve(this.noticeText);
  }

  private readonly before = (transaction: Y.Transaction): void => {
    if (!this.isFollowing || !this.isLoaded || this.pending) return;
    const source = this.options.sourceOf(transaction.origin);
    if (source === 'stored') return;
    const isFirst = source === 'remote' ? !this.hasRemote : !this.layers;
    // What comes to a document for the first time has been changed by nobody.
    if (!isFirst || (source === 'remote' && !this.isKnown && !this.layers)) return;
    if (source === 'local' && this.isSettling && !this.layers) return;
    const { layers, hasRemote, since } = this;
    this.pending = {
      transaction,
      undo: () => {
        if (!layers) this.setLayers(undefined);
        this.hasRemote = hasRemote;
        this.since = since;
      },
    };
    this.begin(source);
  };

  private begin(source: 'remote' | 'local'): void {
    if (!this.layers) this.since = this.options.cursor();
    const isTooLong = this.text.length > Math.min(MAX_FOLLOWED_LENGTH, this.options.budget.leftLength + this.taken);
    if (this.tooLargeBy.size > 0 || isTooLong) return;
    this.setLayers(this.current() ?? TextLayers.of(this.text));
    if (source === 'remote') this.hasRemote = true;
  }

  // Transactions that change nothing are made, too: by syncs that bring nothing.
  private readonly after = (transaction: Y.Transaction): void => {
    if (!this.isLoaded) return;
    this.remember(transaction);
    if (!this.isFollowing) return;
    const isBegun = this.pending?.transaction === transaction;
    const { pending } = this;
    if (isBegun) this.pending = undefined;
    if (transaction.changed.size === 0) {
      if (isBegun) pending?.undo();
      return;
    }
    const source = this.options.sourceOf(transaction.origin);
    const isLarge = !this.layers || this.taken > 4 * MAX_FOLLOWED_LENGTH;
    const counts = source === 'remote' ? this.isKnown : source === 'local' && !this.isSettling;
    if (isLarge && counts) return this.noteLarge(source === 'remote' ? 'theirs' : 'mine');
    if (this.layers) this.note(transaction, this.layers);
    if (isBegun) this.keep(this.hasRemote);
  };

  private note(transaction: Y.Transaction, layers: TextLayers): void {
    const part = this.partOf(transaction);
    this.record.add(transaction, this.writerOf(transaction), part);
    if (part) this.setLayers(layers.advance(this.text, this.record).follow(this.text));
    else this.take(layers.length + this.record.length);
  }

  private readonly noticeText = (_event: Y.YTextEvent, transaction: Y.Transaction): void => {
    if (!this.isFollowing || !this.layers || this.writerOf(transaction) !== 'theirs') return;
    if (this.partOf(transaction)?.isAll !== true) this.hasNews = true;
  };

  private partOf(transaction: Y.Transaction): TakenBackPart | undefined {
    if (this.options.sourceOf(transaction.origin) === 'local') return takenBackIn(transaction, undefined);
    return takenBackIn(transaction, this.textAt);
  }

  private remember(transaction: Y.Transaction): void {
    if (transaction.deleteSet.clients.size === 0 || this.options.sourceOf(transaction.origin) === 'stored') return;
    this.remembering().add(transaction, () => true);
  }

  private remembering(): LostTexts {
    if (this.remembered.length > MAX_REMEMBERED_LENGTH) {
      this.rememberedBefore = this.remembered;
      this.remembered = new LostTexts();
    }
    return this.remembered;
  }

  private noteLarge(by: AwaySide): void {
    this.tooLargeBy.add(by);
    if (by === 'theirs') this.hasNews = true;
    const layers = this.current();
    for (const side of ['theirs', 'mine'] as const) if (layers?.isChangedBy(side)) this.tooLargeBy.add(side);
    this.setLayers(undefined);
    this.hasRemote = false;
    this.discardDraft();
  }

  private writerOf({ origin }: Y.Transaction): Writer {
    if (this.options.sourceOf(origin) !== 'local') return this.isKnown ? 'theirs' : 'base';
    return this.isSettling ? 'base' : 'mine';
  }

  /** Keeps what there is. What comes until others' changes come again is of this device. */
  private rest(): void {
    if (!this.current()) return;
    this.hasRemote = false;
    this.keep(false);
  }

  private finish(): TrackedChange | undefined {
    const { document } = this.options;
    const { since, text: content } = this;
    const isNews = this.hasNews || !this.isSettling;
    if (this.tooLargeBy.size > 0) {
      const [isByOthers, isByMe] = [this.tooLargeBy.has('theirs'), this.tooLargeBy.has('mine')];
      return { document, content, layers: undefined, isByOthers, isByMe, isNews, overlaps: [], since };
    }
    const layers = this.current();
    if (!layers) return undefined;
    const [isByOthers, isByMe] = [layers.isChangedBy('theirs'), layers.isChangedBy('mine')];
    if (!isByOthers && !isByMe) return undefined;
    const overlaps = relativeRanges(content, layers.findOverlaps());
    return { document, content, layers, isByOthers, isByMe, isNews, overlaps, since };
  }

  /** The layers of the text as it is now. */
  private current(): TextLayers | undefined {
    if (this.layers && !this.record.isEmpty) this.setLayers(this.layers.advance(this.text, this.record));
    return this.layers;
  }

  private keep(hasRemote: boolean): void {
    if (!this.layers) return;
    this.hasDraft = true;
    this.options.keepDraft(writeDraft({ layers: this.layers, hasRemote, since: this.since }));
  }

  private setLayers(layers: TextLayers | undefined): void {
    if (!layers) for (const lost of this.layers?.absent() ?? []) this.remembering().put(lost);
    this.layers = layers;
    this.record = new ChangeRecord();
    this.take(layers?.length ?? 0);
  }

  private take(length: number): void {
    this.options.budget.leftLength += this.taken - length;
    this.taken = length;
  }

  private reset(): void {
    this.setLayers(undefined);
    this.since = undefined;
    this.hasRemote = false;
    this.mayEcho = false;
    this.hasNews = false;
    this.isSettling = false;
    this.tooLargeBy.clear();
  }
}
