import { LogFailure } from '../log/log-failure.ts';
import type { DocumentHead, DocumentKey, UpdateLog } from '../log/update-log.ts';

/** Which epoch one document is in. Until the log has one, it is made up here, and other nodes make up others. */
export class DocumentEpoch {
  private readonly key: DocumentKey;
  private readonly log: Pick<UpdateLog, 'settleEpoch'>;
  private name: string;
  private isLogged = false;
  private settling: Promise<DocumentHead> | undefined;

  constructor(key: DocumentKey, log: Pick<UpdateLog, 'settleEpoch'>, madeUp: string) {
    this.key = key;
    this.log = log;
    this.name = madeUp;
  }

  get current(): string {
    return this.name;
  }

  /** Whether the log has it, so that it is the same on every node. */
  get isSettled(): boolean {
    return this.isLogged;
  }

  /** Takes what the log says; undefined when it has none. */
  noteLogged(epoch: string | undefined): void {
    this.isLogged = epoch !== undefined;
    this.name = epoch ?? this.name;
  }

  /** Another epoch has begun; whether the log has it is not known. */
  begin(epoch: string): void {
    this.name = epoch;
    this.isLogged = false;
  }

  /**
   * Lets the log keep the epoch, unless it has one. Gives where the document stands there; undefined when that was not
   * asked. Rejects with a {@link LogFailure}.
   */
  async settle(): Promise<DocumentHead | undefined> {
    if (this.isLogged) return undefined;
    this.settling ??= this.log.settleEpoch(this.key, this.name).finally(() => {
      this.settling = undefined;
    });
    try {
      return await this.settling;
    } catch (error) {
      // It can be read all the same; edits are refused for that reason.
      if (error instanceof LogFailure && error.code === 'full') return undefined;
      throw error;
    }
  }
}
