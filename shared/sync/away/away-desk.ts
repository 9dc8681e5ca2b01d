import type * as Y from 'yjs';
import { applyTextEdits, CONTENT_TEXT, diskEdits, rebaseEdits, type TextEdit } from '../../workspace/index.ts';
import type { Scheduler } from '../../lifecycle/index.ts';
import { mayWrite } from '../connection-state.ts';
import type { DocumentReplica } from '../document-replica.ts';
import type { DocumentLease } from '../open-documents.ts';
import type { AwayLedger } from './away-ledger.ts';
import type { AuthoredRange, AwayAction, AwaySide, AwayTexts } from './away-summary.ts';
import { type ChangeAuthors, rangesOf } from './change-authors.ts';

/** Origin of edits that take something back. */
const AWAY_ORIGIN = Symbol('taken back after an absence');
/** So long a text may take to come from the relay. */
const READ_TIMEOUT_MS = 10_000;
/** Runs of edits that are asked for at most, for one text. */
const MAX_PAGES = 8;

const GONE = 'This file is not in the list any more: it was settled, perhaps in another window.';
const NO_TEXTS = 'What changed in this file is not kept on this device: it is too large, or was never here.';
const NOT_HERE =
  'The text of this file is not on this device yet, and the relay does not answer. Try again once you are online.';
const READ_ONLY = 'You can only read this file now, so nothing can be undone in it.';
const NOTHING = 'There is nothing left to undo in this file.';

export interface AwayDeskOptions {
  readonly ledger: AwayLedger;
  readonly scheduler: Scheduler;
  /** Resolves when what open documents have told by now is in the ledger. */
  readonly whenTaken: () => Promise<void>;
  readonly open: (name: string) => DocumentLease;
  readonly authors: ChangeAuthors | undefined;
  /** The person, as far as the relay has told. */
  readonly self: () => string | undefined;
}

export type TextsAnswer =
  | { readonly ok: true; readonly value: AwayTexts }
  | { readonly ok: false; readonly explanation: string };

/** Answers what people ask about an absence, and takes back what they want to have back. */
export class AwayDesk {
  private readonly options: AwayDeskOptions;

  constructor(options: AwayDeskOptions) {
    this.options = options;
  }

  /** Rejects with OfflineStoreError. */
  async readTexts(fileId: string): Promise<TextsAnswer> {
    const { ledger } = this.options;
    const change = ledger.get(fileId);
    if (!change) return { ok: false, explanation: GONE };
    return this.withLease(fileId, async (lease): Promise<TextsAnswer> => {
      // With the text comes what has changed in it.
      if (change.text === 'unread' && !(await this.whenRead(lease.replica)))
        return { ok: false, explanation: NOT_HERE };
      const layers = await ledger.readLayers(fileId);
      if (!layers) return { ok: false, explanation: NO_TEXTS };
      const authors = await this.findAuthors(fileId, lease);
      const { base, merged } = layers;
      const [mine, theirs] = [layers.only('mine'), layers.only('theirs')];
      return { ok: true, value: { base, mine, theirs, merged, now: textOf(lease).toString(), authors } };
    });
  }

  /** Gives why it could not be done; undefined when it was. Rejects with OfflineStoreError. */
  async act(fileId: string, action: AwayAction): Promise<string | undefined> {
    const { ledger } = this.options;
    if (!ledger.get(fileId)) return GONE;
    return this.withLease(fileId, async (lease) => {
      const { access } = lease.replica;
      if (access !== 'unknown' && !mayWrite(access)) return READ_ONLY;
      if (action === 'restore-undone') return this.restore(fileId, lease);
      return this.undo(fileId, lease, action === 'undo-theirs' ? 'theirs' : 'mine');
    });
  }

  private async undo(fileId: string, lease: DocumentLease, side: AwaySide): Promise<string | undefined> {
    const { ledger } = this.options;
    const layers = await ledger.readLayers(fileId);
    if (!layers) return NO_TEXTS;
    if (ledger.get(fileId)?.undone !== undefined) return 'Restore first what you have undone in this file.';
    const before = textOf(lease).toString();
    const after = edit(lease.replica.doc, rebaseEdits(layers.merged, before, layers.editsWithout(side)));
    if (after === before) return NOTHING;
    ledger.setUndone(fileId, { side, before, after });
    return undefined;
  }

  private async restore(fileId: string, lease: DocumentLease): Promise<string | undefined> {
    const { ledger } = this.options;
    const undone = await ledger.readUndone(fileId);
    if (!undone) return 'There is nothing to restore in this file.';
    const now = textOf(lease).toString();
    edit(lease.replica.doc, rebaseEdits(undone.after, now, diskEdits(undone.after, undone.before)));
    ledger.setUndone(fileId, undefined);
    return undefined;
  }

  private async findAuthors(fileId: string, lease: DocumentLease): Promise<readonly AuthoredRange[]> {
    const { authors, ledger, self } = this.options;
    const since = ledger.get(fileId)?.since;
    if (!authors || !since) return [];
    const runs = [];
    for (let page = 0, afterSeq = since.seq; page < MAX_PAGES; page++) {
      const outcome = await authors.read({ document: fileId, epoch: since.epoch, afterSeq });
      // Colours are a help, no more: the texts are shown without them.
      if (!outcome.ok) break;
      runs.push(...outcome.value.changes);
      if (!outcome.value.isCut || outcome.value.throughSeq <= afterSeq) break;
      afterSeq = outcome.value.throughSeq;
    }
    return rangesOf(textOf(lease), runs, self());
  }

  /** Gives false when the text does not come from the relay in time. */
  private async whenRead(replica: DocumentReplica): Promise<boolean> {
    const { scheduler, whenTaken } = this.options;
    const isRead = await new Promise<boolean>((resolve) => {
      const timer = scheduler.schedule(() => resolve(false), READ_TIMEOUT_MS);
      void replica.whenSynced.then(() => {
        timer.dispose();
        resolve(true);
      });
    });
    await whenTaken();
    return isRead;
  }

  /** The replica of the lease may be another one after each wait. */
  private async withLease<T>(fileId: string, task: (lease: DocumentLease) => Promise<T>): Promise<T> {
    const lease = this.options.open(fileId);
    try {
      await lease.replica.whenLoaded;
      return await task(lease);
    } finally {
      lease.dispose();
    }
  }
}

function textOf({ replica }: DocumentLease): Y.Text {
  return replica.doc.getText(CONTENT_TEXT);
}

/** Makes the edits in one transaction. Gives the text that comes of them. */
function edit(doc: Y.Doc, edits: readonly TextEdit[]): string {
  const text = doc.getText(CONTENT_TEXT);
  const expected = applyTextEdits(text.toString(), edits);
  doc.transact(() => {
    for (const { offset, deleteLength, insert } of edits.toReversed()) {
      if (deleteLength > 0) text.delete(offset, deleteLength);
      if (insert !== '') text.insert(offset, insert);
    }
  }, AWAY_ORIGIN);
  return expected;
}
