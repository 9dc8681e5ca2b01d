import { Emitter } from '../../lifecycle/index.ts';
import type { RequestOutcome } from '../relay-requests.ts';
import { attempt, fail, number, optional, readList, type ReadEntry, text } from './read-records.ts';
import { RoomRequests, type RoomRequestsOptions } from './room-requests.ts';

/** Edits of one document that belong together, by their committed numbers. */
export interface EventSpan {
  readonly document: string;
  readonly epoch: string;
  readonly fromSeq: number;
  /** Inclusive. */
  readonly toSeq: number;
}

/** Many edits that were one act. */
export interface NewEvent {
  /** 16 to 64 letters, digits, - and _, drawn at random: sent again, the event is kept once. */
  readonly id: string;
  /** `bulk`: many files at once; `blob`: a file that is no text. */
  readonly kind: 'bulk' | 'blob';
  /** One line for people; what is longer than {@link MAX_EVENT_LABEL} is cut. */
  readonly label: string;
  /** For programs, at most {@link MAX_EVENT_DETAIL} characters. */
  readonly detail?: string;
  /** How many files it was about. */
  readonly files: number;
  /** By this device's clock. */
  readonly atMs: number;
  /** 1 to {@link MAX_EVENT_SPANS}. */
  readonly spans: readonly EventSpan[];
}

/** An event as the relay has it. */
export interface RoomEvent extends Omit<NewEvent, 'kind'> {
  /** Rises from event to event of the room. */
  readonly seq: number;
  /** Such as `bulk`; later relays may know others. */
  readonly kind: string;
  readonly detail: string;
  /** By the relay's clock. */
  readonly receivedMs: number;
  /** Subject of who did it. */
  readonly actor: string;
  readonly actorName: string;
}

export interface EventsPage {
  /** Newest first; there may be none although older ones follow. */
  readonly events: readonly RoomEvent[];
  /** Names the next page; undefined for the last one. */
  readonly next: number | undefined;
}

/** An event without the edits that it is made of, which can be many. */
export type LabelledEvent = Omit<RoomEvent, 'spans'>;

export interface LabelsPage {
  /** Newest first; there may be none although older ones follow. */
  readonly events: readonly LabelledEvent[];
  /** Names the next page; undefined for the last one. */
  readonly next: number | undefined;
}

/** The longest label, in characters of UTF-16. */
export const MAX_EVENT_LABEL = 200;
/** The longest detail, in characters of UTF-16. */
export const MAX_EVENT_DETAIL = 65_536;
/** An event with more edits is to be sent as several. */
export const MAX_EVENT_SPANS = 20_000;

const EVENT_GONE = 'The relay does not have this event any more: a room keeps its newest 10,000.';

const readSpan: ReadEntry<EventSpan> = (value) =>
  attempt(value, (fields) => ({
    document: text(fields, 'document'),
    epoch: text(fields, 'epoch'),
    fromSeq: number(fields, 'fromSeq'),
    toSeq: number(fields, 'toSeq'),
  }));

const readEvent: ReadEntry<RoomEvent> = (value) =>
  attempt(value, (fields) => ({
    seq: number(fields, 'seq'),
    id: text(fields, 'id'),
    kind: text(fields, 'kind'),
    label: text(fields, 'label'),
    detail: optional(fields, 'detail', text) ?? '',
    files: number(fields, 'files'),
    atMs: number(fields, 'atMs'),
    receivedMs: number(fields, 'receivedMs'),
    actor: text(fields, 'actor'),
    actorName: text(fields, 'actorName'),
    spans: readList(fields, 'spans', readSpan) ?? fail(),
  }));

const readPage: ReadEntry<EventsPage> = (value) =>
  attempt(value, (fields) => ({
    events: readList(fields, 'events', readEvent) ?? fail(),
    next: optional(fields, 'next', number),
  }));

/** The labelled events in a room's history. Nothing here throws; explanations are for the person who asked. */
export class RoomEvents {
  private readonly requests: RoomRequests;
  private readonly posted = new Emitter<void>();

  /** Fires when the relay has taken an event of this device. */
  readonly onDidPost = this.posted.event;

  constructor(options: RoomRequestsOptions) {
    this.requests = new RoomRequests(options);
  }

  /**
   * Sends an event, once all of its edits are acked. Gives its number. Sending it again, after no answer came or one that
   * is transient, is harmless; what is refused otherwise will be again.
   */
  async post({ id, kind, label, detail, files, atMs, spans }: NewEvent): Promise<RequestOutcome<number>> {
    const body = {
      id,
      kind,
      label: cutLabel(label),
      ...(detail === undefined ? {} : { detail }),
      files,
      atMs,
      spans: spans.map(({ document, epoch, fromSeq, toSeq }) => ({ document, epoch, fromSeq, toSeq })),
    };
    const read = (answer: unknown) => attempt(answer, (fields) => number(fields, 'seq'));
    const outcome = await this.requests.ask({ method: 'POST', path: 'events', body }, read);
    if (outcome.ok) this.posted.fire();
    return outcome;
  }

  /** `before` is the `next` of an earlier page. */
  list(page: { readonly before?: number | undefined; readonly limit: number }): Promise<RequestOutcome<EventsPage>> {
    const before = page.before === undefined ? '' : `before=${page.before}&`;
    return this.requests.ask({ path: `events?${before}limit=${page.limit}` }, readPage);
  }

  /** {@link list} for people to read. */
  async listLabels(page: Parameters<RoomEvents['list']>[0]): Promise<RequestOutcome<LabelsPage>> {
    const outcome = await this.list(page);
    if (!outcome.ok) return outcome;
    return { ok: true, value: { events: outcome.value.events.map(withoutSpans), next: outcome.value.next } };
  }

  /** The names of the documents that an event changed, each once. */
  async listDocuments(seq: number): Promise<RequestOutcome<readonly string[]>> {
    const outcome = await this.list({ before: seq + 1, limit: 1 });
    if (!outcome.ok) return outcome;
    const event = outcome.value.events.find((listed) => listed.seq === seq);
    if (!event) return { ok: false, explanation: EVENT_GONE, isTransient: false };
    return { ok: true, value: [...new Set(event.spans.map(({ document }) => document))] };
  }
}

function withoutSpans(event: RoomEvent): LabelledEvent {
  const { seq, id, kind, label, detail, files, atMs, receivedMs, actor, actorName } = event;
  return { seq, id, kind, label, detail, files, atMs, receivedMs, actor, actorName };
}

function cutLabel(label: string): string {
  // Not within a pair of surrogates.
  return label.length > MAX_EVENT_LABEL ? label.slice(0, MAX_EVENT_LABEL).replace(/[\uD800-\uDBFF]$/, '') : label;
}
