import type * as Y from 'yjs';
import { CONTENT_TEXT, editContent, readContent } from '../../workspace/index.ts';
import type { Scheduler } from '../../lifecycle/index.ts';
import { mayWrite } from '../connection-state.ts';
import type { DocumentReplica } from '../document-replica.ts';
import type { DocumentLease } from '../open-documents.ts';
import type { AwayLedger } from './away-ledger.ts';
import type { AuthoredRange, AwayAction, AwaySide, AwayTexts } from './away-summary.ts';
import { type ChangeAuthors, type IsSelf, rangesOf } from './change-authors.ts';
import { KnownRuns } from './known-runs.ts';
import { noteTakenBack } from './restored-copies.ts';
import { itemsOf } from './text-items.ts';
import type { TextLayers } from './text-layers.ts';

/** Origin of edits that take something back. */
const AWAY_ORIGIN = Symbol('taken back after an absence');
/** So long a text may take to come from the relay. */
const READ_TIMEOUT_MS = 10_000;

const GONE = 'This file is not in the list any more: it was settled, perhaps in another window.';
const TOO_LARGE = 'What changed in this file is not kept on this device: it is too large.';
const NEVER_HERE =
  'This file was never on this device before others changed it, so only its text of now is known here. Open the file to read it.';
const NOT_HERE =
  'The text of this file is not on this device yet, and the relay does not answer. Try again once you are online.';
const NOT_TOLD =
  'The relay does not tell now what others wrote in this file, and its text before was never on this device. Look at it again in a moment.';
const READ_ONLY = 'You can only read this file now, so nothing can be undone in it.';
const NOTHING = 'There is nothing left to undo in this file.';

export interface AwayDeskOptions {
  readonly ledger: AwayLedger;
  readonly scheduler: Scheduler;
  /** Resolves when what open documents have told by now is in the ledger. */
  readonly whenTaken: () => Promise<void>;
  readonly open: (name: string) => DocumentLease;
  readonly authors: ChangeAuthors | undefined;
  readonly isSelf: IsSelf;
}

export type TextsAnswer =
  | { readonly ok: true; readonly value: AwayTexts }
  | { readonly ok: false; readonly explanation: string };

interface FoundAuthors {
  readonly authors: readonly AuthoredRange[];
  /** The relay did not answer: there may be more. */
  readonly isUnanswered: boolean;
}

/** Answers what people ask about an absence, and takes back what they want to have back. */
export class AwayDesk {
  private readonly options: AwayDeskOptions;
  private readonly runs: KnownRuns | undefined;

  constructor(options: AwayDeskOptions) {
    this.options = options;
    this.runs = options.authors && new KnownRuns(options.authors);
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
      const found = await this.findAuthors(fileId, lease, layers);
      if (!layers) return this.readAdditions(fileId, readContent(textOf(lease)), found);
      const { authors } = found;
      const { base, merged } = layers;
      const [mine, theirs] = [layers.only('mine'), layers.only('theirs')];
      return {
        ok: true,
        value: { base, mine, theirs, merged, now: readContent(textOf(lease)), isAdditionsOnly: false, authors },
      };
    });
  }

  /** What others wrote into a text that was never here before, by what the relay tells. */
  private readAdditions(fileId: string, now: string, { authors, isUnanswered }: FoundAuthors): TextsAnswer {
    if (this.options.ledger.get(fileId)?.isWithoutBefore !== true) return { ok: false, explanation: TOO_LARGE };
    if (authors.length === 0) return { ok: false, explanation: isUnanswered ? NOT_TOLD : NEVER_HERE };
    let base = '';
    let position = 0;
    for (const { start, end } of authors) {
      base += now.slice(position, start);
      position = end;
    }
    base += now.slice(position);
    return { ok: true, value: { base, mine: base, theirs: now, merged: now, now, isAdditionsOnly: true, authors } };
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
    if (!layers) return ledger.get(fileId)?.isWithoutBefore ? NEVER_HERE : TOO_LARGE;
    if (layers.undone !== undefined) return 'Restore first what you have undone in this file.';
    return this.change(fileId, lease, layers, side) ? undefined : NOTHING;
  }

  private async restore(fileId: string, lease: DocumentLease): Promise<string | undefined> {
    const layers = await this.options.ledger.readLayers(fileId);
    if (layers?.undone === undefined) return 'There is nothing to restore in this file.';
    this.change(fileId, lease, layers, undefined);
    return undefined;
  }

  /** Takes back what one side did, or brings it back. Gives whether that is another text. */
  private change(fileId: string, lease: DocumentLease, kept: TextLayers, undone: AwaySide | undefined): boolean {
    const { ledger } = this.options;
    const text = textOf(lease);
    const { doc } = lease.replica;
    const layers = kept.follow(text);
    const edits = undone === undefined ? layers.editsRestoring() : layers.editsWithout(undone);
    if (edits.length === 0 && undone !== undefined) return false;
    const side = undone ?? kept.undone;
    const of = side === 'theirs' ? (ledger.get(fileId)?.people ?? []).map(({ subject }) => subject) : [];
    const what = undone ?? 'restored';
    const changed = doc.transact(() => {
      editContent(text, edits, AWAY_ORIGIN);
      const taken = layers.take(undone, text);
      if (edits.length > 0) noteTakenBack(doc, { what, of, copies: taken.copies });
      return taken.layers;
    }, AWAY_ORIGIN);
    ledger.setUndone(fileId, changed);
    return true;
  }

  /** What came back is of whom wrote it first, as far as `layers` know its text. */
  private async findAuthors(
    fileId: string,
    lease: DocumentLease,
    layers: TextLayers | undefined,
  ): Promise<FoundAuthors> {
    const { ledger, isSelf } = this.options;
    const since = ledger.get(fileId)?.since;
    if (!this.runs || !since) return { authors: [], isUnanswered: false };
    const { runs, isUnanswered } = await this.runs.read(fileId, since);
    const text = textOf(lease);
    return { authors: rangesOf(layers?.follow(text).items() ?? itemsOf(text), runs, isSelf), isUnanswered };
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
