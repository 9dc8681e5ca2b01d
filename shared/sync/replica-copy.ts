import type * as Y from 'yjs';
import type { Scheduler } from '../lifecycle/index.ts';
import type { DocumentDigest } from '../protocol/index.ts';
import { isReservedDocument } from '../workspace/index.ts';
import type { AgreementHost } from './agreement.ts';
import type { DocumentChannel } from './document-channel.ts';
import type { SyncCursor } from './offline-store.ts';
import type { Outbox } from './outbox.ts';

export interface ReplicaCopyOptions {
  readonly name: string;
  readonly doc: Y.Doc;
  readonly scheduler: Scheduler;
  readonly outbox: Outbox;
  readonly channel: () => DocumentChannel | undefined;
  readonly cursor: () => SyncCursor | undefined;
  readonly isPresent: (presenceId: number) => boolean;
  readonly reopen: () => void;
}

/** A replica's copy, to be compared with those of others. */
export class ReplicaCopy implements AgreementHost {
  readonly doc: Y.Doc;
  readonly scheduler: Scheduler;
  readonly isPresent: (presenceId: number) => boolean;
  readonly reopen: () => void;
  private readonly options: ReplicaCopyOptions;

  constructor(options: ReplicaCopyOptions) {
    this.options = options;
    this.doc = options.doc;
    this.scheduler = options.scheduler;
    this.isPresent = options.isPresent;
    this.reopen = options.reopen;
  }

  get seq(): number {
    return this.options.cursor()?.seq ?? 0;
  }

  get restingSeq(): number | undefined {
    const { name, channel, outbox } = this.options;
    // Only texts are compared.
    if (isReservedDocument(name) || !channel()?.isInEpoch) return undefined;
    const { hasUnacked, refusal } = outbox.summarize();
    return hasUnacked || refusal ? undefined : this.seq;
  }

  send(digest: DocumentDigest): boolean {
    return this.options.channel()?.sayDigest(digest) ?? false;
  }
}
