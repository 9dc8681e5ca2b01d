import type { EventSpan } from '../../../shared/sync/administration/index.ts';
import type { AckedEdits } from '../../../shared/sync/index.ts';
import { joinSpans, type KnownEvent, type TouchedDocument } from './known-event.ts';

/** What the relay has acked since a moment; shared by all that have waited since then. */
interface Acked {
  span: EventSpan;
  waiting: number;
}

interface Waiting {
  readonly event: KnownEvent;
  readonly touched: TouchedDocument;
  /** As it was when this began to wait: `touched` may have a later one by now. */
  readonly lastEdit: number;
}

/** What waits for acks of one document. */
interface DocumentWaits {
  /** By their last edits. */
  readonly waiting: Waiting[];
  /** Nothing was acked since these began to wait. */
  readonly fresh: Map<TouchedDocument, KnownEvent>;
  readonly acked: Set<Acked>;
}

/**
 * Where in the relay's log the edits of events are. An ack costs what waited for it, however many events wait for later
 * ones of the same document.
 */
export class EventAcks {
  private readonly byDocument = new Map<string, DocumentWaits>();
  private readonly shared = new Map<TouchedDocument, Acked>();
  private readonly onSpan: (event: KnownEvent, span: EventSpan) => void;

  /** `onSpan` is told the first that is known of where the edits of an event are in a document, and all of it. */
  constructor(onSpan: (event: KnownEvent, span: EventSpan) => void) {
    this.onSpan = onSpan;
  }

  /** The edits of a document through `lastEdit` belong to an event. */
  touch(event: KnownEvent, document: string, lastEdit: number): void {
    const known = event.documents.get(document);
    if (known?.isAcked === false) {
      known.lastEdit = lastEdit;
      this.wait(event, document, known);
    } else this.add(event, document, { lastEdit, span: known?.span, isAcked: false });
  }

  /** Another event has edits of a document that are, or are to be, where those of `other` are. */
  copy(event: KnownEvent, document: string, other: TouchedDocument): void {
    this.add(event, document, { ...other, span: this.spanOf(other) });
  }

  /** Takes an event that an earlier start has begun; `span` is undefined when its edits have not been acked. */
  restore(event: KnownEvent, document: string, span: EventSpan | undefined): void {
    this.add(event, document, { lastEdit: 0, span, isAcked: span !== undefined });
  }

  /** What becomes of the edits of an event is not wanted any more. */
  drop(event: KnownEvent): void {
    for (const [document, touched] of event.documents) {
      const waits = touched.isAcked ? undefined : this.byDocument.get(document);
      if (!waits) continue;
      const { waiting } = waits;
      touched.isAcked = true;
      waits.fresh.delete(touched);
      this.leave(touched, waits);
      let place = placeOf(touched.lastEdit, waiting);
      while (waiting[place]?.lastEdit === touched.lastEdit && waiting[place]?.touched !== touched) place++;
      if (waiting[place]?.touched === touched) waiting.splice(place, 1);
      if (waiting.length === 0) this.byDocument.delete(document);
    }
  }

  /** Gives the events of which the relay has all edits now. */
  notice({ document, firstUnacked, ...where }: AckedEdits): readonly KnownEvent[] {
    const waits = this.byDocument.get(document);
    if (!waits) return [];
    const span = { document, ...where };
    for (const acked of waits.acked) acked.span = joinSpans(acked.span, span);
    const begun = [...waits.fresh];
    waits.fresh.clear();
    const acked = { span, waiting: begun.length };
    waits.acked.add(acked);
    for (const [touched] of begun) this.shared.set(touched, acked);
    const end = placeOf(firstUnacked, waits.waiting);
    const done = waits.waiting
      .splice(0, end)
      .filter(({ touched }) => !touched.isAcked && touched.lastEdit < firstUnacked);
    const complete = done.flatMap((one) => (this.settle(one, waits) ? one.event : []));
    for (const [touched, event] of begun) {
      const known = touched.isAcked ? undefined : this.spanOf(touched);
      if (known) this.onSpan(event, known);
    }
    if (acked.waiting === 0) waits.acked.delete(acked);
    if (waits.waiting.length === 0) this.byDocument.delete(document);
    return complete;
  }

  /** Whether the relay has all edits of its event. */
  private settle({ event, touched }: Waiting, waits: DocumentWaits): boolean {
    // More than one may have waited for the same.
    if (touched.isAcked) return false;
    touched.span = this.spanOf(touched);
    touched.isAcked = true;
    event.unackedDocuments--;
    this.leave(touched, waits);
    if (touched.span) this.onSpan(event, touched.span);
    return event.unackedDocuments === 0;
  }

  private leave(touched: TouchedDocument, waits: DocumentWaits): void {
    const acked = this.shared.get(touched);
    this.shared.delete(touched);
    if (acked && --acked.waiting === 0) waits.acked.delete(acked);
  }

  private spanOf(touched: TouchedDocument): EventSpan | undefined {
    const acked = this.shared.get(touched);
    return acked ? joinSpans(touched.span, acked.span) : touched.span;
  }

  private add(event: KnownEvent, document: string, touched: TouchedDocument): void {
    event.documents.set(document, touched);
    if (touched.isAcked) return;
    event.unackedDocuments++;
    this.wait(event, document, touched).fresh.set(touched, event);
  }

  private wait(event: KnownEvent, document: string, touched: TouchedDocument): DocumentWaits {
    const waits = this.byDocument.get(document) ?? { waiting: [], fresh: new Map(), acked: new Set() };
    this.byDocument.set(document, waits);
    const { waiting } = waits;
    // Somebody saves one file again and again.
    if (waiting.at(-1)?.touched === touched) waiting.pop();
    const { lastEdit } = touched;
    waiting.splice(placeOf(lastEdit + 1, waiting), 0, { event, touched, lastEdit });
    return waits;
  }
}

/** How many have their last edit before `edit`. */
function placeOf(edit: number, waiting: readonly Waiting[]): number {
  let [low, high] = [0, waiting.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((waiting[middle]?.lastEdit ?? 0) < edit) low = middle + 1;
    else high = middle;
  }
  return low;
}
