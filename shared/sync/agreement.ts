import type * as Y from 'yjs';
import { type Disposable, Emitter, MutableDisposable, type Scheduler, toDisposable } from '../lifecycle/index.ts';
import type { DocumentDigest, RelayMessage } from '../protocol/index.ts';
import { CopyDigest, type CopyHashes, isSameHash } from './copy-digest.ts';

/** Whether the copies of a document that people have open are the same. People are presence ids of others. */
export type AgreementState =
  /** There is nobody to compare with, or nothing that could be compared now. */
  | { readonly kind: 'unknown' }
  /** Somebody else has it open; not everything has come to rest, here or with `people`. */
  | { readonly kind: 'waiting'; readonly people: readonly number[] }
  | { readonly kind: 'identical'; readonly people: readonly number[] }
  /**
   * The copies are at the same place and not the same. Stays until they are, or those people are gone. Among them may be
   * windows of this device that show something else than its engine has: see {@link isOwnWindow}.
   */
  | { readonly kind: 'differs'; readonly withWhom: readonly number[]; readonly sinceMs: number };

/** The replica whose copy is compared. */
export interface AgreementHost {
  readonly doc: Y.Doc;
  readonly scheduler: Scheduler;
  /** How far the copy has everything that was committed. */
  readonly seq: number;
  /** The same when it is in step and nothing of its own is unsent or refused; else undefined. */
  readonly restingSeq: number | undefined;
  readonly isPresent: (presenceId: number) => boolean;
  /** Gives false when the relay does not take digests. */
  readonly send: (digest: DocumentDigest) => boolean;
  /** Compares the document with the relay once more, both ways. */
  readonly reopen: () => void;
}

/** Nothing has changed for so long: it is at rest. */
const REST_MS = 1_000;
/** Two copies at rest may still be on the way to each other for so long. */
const PATIENCE_MS = 10_000;
/** A copy that lacks something is compared with the relay once before others are called different. */
const REOPENED_FOR_MS = 60_000;
/** The relay, or another node, may have lost what was said. */
const REPEAT_MS = 60_000;
interface OtherCopy {
  readonly digest: DocumentDigest;
  /** It was said before the copy here changed last. */
  isOutdated: boolean;
}

/** Whether an id among the others stands for a window of this device; the relay gives nobody such an id. */
export function isOwnWindow(id: number): boolean {
  return id < 0;
}

const UNKNOWN: AgreementState = { kind: 'unknown' };

/** Compares one replica's copy with those of the others by their digests (SPEC DG), while somebody looks at it. */
export class Agreement implements Disposable {
  private readonly host: AgreementHost;
  private readonly changed = new Emitter<void>();
  private readonly resting = new MutableDisposable<Disposable>();
  private readonly hashing = new MutableDisposable<Disposable>();
  private readonly patience = new MutableDisposable<Disposable>();
  private readonly repeating = new MutableDisposable<Disposable>();
  private readonly others = new Map<number, OtherCopy>();
  /** Since when two copies are at the same place with other states. */
  private readonly suspectedSinceMs = new Map<number, number>();
  private readonly differingSinceMs = new Map<number, number>();
  private own: DocumentDigest | undefined;
  private watchers = 0;
  private reopenedAtMs = -Infinity;
  private editedMs = -Infinity;
  private current: AgreementState = UNKNOWN;

  /** Fires when {@link state} has changed. */
  readonly onDidChange = this.changed.event;

  constructor(host: AgreementHost) {
    this.host = host;
    host.doc.on('update', this.noteEdit);
  }

  get state(): AgreementState {
    return this.current;
  }

  /** Somebody looks at the document until the result is disposed: what it is here is told to others. */
  watch(): Disposable {
    this.watchers++;
    if (this.own && !this.repeating.value) this.say();
    this.statusChanged();
    return toDisposable(() => {
      this.watchers--;
    });
  }

  /** The relay tells what the copies of others are. */
  receive({ entries }: Extract<RelayMessage, { type: 'digests' }>): void {
    for (const { presenceId, digest } of entries) {
      this.suspectedSinceMs.delete(presenceId);
      this.others.delete(presenceId);
      // They are views into a frame.
      if (digest) {
        const { seq, state, text } = digest;
        this.others.set(presenceId, { digest: { seq, state: state.slice(), text: text.slice() }, isOutdated: false });
      } else this.differingSinceMs.delete(presenceId);
    }
    this.statusChanged();
  }

  /** A window of this device tells what it shows of this copy, which must be the same. `window` is below 0. */
  compareWindow(window: number, { state, text }: CopyHashes): void {
    this.others.set(window, { digest: { seq: this.host.seq, state, text }, isOutdated: false });
    this.suspectedSinceMs.delete(window);
    this.statusChanged();
  }

  /** The window does not show it any more. */
  forgetWindow(window: number): void {
    for (const known of [this.others, this.suspectedSinceMs, this.differingSinceMs]) known.delete(window);
    this.evaluate();
  }

  /** The document is not open at the relay any more: what was said about it is void (SPEC DG4). */
  channelClosed(): void {
    for (const id of this.others.keys()) if (!isOwnWindow(id)) this.others.delete(id);
    this.forgetOwn();
    this.evaluate();
  }

  /** How the replica stands, or who is there, may have changed. */
  statusChanged(): void {
    if (this.isIdle) return;
    const seq = this.host.restingSeq;
    if (seq === undefined || seq !== this.own?.seq) this.forgetOwn();
    if (seq !== undefined && !this.own) this.awaitRest();
    this.evaluate();
  }

  /** Nobody compares anything: most documents, most of the time. */
  private get isIdle(): boolean {
    const isBusy = this.isWanted || this.own || this.hashing.value || this.differingSinceMs.size > 0;
    return !isBusy && this.current.kind === 'unknown';
  }

  private get isWanted(): boolean {
    return this.watchers > 0 || this.others.size > 0;
  }

  private readonly noteEdit = (): void => {
    if (this.isIdle) return;
    this.editedMs = this.host.scheduler.elapsedMs();
    this.forgetOwn();
    // What has just come here, or was written here, is not in what was said of the same place before.
    const { seq } = this.host;
    for (const other of this.others.values()) other.isOutdated ||= other.digest.seq <= seq;
    this.statusChanged();
  };

  private forgetOwn(): void {
    this.own = undefined;
    this.hashing.value = undefined;
    this.repeating.value = undefined;
    this.suspectedSinceMs.clear();
  }

  /** One timer serves a whole burst of edits. */
  private awaitRest(): void {
    if (!this.isWanted || this.resting.value || this.hashing.value) return;
    const { scheduler } = this.host;
    const atMs = scheduler.elapsedMs();
    const seqThen = this.host.restingSeq;
    this.resting.value = scheduler.schedule(() => {
      this.resting.value = undefined;
      const seq = this.host.restingSeq;
      const isAtRest = seq === seqThen && this.editedMs <= atMs;
      if (seq !== undefined && isAtRest) this.hash(seq);
      else this.statusChanged();
    }, REST_MS);
  }

  /** A large text is hashed in many turns, so that it holds up nobody's typing. */
  private hash(seq: number): void {
    const digest = new CopyDigest(this.host.doc);
    const step = (): void => {
      const hashes = digest.step();
      if (!hashes) {
        this.hashing.value = this.host.scheduler.schedule(step, 0);
        return;
      }
      this.hashing.value = undefined;
      this.own = { seq, ...hashes };
      this.say();
      this.evaluate();
    };
    step();
  }

  private say(): void {
    if (!this.own) return;
    const isRepeated = this.host.send(this.own) && this.watchers > 0;
    this.repeating.value = isRepeated ? this.host.scheduler.schedule(() => this.say(), REPEAT_MS) : undefined;
  }

  private evaluate(): void {
    if (this.others.size === 0 && this.differingSinceMs.size === 0) return this.enter(UNKNOWN);
    for (const known of [this.differingSinceMs, this.suspectedSinceMs]) {
      for (const presenceId of known.keys()) if (!this.isThere(presenceId)) known.delete(presenceId);
    }
    const identical: number[] = [];
    const waiting: number[] = [];
    for (const [presenceId, { digest, isOutdated }] of this.others) {
      if (!this.isThere(presenceId)) continue;
      // A window knows of no numbers.
      const seq = isOwnWindow(presenceId) ? this.own?.seq : digest.seq;
      const isSame = this.own && !isOutdated && this.own.seq === seq && this.compare(presenceId, this.own, digest);
      if (!isOwnWindow(presenceId)) (isSame ? identical : waiting).push(presenceId);
    }
    this.awaitPatience();
    this.enter(this.stateOf(identical, waiting));
  }

  private isThere(presenceId: number): boolean {
    return isOwnWindow(presenceId) || this.host.isPresent(presenceId);
  }

  private stateOf(identical: readonly number[], waiting: readonly number[]): AgreementState {
    if (this.differingSinceMs.size > 0) {
      const sinceMs = Math.min(...this.differingSinceMs.values());
      return { kind: 'differs', withWhom: [...this.differingSinceMs.keys()], sinceMs };
    }
    if (waiting.length > 0) return { kind: 'waiting', people: waiting };
    return identical.length > 0 ? { kind: 'identical', people: identical } : UNKNOWN;
  }

  /** Whether two copies at one place are the same; what is not, and may not become so, is noted. */
  private compare(presenceId: number, own: CopyHashes, other: CopyHashes): boolean {
    const nowMs = this.host.scheduler.elapsedMs();
    const isSameState = isSameHash(own.state, other.state);
    if (isSameState && isSameHash(own.text, other.text)) {
      this.suspectedSinceMs.delete(presenceId);
      this.differingSinceMs.delete(presenceId);
      return true;
    }
    const sinceMs = this.suspectedSinceMs.get(presenceId) ?? nowMs;
    this.suspectedSinceMs.set(presenceId, sinceMs);
    const isLate = nowMs - sinceMs >= PATIENCE_MS && nowMs - this.reopenedAtMs < REOPENED_FOR_MS;
    if ((isSameState || isLate) && !this.differingSinceMs.has(presenceId)) {
      this.differingSinceMs.set(presenceId, this.host.scheduler.now());
    }
    return false;
  }

  private awaitPatience(): void {
    const undecided = [...this.suspectedSinceMs].filter(([presenceId]) => !this.differingSinceMs.has(presenceId));
    if (undecided.length === 0) {
      this.patience.value = undefined;
      return;
    }
    if (this.patience.value) return;
    const { scheduler } = this.host;
    const dueMs = Math.min(...undecided.map(([, sinceMs]) => sinceMs)) + PATIENCE_MS;
    this.patience.value = scheduler.schedule(
      () => {
        this.patience.value = undefined;
        this.losePatience();
      },
      Math.max(1, dueMs - scheduler.elapsedMs()),
    );
  }

  private losePatience(): void {
    const nowMs = this.host.scheduler.elapsedMs();
    const isLate = [...this.suspectedSinceMs.values()].some((sinceMs) => nowMs - sinceMs >= PATIENCE_MS);
    if (isLate && nowMs - this.reopenedAtMs >= REOPENED_FOR_MS) {
      this.reopenedAtMs = nowMs;
      this.host.reopen();
      return;
    }
    this.evaluate();
  }

  private enter(state: AgreementState): void {
    if (this.current === state || isSameState(this.current, state)) return;
    this.current = state;
    this.changed.fire();
  }

  dispose(): void {
    this.host.doc.off('update', this.noteEdit);
    for (const owned of [this.resting, this.hashing, this.patience, this.repeating, this.changed]) owned.dispose();
  }
}

function isSameState(a: AgreementState, b: AgreementState): boolean {
  return a.kind === b.kind && String(peopleIn(a)) === String(peopleIn(b));
}

/** The others that a state is about. */
export function peopleIn(state: AgreementState): readonly number[] {
  if (state.kind === 'unknown') return [];
  return state.kind === 'differs' ? state.withWhom : state.people;
}
