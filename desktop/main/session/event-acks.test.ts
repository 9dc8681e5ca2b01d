import { expect, it } from 'vitest';
import type { EventSpan } from '../../../shared/sync/administration/index.ts';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { EventAcks } from './event-acks.ts';
import { createEvent, joinSpans, type KnownEvent } from './known-event.ts';

interface Noted {
  lastEdit: number;
  span: EventSpan | undefined;
  isAcked: boolean;
}

/** Looks at all events with each ack. */
class Model {
  readonly events = new Map<KnownEvent, Map<string, Noted>>();

  notice(span: EventSpan, firstUnacked: number): readonly KnownEvent[] {
    const complete: KnownEvent[] = [];
    for (const [event, documents] of this.events) {
      const noted = documents.get(span.document);
      if (!noted || noted.isAcked) continue;
      noted.span = joinSpans(noted.span, span);
      noted.isAcked = firstUnacked > noted.lastEdit;
      if ([...documents.values()].every(({ isAcked }) => isAcked)) complete.push(event);
    }
    return complete;
  }
}

it('knows where edits are, whatever is touched, acked, copied and dropped', () => {
  const { below, chance, pick } = createSeededRandom(5);
  for (let run = 0; run < 30; run++) {
    const [model, told] = [new Model(), new Map<KnownEvent, Map<string, EventSpan>>()];
    const acks = new EventAcks((event, span) =>
      told.set(event, (told.get(event) ?? new Map<string, EventSpan>()).set(span.document, span)),
    );
    const edits = new Map<string, number>();
    let epoch = 1;
    for (let step = 1; step < 80; step++) {
      const document = pick(['a', 'b', 'index']);
      const known = [...model.events.keys()];
      const event = known.length === 0 || chance(0.2) ? createEvent() : pick(known);
      const documents = model.events.get(event) ?? new Map<string, Noted>();
      model.events.set(event, documents);
      const lastEdit = chance(0.05) ? 1 : (edits.get(document) ?? 0) + 1;
      const before = documents.get(document);
      if (chance(0.4)) {
        edits.set(document, lastEdit);
        acks.touch(event, document, lastEdit);
        documents.set(document, { lastEdit, span: before?.span, isAcked: false });
      } else if (chance(0.1) && before) {
        const [copy, touched] = [createEvent(), event.documents.get(document)];
        if (touched) acks.copy(copy, document, touched);
        model.events.set(copy, new Map([[document, { ...before }]]));
      } else if (chance(0.1)) {
        acks.drop(event);
        model.events.delete(event);
        told.delete(event);
      } else {
        if (chance(0.05)) epoch++;
        const span = { document, epoch: `e${epoch}`, fromSeq: step * 2, toSeq: step * 2 + below(2) };
        const firstUnacked = below(lastEdit + 3);
        const { document: _, ...where } = span;
        const complete = acks.notice({ document, ...where, firstUnacked });
        expect(new Set(complete)).toEqual(new Set(model.notice(span, firstUnacked)));
      }
      const states = [...model.events].map(([one, noted]) => [...noted.keys()].map((name) => one.documents.get(name)));
      const expected = [...model.events.values()].map((noted) => [...noted.values()]);
      // Of the others, some is known to those that it is shared with alone.
      const comparable = (documents: readonly (readonly (Noted | undefined)[])[]) =>
        documents.map((noted) => noted.map((one) => (one?.isAcked ? one : [one?.lastEdit])));
      expect(comparable(states)).toEqual(comparable(expected));
      for (const [one, noted] of model.events) {
        const done = [...noted].filter(([, { isAcked }]) => isAcked);
        if (one.unackedDocuments !== noted.size - done.length) throw new Error('counted wrongly');
        const isTold = done.every(([name, { span }]) => {
          const said = told.get(one)?.get(name);
          return !said || (said.fromSeq === span?.fromSeq && said.toSeq === span.toSeq);
        });
        if (!isTold) throw new Error('told wrongly');
      }
    }
  }
});
