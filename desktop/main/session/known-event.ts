import { randomUUID } from 'node:crypto';
import { type EventSpan, MAX_EVENT_DETAIL } from '../../../shared/sync/administration/index.ts';
import { describeReplacements, writeReplacement } from '../../../shared/sync/blobs/index.ts';
import type { EventBody } from '../store/pending-events.ts';
import type { ReplacedBlob } from '../workspace/blob-sync.ts';

/** Edits of one document that belong to an event. */
export interface TouchedDocument {
  /** The last edit that belongs to it. */
  lastEdit: number;
  /** As far as it is known; all of it once they are acked. */
  span: EventSpan | undefined;
  isAcked: boolean;
}

/** A file that was replaced, by the number of the edit that did it in the list of files. */
export interface NotedReplacement {
  readonly replaced: ReplacedBlob;
  readonly lastEdit: number;
}

/** An event that goes on, or that the relay is to be told of. */
export interface KnownEvent {
  readonly eventId: string;
  /** Rises with each that is complete; 0 while it goes on. */
  order: number;
  /** Undefined while it goes on. */
  body: EventBody | undefined;
  readonly documents: Map<string, TouchedDocument>;
  /** Of how many documents the relay does not have all edits that belong to it so far. */
  unackedDocuments: number;
  readonly fileIds: Set<string>;
  /** Contents that belong to it and are on their way to the relay, by file. */
  readonly awaited: Map<string, string>;
  readonly replacements: NotedReplacement[];
  isKept: boolean;
  /** An earlier start has begun it. */
  readonly isRestored: boolean;
  /** Contents are awaited no longer than that, by the elapsed time of the scheduler; undefined as long as edits are. */
  awaitsUntilMs: number | undefined;
}

export function createEvent(known: Partial<KnownEvent> = {}): KnownEvent {
  return {
    eventId: randomUUID(),
    order: 0,
    body: undefined,
    documents: new Map(),
    unackedDocuments: 0,
    fileIds: new Set(),
    awaited: new Map(),
    replacements: [],
    isKept: false,
    isRestored: false,
    awaitsUntilMs: undefined,
    ...known,
  };
}

/** How many files an event is about, with those whose contents are on their way. */
export function countFiles({ fileIds, awaited }: KnownEvent): number {
  return new Set([...fileIds, ...awaited.keys()]).size;
}

/** What an event of many files says of those that were replaced, and those that are too many for that. */
export function describeReplaced(replacements: readonly NotedReplacement[]): {
  readonly detail: string;
  readonly surplus: readonly NotedReplacement[];
} {
  let length = describeReplacements([]).length;
  const fits = ({ replaced }: NotedReplacement) =>
    (length += writeReplacement(replaced).length + 1) <= MAX_EVENT_DETAIL;
  const surplusFrom = replacements.findIndex((noted) => !fits(noted));
  const count = surplusFrom < 0 ? replacements.length : surplusFrom;
  const detail = describeReplacements(replacements.slice(0, count).map(({ replaced }) => replaced));
  return { detail, surplus: replacements.slice(count) };
}

/** The log of a relay that was restored begins anew: what it had before counts no more. */
export function joinSpans(known: EventSpan | undefined, next: EventSpan): EventSpan {
  if (known?.epoch !== next.epoch) return next;
  return {
    ...next,
    fromSeq: Math.min(known.fromSeq, next.fromSeq),
    toSeq: Math.max(known.toSeq, next.toSeq),
  };
}
