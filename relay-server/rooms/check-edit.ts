import * as Y from 'yjs';
import { type ClockRange, inspectEdit } from './inspect-update.ts';
import { KnownClocks } from './known-clocks.ts';
import { NestedTypes, type NestingVerdict } from './nested-types.ts';
import { MAX_NESTING } from './nesting.ts';

/** What becomes of an update that somebody sends. */
export type EditCheck =
  | { readonly kind: 'sound'; readonly payload: Uint8Array; readonly ranges: readonly ClockRange[] }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'rate-limited'; readonly explanation: string };

const EXPLANATIONS = {
  'too-deep': `The edit nests shared types deeper than ${MAX_NESTING} levels.`,
  contradictory: 'The edit says something else of what is in the document than was said before.',
  unplaced: 'The edit builds on others that have not come yet. It is kept here and sent again.',
} as const;

/**
 * Checks an update for a document that has `clocks` stored and is nested like `nesting`, which takes it when it is sound
 * (SPEC UP2). The payload may be less than what was sent, by something that is stored already.
 */
export function checkEdit(payload: Uint8Array, nesting: NestedTypes, clocks: KnownClocks): EditCheck {
  const inspection = inspectEdit(payload);
  if (inspection.kind === 'malformed') return refuse('malformed', inspection.explanation);
  const verdict = nesting.judge(payload);
  if (verdict === 'sound') return { kind: 'sound', payload, ranges: inspection.ranges };
  if (verdict !== 'repeated') return toRefusal(verdict);
  const rest = Y.diffUpdate(payload, clocks.encodeStateVector());
  const restInspection = inspectEdit(rest);
  if (restInspection.kind === 'malformed') return refuse('malformed', restInspection.explanation);
  const restVerdict = nesting.judge(rest);
  if (restVerdict !== 'sound') return toRefusal(restVerdict);
  return { kind: 'sound', payload: rest, ranges: restInspection.ranges };
}

/** What is wrong with an update, as far as it can be told without its document; undefined for nothing. */
export function findFaultAlone(payload: Uint8Array): string | undefined {
  const inspection = inspectEdit(payload);
  if (inspection.kind === 'malformed') return inspection.explanation;
  const isTooDeep = new NestedTypes(new KnownClocks()).judge(payload) === 'too-deep';
  return isTooDeep ? EXPLANATIONS['too-deep'] : undefined;
}

function toRefusal(verdict: Exclude<NestingVerdict, 'sound'>): EditCheck {
  if (verdict === 'too-deep' || verdict === 'contradictory') return refuse('malformed', EXPLANATIONS[verdict]);
  // What it lacks, or what it repeats, may be stored soon.
  return refuse('rate-limited', EXPLANATIONS.unplaced);
}

function refuse(reason: 'malformed' | 'rate-limited', explanation: string): EditCheck {
  return { kind: 'refused', reason, explanation };
}
