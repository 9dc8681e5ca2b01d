import { documentAccess, matchesPaths } from '../../shared/access/index.ts';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { cleanText } from '../access/clean-text.ts';
import type { RoomGrant, Standing } from '../access/room-grant.ts';
import type { AccessKey } from '../log/access-directory.ts';
import type { EventBounds, EventDirectory, EventSpan, NewRoomEvent, RoomEvent } from '../log/event-directory.ts';
import { PATH_VIEW } from '../rooms/subscription.ts';

/** What an event can be. */
export const EVENT_KINDS = ['bulk', 'blob'] as const;
/** The longest label of an event, in code points. */
export const MAX_EVENT_LABEL = 200;

export interface RoomEventsOptions {
  readonly events: EventDirectory;
  readonly scheduler: Scheduler;
  /** Where the files lie whose texts are documents of the room. Rejects with a `LogFailure`. */
  readonly readFilePaths: (key: AccessKey) => Promise<ReadonlyMap<string, string>>;
}

/** Somebody who is in the room. */
export interface EventReader {
  readonly grant: RoomGrant;
  readonly standing: Standing;
}

export type SentEvent = Pick<NewRoomEvent, 'eventId' | 'label' | 'detail' | 'files' | 'atMs' | 'spans'> & {
  readonly kind: (typeof EVENT_KINDS)[number];
};

export type PostedEvent =
  | { readonly kind: 'kept'; readonly seq: number; readonly isNew: boolean }
  | { readonly kind: 'refused'; readonly reason: 'blank' | 'read-only' | 'taken'; readonly explanation: string };

export interface ListedEvents {
  readonly events: readonly RoomEvent[];
  /** Older events are below it; undefined when there are none. */
  readonly next: number | undefined;
}

const BOUNDS: EventBounds = { maxEvents: 10_000, maxBytes: 64 * 1024 * 1024 };
/** As stored; an answer has several times as many. */
const PAGE_BYTES = 1024 * 1024;
const FILE = 'file';

/** The labelled events in the history of rooms: many edits that were one act. */
export class RoomEvents {
  private readonly options: RoomEventsOptions;

  constructor(options: RoomEventsOptions) {
    this.options = options;
  }

  /** Rejects with a `LogFailure`. */
  async post({ grant, standing }: EventReader, sent: SentEvent): Promise<PostedEvent> {
    const { tenant, room, subject, name, paths } = grant;
    // What is labelled was taken by the relay already: that somebody presents since is no matter.
    if (documentAccess(standing.role, FILE) !== 'write')
      return refuse('read-only', 'Your role may not write files, which an event is about.');
    const label = cleanText(sent.label, MAX_EVENT_LABEL);
    if (label === '') return refuse('blank', 'The label has nothing that can be seen.');
    if (sent.spans.some(({ document }) => PATH_VIEW.test(document)))
      return refuse('read-only', 'An event cannot be about a list that the relay writes.');
    const key = { tenant, room };
    if (paths && !areWithin(sent.spans, paths, await this.options.readFilePaths(key)))
      return refuse('read-only', 'An event can be about files alone that were shared with you.');
    const receivedMs = this.options.scheduler.now();
    const event = { ...sent, label, receivedMs, actor: subject, actorName: name };
    const added = await this.options.events.addEvent(key, event, BOUNDS);
    if (added.kind === 'taken') return refuse('taken', 'Somebody else’s event has this id. Choose another one.');
    return added;
  }

  /** Newest first; those alone that are all about what the reader may see. Rejects with a `LogFailure`. */
  async list(
    { grant: { tenant, room, paths } }: Pick<EventReader, 'grant'>,
    { beforeSeq, limit }: { readonly beforeSeq: number | undefined; readonly limit: number },
  ): Promise<ListedEvents> {
    const key = { tenant, room };
    const { events, readFilePaths } = this.options;
    const page = await events.listEvents(key, { beforeSeq, limit, maxBytes: PAGE_BYTES });
    // Numbers count from 1, and the oldest ones go first.
    const lastSeq = page.at(-1)?.seq ?? 1;
    const next = lastSeq > 1 ? lastSeq : undefined;
    if (!paths || page.length === 0) return { events: page, next };
    const files = await readFilePaths(key);
    return { events: page.filter(({ spans }) => areWithin(spans, paths, files)), next };
  }
}

/** Whether all is about files at these paths, and something is. */
function areWithin(
  spans: readonly EventSpan[],
  patterns: readonly string[],
  files: ReadonlyMap<string, string>,
): boolean {
  const isWithin = ({ document }: EventSpan) => {
    const path = files.get(document);
    return path !== undefined && matchesPaths(path, patterns);
  };
  return spans.length > 0 && spans.every(isWithin);
}

function refuse(reason: Extract<PostedEvent, { kind: 'refused' }>['reason'], explanation: string): PostedEvent {
  return { kind: 'refused', reason, explanation };
}
