import type * as Y from 'yjs';
import {
  type Disposable,
  DisposableStore,
  Emitter,
  reportUnexpectedError,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import { deleteContent, OBJECT_REPLACEMENT, readContent } from '../../../shared/workspace/index.ts';
import { CaretTracking } from './caret-tracking.ts';
import { differenceBetween, toModelEdits, toModelText } from './model-edits.ts';
import { editor } from './monaco.ts';
import {
  composeDeltas,
  positionAfter,
  positionBefore,
  replaceDelta,
  transformDelta,
  type TextDelta,
} from './text-delta.ts';
import { TextFeed, type TextFollower } from './text-feed.ts';

export interface TextBindingOptions {
  /** The binding forces LF on it and fills it with the text. The caller keeps owning it. */
  readonly model: editor.ITextModel;
  /** Must be part of a document whose content has been loaded. */
  readonly text: Y.Text;
  /** Whether this person may change the text; without it the binding does not remove foreign carriage returns. */
  readonly canWrite?: () => boolean;
}

/** The origin of the transactions that turn a foreign CRLF into LF. They are nobody's to undo. */
export const LINE_ENDING_NORMALISATION = Symbol('line ending normalisation');

const NOTHING: TextDelta = [];
const LONE_SURROGATE = /\p{Surrogate}/gu;
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Keeps a Monaco model and a `Y.Text` identical, both ways and at once. Made by {@link bindText}.
 *
 * The model may lag behind the text: while somebody holds it, and while a change of the model has not been announced yet.
 * What it lags by is kept as one delta, and everything that crosses is transformed against it.
 */
export class TextBinding implements Disposable, TextFollower {
  readonly model: editor.ITextModel;
  readonly text: Y.Text;
  private readonly canWrite: () => boolean;
  private readonly feed: TextFeed;
  private readonly carets: CaretTracking;
  private readonly disposables = new DisposableStore();
  private readonly willWrite = this.disposables.add(new Emitter<readonly editor.IModelContentChange[]>());
  private readonly didTakeIn = this.disposables.add(new Emitter<void>());
  /** Fires before a local edit is written into the text, while the text is still as it was before the edit. */
  readonly onWillWrite = this.willWrite.event;
  /** Fires after changes from elsewhere have been applied to the model. */
  readonly onDidTakeIn = this.didTakeIn.event;
  private lag: TextDelta = NOTHING;
  private isLost = false;
  private holdCount = 0;
  private seenVersion: number;
  private ownEditVersion: number | undefined;
  private hasForeignLineEnding = false;
  /** There may be something in the text that is no text, or was. */
  private hasObjects = false;
  private isOffsetUnknown = false;
  private readonly earlyEvents = new Map<number, editor.IModelContentChangedEvent>();

  constructor({ model, text, canWrite = () => true }: TextBindingOptions) {
    this.model = model;
    this.text = text;
    this.canWrite = canWrite;
    this.feed = TextFeed.of(text);
    this.carets = CaretTracking.of(model);
    model.setEOL(editor.EndOfLineSequence.LF);
    this.seenVersion = model.getVersionId();
    this.removeCarriageReturns();
    this.disposables.add(this.feed.follow(this));
    this.disposables.add(model.onDidChangeContent((event) => this.handleModelChange(event)));
    this.disposables.add(model.onWillDispose(() => this.dispose()));
    this.isLost = true;
    this.settle();
  }

  /** The version of the model up to which its changes are in the text. */
  get writtenVersion(): number {
    return this.seenVersion;
  }

  /** Keeps changes from elsewhere out of the model until disposed. Local edits go on being written. */
  hold(): Disposable {
    this.holdCount += 1;
    return toDisposable(() => {
      this.holdCount -= 1;
      this.settle();
    });
  }

  /** Where an offset of the model, as of {@link writtenVersion}, is in the text. */
  toTextIndex(modelOffset: number): number {
    this.feed.catchUp();
    return Math.min(positionAfter(this.lag, modelOffset), this.text.length);
  }

  /** Where an index of the text is in the model. */
  toModelOffset(textIndex: number): number {
    this.feed.catchUp();
    return positionBefore(this.lag, textIndex);
  }

  receive(delta: TextDelta): void {
    this.lag = this.lag.length === 0 ? delta : composeDeltas(this.lag, delta);
    for (const step of delta) {
      if (step.kind !== 'insert') continue;
      this.hasForeignLineEnding ||= step.text.includes('\r');
      this.hasObjects ||= step.text.includes(OBJECT_REPLACEMENT);
    }
  }

  lose(): void {
    this.isLost = true;
  }

  settle(): void {
    if (this.disposables.isDisposed || !this.isAtRest || this.holdCount > 0) return;
    if (this.isLost) {
      this.takeWholeText();
    } else if (this.lag.length > 0) {
      this.takeIn(toModelEdits(this.model, this.lag));
    }
    if (this.hasForeignLineEnding) this.removeCarriageReturns();
  }

  /** The last line of defence: whatever went wrong, the text wins and the model is mended. */
  check(): void {
    if (this.disposables.isDisposed || !this.isAtRest || this.lag.length > 0 || this.isLost || this.isOffsetUnknown)
      return;
    if (this.model.getValueLength() === this.text.length) return;
    this.lose();
    this.settle();
    reportUnexpectedError(
      new Error(`The editor and the shared text of ${this.model.uri.path} differed; the editor was corrected.`),
    );
  }

  dispose(): void {
    this.disposables.dispose();
  }

  /** Whether the model has no change that this binding does not know of. */
  private get isAtRest(): boolean {
    return this.ownEditVersion === undefined && this.seenVersion === this.model.getVersionId();
  }

  private takeIn(edits: editor.IIdentifiedSingleEditOperation[]): void {
    this.lag = NOTHING;
    this.carets.prepareForeignEdit();
    this.editModel(() => this.model.applyEdits(edits));
    this.didTakeIn.fire();
  }

  private takeWholeText(): void {
    this.feed.catchUp();
    this.isLost = false;
    this.lag = NOTHING;
    const target = toModelText(readContent(this.text));
    this.hasObjects = target.includes(OBJECT_REPLACEMENT);
    const current = this.model.getValue();
    if (current === target) return;
    if (current === '') {
      // Quicker for a long text. It swallows one byte order mark.
      const isMarked = target.startsWith(BYTE_ORDER_MARK);
      this.editModel(() => this.model.setValue(isMarked ? BYTE_ORDER_MARK + target : target));
      this.didTakeIn.fire();
    } else {
      const { offset, deleteLength, text } = differenceBetween(current, target);
      this.takeIn(toModelEdits(this.model, replaceDelta(offset, deleteLength, text)));
    }
  }

  /** Runs an edit whose event, and only that, is to be ignored. */
  private editModel(edit: () => void): void {
    const before = this.model.getVersionId();
    this.ownEditVersion = before + 1;
    try {
      edit();
    } catch (error) {
      this.lose();
      throw error;
    } finally {
      if (this.model.getVersionId() === before) this.ownEditVersion = undefined;
    }
  }

  private handleModelChange(event: editor.IModelContentChangedEvent): void {
    const firstVersion = event.versionId - event.detailedReasonsChangeLengths.length + 1;
    if (firstVersion > this.seenVersion + 1) {
      // Listeners that edit inside an announcement make Monaco announce later edits first.
      this.earlyEvents.set(firstVersion, event);
      queueMicrotask(() => this.giveUpOnMissingEvents());
      return;
    }
    this.take(event);
    for (;;) {
      const next = this.earlyEvents.get(this.seenVersion + 1);
      if (!next) break;
      this.earlyEvents.delete(this.seenVersion + 1);
      this.take(next);
    }
    if (!this.isAtRest) return;
    if (this.model.getEOL() !== '\n') this.model.setEOL(editor.EndOfLineSequence.LF);
    else if (this.isOffsetUnknown) this.writeDifference();
    this.settle();
  }

  private take(event: editor.IModelContentChangedEvent): void {
    let changes = event.changes;
    if (this.ownEditVersion !== undefined && event.versionId >= this.ownEditVersion) {
      // An edit made by a listener while ours was still being announced comes in the same event, after ours.
      const isOnlyOurs = event.versionId === this.ownEditVersion;
      changes = isOnlyOurs ? [] : event.changes.slice(event.detailedReasonsChangeLengths[0] ?? 0);
      this.ownEditVersion = undefined;
    }
    if (changes.length > 0 && !event.isEolChange) {
      this.willWrite.fire(changes);
      // A listener that edited the model while it had CRLF used offsets that do not fit the text.
      this.isOffsetUnknown ||= event.eol !== '\n' && !event.isFlush;
      if (!this.isOffsetUnknown) this.write(changes);
    }
    this.seenVersion = event.versionId;
  }

  private giveUpOnMissingEvents(): void {
    if (this.disposables.isDisposed || this.earlyEvents.size === 0) return;
    this.earlyEvents.clear();
    this.ownEditVersion = undefined;
    this.seenVersion = this.model.getVersionId();
    this.writeDifference();
    this.settle();
  }

  private write(changes: readonly editor.IModelContentChange[]): void {
    this.feed.catchUp();
    this.feed.write(this, () => {
      // Monaco orders changes from the end to the beginning, and those of later edits after those of earlier ones.
      for (const change of changes) this.writeChange(change);
    });
  }

  private writeChange({ rangeOffset, rangeLength, text }: editor.IModelContentChange): void {
    const lines = text.includes('\r') ? text.replaceAll('\r\n', '\n').replaceAll('\r', '\n') : text;
    // A lone surrogate does not survive encoding: the model has to show what everybody else will see.
    const inserted = lines.replace(LONE_SURROGATE, '\uFFFD');
    if (inserted !== lines) this.lose();
    if (this.lag.length === 0) {
      this.replaceInText(rangeOffset, rangeLength, inserted);
      return;
    }
    const local = replaceDelta(rangeOffset, rangeLength, inserted);
    const rebased = transformDelta(local, this.lag, true);
    this.lag = transformDelta(this.lag, local, false);
    let index = 0;
    for (const step of rebased) {
      if (step.kind === 'retain') {
        index += step.length;
      } else if (step.kind === 'delete') {
        this.deleteInText(index, step.length);
      } else {
        this.text.insert(index, step.text);
        index += step.text.length;
      }
    }
  }

  private replaceInText(index: number, deleteLength: number, inserted: string): void {
    if (deleteLength > 0 && inserted.length > 0 && deleteLength === this.text.length) {
      // The whole text was set anew: keep what is the same, with everybody's cursors and edits in it.
      const difference = differenceBetween(readContent(this.text), inserted);
      if (difference.deleteLength > 0) this.deleteInText(difference.offset, difference.deleteLength);
      if (difference.text.length > 0) this.text.insert(difference.offset, difference.text);
      return;
    }
    if (deleteLength > 0) this.deleteInText(index, deleteLength);
    if (inserted.length > 0) this.text.insert(index, inserted);
  }

  private deleteInText(index: number, length: number): void {
    if (!this.hasObjects) this.text.delete(index, length);
    // What cannot be deleted comes back into the model.
    else if (deleteContent(this.text, index, length) < length) this.lose();
  }

  private writeDifference(): void {
    this.feed.catchUp();
    this.isOffsetUnknown = false;
    if (this.lag.length > 0 || this.isLost) {
      this.lose();
      return;
    }
    const { offset, deleteLength, text } = differenceBetween(readContent(this.text), this.model.getValue());
    this.feed.write(this, () => this.replaceInText(offset, deleteLength, text));
  }

  private removeCarriageReturns(): void {
    this.hasForeignLineEnding = false;
    const content = readContent(this.text);
    if (!content.includes('\r\n') || !this.canWrite()) return;
    this.text.doc?.transact(() => {
      for (let index = content.lastIndexOf('\r\n'); index >= 0; index = content.lastIndexOf('\r\n', index - 1)) {
        this.text.delete(index, 1);
        if (index === 0) break;
      }
    }, LINE_ENDING_NORMALISATION);
  }
}

/**
 * Keeps `model` identical to `text` until the result or the model is disposed.
 * Several editors may show the model, and several models may be bound to one text.
 */
export function bindText(options: TextBindingOptions): TextBinding {
  return new TextBinding(options);
}
