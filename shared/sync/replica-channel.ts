import { type Disposable, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import { type ChannelHost, DocumentChannel } from './document-channel.ts';
import type { DocumentMessage, DocumentWire } from './document-wire.ts';

const REOPEN_DELAY_MS = 5000;
/** While too many documents are open, each waits longer from time to time: they may be very many themselves. */
const LONGEST_REOPEN_DELAY_MS = 5 * 60_000;
const MAX_QUICK_REOPENS = 3;
const QUICK_REOPENS_WITHIN_MS = 10_000;

export interface ReplicaChannelOptions {
  readonly host: ChannelHost;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  /** Whether the list of files, as far as it is known here, has the document. */
  readonly isListed: () => boolean;
  /** The channel was closed; another one may be opened next. */
  readonly onClosed: () => void;
  readonly onStatus: () => void;
  readonly report: (kind: 'document-closed' | 'malformed-document', explanation: string) => void;
}

/** Keeps one replica open at the relay whenever there is a connection, and opens it again when it was closed. */
export class ReplicaChannel implements Disposable {
  private readonly options: ReplicaChannelOptions;
  private readonly channel = new MutableDisposable<DocumentChannel>();
  private readonly reopening = new MutableDisposable<Disposable>();
  private currentWire: DocumentWire | undefined;
  private quickReopens = 0;
  private quickReopensSinceMs = -Infinity;
  private crowdedDelayMs = REOPEN_DELAY_MS;
  private hasReopenedMalformed = false;
  private isAllowed = false;
  private isDisposed = false;
  /** The relay does not give us the document at all. */
  isForbidden = false;

  constructor(options: ReplicaChannelOptions) {
    this.options = options;
  }

  /** Undefined while the document is not open at the relay. */
  get value(): DocumentChannel | undefined {
    return this.channel.value;
  }

  /** Undefined while there is no connection. */
  get wire(): DocumentWire | undefined {
    return this.currentWire;
  }

  /** The replica has what was stored: from now on it may be opened. */
  allow(): void {
    this.isAllowed = true;
    this.open();
  }

  /** A connection was welcomed. */
  connected(wire: DocumentWire): void {
    this.currentWire = wire;
    this.quickReopens = 0;
    this.crowdedDelayMs = REOPEN_DELAY_MS;
    this.hasReopenedMalformed = false;
    this.open();
  }

  disconnected(): void {
    this.currentWire = undefined;
    this.close();
  }

  /** The list of files has changed: a document that was closed to us may be open to us now (SPEC AC5). */
  listChanged(): void {
    if (this.isForbidden && this.options.isListed()) this.open();
  }

  /** Compares the document with the relay once more, both ways. */
  reopen(): void {
    this.channel.value?.close();
    this.close();
    this.open();
  }

  /** The relay sent what is not a Yjs update. `description` says what is wrong with it. */
  malformed(description: string): void {
    const { host, report, onStatus } = this.options;
    this.close();
    const willReopen = !this.hasReopenedMalformed;
    const next = willReopen
      ? 'It is opened again.'
      : 'It stays closed until the next connection; edits stay on this device.';
    report('malformed-document', `The relay sent a damaged update of "${host.name}" (${description}). ${next}`);
    this.hasReopenedMalformed = true;
    if (willReopen) this.open();
    onStatus();
  }

  closedByRelay({ reason, explanation }: Extract<DocumentMessage, { type: 'document-closed' }>): void {
    const { host, scheduler, isListed, onStatus, report } = this.options;
    this.close();
    const nowMs = scheduler.elapsedMs();
    if (nowMs - this.quickReopensSinceMs > QUICK_REOPENS_WITHIN_MS) {
      this.quickReopens = 0;
      this.quickReopensSinceMs = nowMs;
    }
    if (reason === 'reopen' && this.quickReopens < MAX_QUICK_REOPENS) {
      this.quickReopens++;
      this.open();
      return;
    }
    this.isForbidden = reason === 'forbidden';
    if (reason !== 'reopen' && !this.isForbidden)
      report('document-closed', `"${host.name}" is not available: ${explanation}`);
    // The list of another node may have come here before the relay's own.
    if (!this.isForbidden || isListed()) {
      const delayMs = reason === 'too-many-documents' ? this.nextCrowdedDelay() : REOPEN_DELAY_MS;
      this.reopening.value = scheduler.schedule(() => this.open(), delayMs);
    }
    onStatus();
  }

  private nextCrowdedDelay(): number {
    const delayMs = this.crowdedDelayMs;
    this.crowdedDelayMs = Math.min(2 * delayMs, LONGEST_REOPEN_DELAY_MS);
    return delayMs;
  }

  /** Tells the relay, if it is there, that the document is not wanted any more. */
  dispose(): void {
    this.isDisposed = true;
    this.channel.value?.close();
    this.channel.dispose();
    this.reopening.dispose();
  }

  private open(): void {
    if (!this.currentWire || !this.isAllowed || this.isDisposed || this.channel.value) return;
    const { host, scheduler, random } = this.options;
    this.isForbidden = false;
    this.reopening.value = undefined;
    this.channel.value = new DocumentChannel(host, this.currentWire, scheduler, random);
  }

  private close(): void {
    this.reopening.value = undefined;
    this.channel.value = undefined;
    this.options.onClosed();
  }
}
