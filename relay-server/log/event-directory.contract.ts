import { describe, expect, it } from 'vitest';
import type { AddedEvent, EventDirectory, NewRoomEvent } from './event-directory.ts';

const ROOM = { tenant: 't', room: 'r' };
const BOUNDS = { maxEvents: 100, maxBytes: 1024 * 1024 };
const EVENT: NewRoomEvent = {
  eventId: 'one',
  kind: 'bulk',
  label: 'Switched to branch “main”',
  detail: '{"a": 1}',
  files: 2,
  atMs: 1_700_000_000_000,
  receivedMs: 1_700_000_000_500,
  actor: 'ana',
  actorName: 'Ana',
  spans: [
    { document: 'a', epoch: 'e', fromSeq: 3, toSeq: 3 },
    { document: 'b', epoch: 'f', fromSeq: 1, toSeq: 2 ** 40 },
  ],
};
const PAGE = { limit: 100, maxBytes: Number.MAX_SAFE_INTEGER };

/** Events that were made at once, by their ids. */
function eventsOf(...eventIds: readonly string[]): readonly NewRoomEvent[] {
  return eventIds.map((eventId) => ({ ...EVENT, eventId }));
}

/**
 * What every {@link EventDirectory} must do. `open` gives two nodes on one empty database, closed by the test's own
 * hooks.
 */
export function describeEventDirectory(
  name: string,
  open: () => readonly [EventDirectory, EventDirectory] | Promise<readonly [EventDirectory, EventDirectory]>,
): void {
  async function addAll(events: EventDirectory, added: readonly NewRoomEvent[], bounds = BOUNDS) {
    const outcomes: AddedEvent[] = [];
    for (const event of added) outcomes.push(await events.addEvent(ROOM, event, bounds));
    return outcomes;
  }

  const idsOf = async (events: EventDirectory, page = {}) =>
    (await events.listEvents(ROOM, { ...PAGE, ...page })).map(({ eventId }) => eventId);

  describe(`event directory: ${name}`, () => {
    it('gives events back as they were, newest first, and none of another room', async () => {
      const [events] = await open();
      const later = { ...EVENT, eventId: 'two', kind: 'of a later relay', label: '', spans: [], actor: 'ben' };
      await addAll(events, [EVENT, later]);
      await events.addEvent({ ...ROOM, room: 'other' }, { ...EVENT, label: 'elsewhere' }, BOUNDS);
      await events.addEvent({ ...ROOM, tenant: 'other' }, { ...EVENT, label: 'elsewhere' }, BOUNDS);
      expect(await events.listEvents(ROOM, PAGE)).toEqual([
        { ...later, seq: 2 },
        { ...EVENT, seq: 1 },
      ]);
      expect(await events.listEvents({ ...ROOM, room: 'empty' }, PAGE)).toEqual([]);
    });

    it('takes an event once, however often and on whatever node it is sent', async () => {
      const [one, two] = await open();
      const outcomes = await Promise.all(
        [one, two, one, two].map((events) => events.addEvent(ROOM, { ...EVENT, receivedMs: 7 }, BOUNDS)),
      );
      expect(outcomes.map((outcome) => outcome.kind === 'kept' && outcome.seq)).toEqual([1, 1, 1, 1]);
      expect(outcomes.filter((outcome) => outcome.kind === 'kept' && outcome.isNew)).toHaveLength(1);
      expect(await two.addEvent(ROOM, { ...EVENT, actor: 'eve', label: 'mine' }, BOUNDS)).toEqual({ kind: 'taken' });
      expect(await one.listEvents(ROOM, PAGE)).toEqual([{ ...EVENT, receivedMs: 7, seq: 1 }]);
    });

    it('numbers what comes at once without a gap', async () => {
      const nodes = await open();
      const ids = Array.from({ length: 20 }, (_, index) => `id-${index}`);
      await Promise.all(
        eventsOf(...ids).map((event, index) => nodes[index % 2 === 0 ? 0 : 1].addEvent(ROOM, event, BOUNDS)),
      );
      const listed = await nodes[0].listEvents(ROOM, PAGE);
      expect(listed.map(({ seq }) => seq)).toEqual(ids.map((_, index) => 20 - index));
      expect(listed.map(({ eventId }) => eventId).toSorted()).toEqual(ids.toSorted());
    });

    it('gives pages by number and size', async () => {
      const [events] = await open();
      await addAll(events, eventsOf('a', 'b', 'c', 'd'));
      expect(await idsOf(events, { limit: 2 })).toEqual(['d', 'c']);
      expect(await idsOf(events, { beforeSeq: 3 })).toEqual(['b', 'a']);
      expect(await idsOf(events, { beforeSeq: 3, limit: 1 })).toEqual(['b']);
      expect(await idsOf(events, { maxBytes: 1 })).toEqual(['d']);
      expect(await idsOf(events, { maxBytes: 600 })).toEqual(['d', 'c']);
      expect(await idsOf(events, { beforeSeq: 1 })).toEqual([]);
    });

    it('lets the oldest go for more than there may be, and never uses a number again', async () => {
      const [events, other] = await open();
      const bounds = { ...BOUNDS, maxEvents: 2 };
      await addAll(events, eventsOf('a', 'b', 'c', 'd'), bounds);
      expect(await idsOf(other)).toEqual(['d', 'c']);
      expect(await addAll(other, eventsOf('a'), bounds)).toEqual([{ kind: 'kept', seq: 5, isNew: true }]);
      expect(await idsOf(events)).toEqual(['a', 'd']);
      await events.addEvent({ ...ROOM, room: 'other' }, EVENT, bounds);
      expect(await idsOf(events)).toEqual(['a', 'd']);
    });

    it('lets as many of the oldest go as a large one needs, and keeps that one whatever its size', async () => {
      const [events] = await open();
      const bounds = { ...BOUNDS, maxBytes: 4_000 };
      await addAll(events, eventsOf('a', 'b', 'c', 'd', 'e'), bounds);
      expect(await idsOf(events)).toEqual(['e', 'd', 'c', 'b', 'a']);
      const span = { document: 'a', epoch: 'e', fromSeq: 1, toSeq: 1 };
      const large = (eventId: string, count: number) => ({
        ...EVENT,
        eventId,
        spans: Array.from({ length: count }, () => span),
      });
      await addAll(events, [large('f', 100)], bounds);
      expect(await idsOf(events)).toEqual(['f', 'e', 'd', 'c']);
      await addAll(events, [large('g', 1_000)], bounds);
      expect(await idsOf(events)).toEqual(['g']);
      await addAll(events, eventsOf('h'), bounds);
      expect(await idsOf(events)).toEqual(['h']);
    });
  });
}
