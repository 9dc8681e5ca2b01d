import type { EventBounds, EventSpan, NewRoomEvent, RoomEvent } from './event-directory.ts';
import { LogFailure } from './log-failure.ts';

/** An event as both databases have it. */
export interface EventRow {
  readonly seq: number;
  readonly event_id: string;
  readonly kind: string;
  readonly label: string;
  readonly detail: string;
  readonly files: number;
  readonly at_ms: number;
  readonly received_ms: number;
  readonly actor: string;
  readonly actor_name: string;
  /** What it counts against the bounds. */
  readonly bytes: number;
  /** JSON, an array for each span. */
  readonly spans: string;
}

/** What a room keeps of its events, all in all. */
export interface EventCounts {
  readonly events: number;
  readonly bytes: number;
}

/** The columns besides the number and the spans. */
const ROW_BYTES = 512;
/** How many of the oldest events are looked at for {@link findSurplus}: more than one event is in the place of. */
export const MAX_SURPLUS = 4_000;

export function encodeSpans(spans: readonly EventSpan[]): string {
  return JSON.stringify(spans.map(({ document, epoch, fromSeq, toSeq }) => [document, epoch, fromSeq, toSeq]));
}

/** What an event counts against the bounds. */
export function sizeOfEvent({ label, detail }: NewRoomEvent, spans: string): number {
  return ROW_BYTES + label.length + detail.length + spans.length;
}

/** Throws a {@link LogFailure} when the spans are damaged. */
export function toEvent(row: EventRow): RoomEvent {
  return {
    seq: row.seq,
    eventId: row.event_id,
    kind: row.kind,
    label: row.label,
    detail: row.detail,
    files: row.files,
    atMs: row.at_ms,
    receivedMs: row.received_ms,
    actor: row.actor,
    actorName: row.actor_name,
    spans: decodeSpans(row),
  };
}

function decodeSpans({ seq, spans }: EventRow): readonly EventSpan[] {
  const list = parse(spans);
  if (!Array.isArray(list)) throw damaged(seq);
  return list.map((entry: unknown) => {
    const fields: readonly unknown[] = Array.isArray(entry) ? entry : [];
    const [document, epoch, fromSeq, toSeq] = fields;
    if (typeof document !== 'string' || typeof epoch !== 'string') throw damaged(seq);
    if (typeof fromSeq !== 'number' || typeof toSeq !== 'number') throw damaged(seq);
    return { document, epoch, fromSeq, toSeq };
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function damaged(seq: number): LogFailure {
  return new LogFailure('corrupted', `What the event ${seq} of a room was about cannot be read.`);
}

/** The events of a page, of which `rows` has those that there are: as many as the page's size lets in. */
export function cutPage<Row extends Pick<EventRow, 'bytes'>>(rows: Iterable<Row>, maxBytes: number): Row[] {
  const page: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    page.push(row);
    bytes += row.bytes;
    if (bytes >= maxBytes) break;
  }
  return page;
}

/**
 * Which of the oldest events have to go: all through `throughSeq`, with what there is then. Undefined when none has to.
 * The newest one always stays.
 */
export function findSurplus(
  oldest: readonly Pick<EventRow, 'seq' | 'bytes'>[],
  counts: EventCounts,
  { maxEvents, maxBytes }: EventBounds,
): (EventCounts & { readonly throughSeq: number }) | undefined {
  let { events, bytes } = counts;
  let throughSeq: number | undefined;
  for (const row of oldest) {
    if (events <= 1 || (events <= maxEvents && bytes <= maxBytes)) break;
    throughSeq = row.seq;
    events--;
    bytes -= row.bytes;
  }
  return throughSeq === undefined ? undefined : { throughSeq, events, bytes };
}
