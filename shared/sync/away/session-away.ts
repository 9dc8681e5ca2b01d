import type * as Y from 'yjs';
import { type Disposable, errorMessage, type Scheduler } from '../../lifecycle/index.ts';
import type { ComparedCursor, HeadsAnswer } from '../head-questions.ts';
import type { OfflineStore } from '../offline-store.ts';
import type { DocumentLease } from '../open-documents.ts';
import { AwayDesk, type TextsAnswer } from './away-desk.ts';
import type { AwayAction, AwaySummary } from './away-summary.ts';
import { AwayWatch } from './away-watch.ts';
import type { ChangeAuthors } from './change-authors.ts';
import type { PresentPeople } from './late-arrivals.ts';

export interface SessionAwayOptions {
  readonly store: OfflineStore;
  readonly scheduler: Scheduler;
  readonly authors: ChangeAuthors | undefined;
  readonly open: (name: string) => DocumentLease;
  /** The list of files, when it is open. */
  readonly indexDocument: () => Y.Doc | undefined;
  readonly compareHeads: (cursors: readonly ComparedCursor[]) => Promise<HeadsAnswer>;
  /** The others who are here. */
  readonly present: () => PresentPeople;
  /** What could not be kept; for the person. Told once. */
  readonly onProblem: (explanation: string) => void;
}

/** What happened in a room while this device was away, and what can be done about it. */
export class SessionAway implements Disposable {
  /** Is told of connections and documents by the session. */
  readonly watch: AwayWatch;
  private readonly desk: AwayDesk;
  private readonly onProblem: (explanation: string) => void;
  private hasFailed = false;

  constructor(options: SessionAwayOptions) {
    const { open, authors, scheduler } = options;
    this.onProblem = options.onProblem;
    this.watch = new AwayWatch({ ...options, onFailure: (error) => this.failed(error) });
    const { ledger, isSelf } = this.watch;
    const whenTaken = () => this.watch.whenReady;
    this.desk = new AwayDesk({ ledger, scheduler, whenTaken, open, authors, isSelf });
  }

  /** Undefined when nothing is left to be told. */
  get summary(): AwaySummary | undefined {
    return this.watch.ledger.summary;
  }

  /** Fires when `summary` may have changed. */
  onDidChange(listener: () => void): Disposable {
    return this.watch.ledger.onDidChange(listener);
  }

  /** Never rejects. */
  async readTexts(fileId: string): Promise<TextsAnswer> {
    try {
      return await this.desk.readTexts(fileId);
    } catch (error) {
      return { ok: false, explanation: errorMessage(error) };
    }
  }

  /** Gives why it could not be done; undefined when it was. Never rejects. */
  async act(fileId: string, action: AwayAction): Promise<string | undefined> {
    try {
      return await this.desk.act(fileId, action);
    } catch (error) {
      return errorMessage(error);
    }
  }

  lookedAt(fileIds: readonly string[]): void {
    this.watch.ledger.lookedAt(fileIds);
  }

  /** They are fine as they are, and need not be told any longer. */
  keep(fileIds: readonly string[]): void {
    this.watch.ledger.keep(fileIds);
  }

  /** The relay, where it is `relayMs`, has let us in as `subject`. */
  connected(subject: string, relayMs: number): void {
    this.watch.connected(subject, relayMs);
  }

  /** Resolves when everything that is known by now is kept. */
  close(): Promise<void> {
    return this.watch.close();
  }

  dispose(): void {
    this.watch.dispose();
  }

  private failed(error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.onProblem(`What others change while you are away cannot be kept on this device: ${errorMessage(error)}`);
  }
}
