import * as Y from 'yjs';
import type { RelativeSelection } from '../../shared/workspace/index.ts';

/** A relative position as `JSON.stringify` writes it; editors rely on every field being there. */
export interface RelativePositionJson {
  readonly type: StructId | null;
  readonly tname: string | null;
  readonly item: StructId | null;
  readonly assoc: number;
}

interface StructId {
  readonly client: number;
  readonly clock: number;
}

const MAX_ROOT_NAME_LENGTH = 256;

/** Reads a selection that a client made up of JSON; undefined when it is none. */
export function parseSelection(value: unknown): RelativeSelection | undefined {
  if (!isRecord(value)) return undefined;
  const anchor = parsePosition(value['anchor']);
  const head = parsePosition(value['head']);
  return anchor && head ? { anchor, head } : undefined;
}

export function selectionToJson({ anchor, head }: RelativeSelection): {
  readonly anchor: RelativePositionJson;
  readonly head: RelativePositionJson;
} {
  return { anchor: positionToJson(anchor), head: positionToJson(head) };
}

function parsePosition(value: unknown): Y.RelativePosition | undefined {
  if (!isRecord(value)) return undefined;
  const { type = null, tname = null, item = null, assoc = 0 } = value;
  const typeId = parseId(type);
  const itemId = parseId(item);
  if (typeId === undefined || itemId === undefined) return undefined;
  if (tname !== null && !(typeof tname === 'string' && tname.length <= MAX_ROOT_NAME_LENGTH)) return undefined;
  if (typeof assoc !== 'number' || !Number.isInteger(assoc) || Math.abs(assoc) > 1) return undefined;
  if (typeId === null && itemId === null && tname === null) return undefined;
  return new Y.RelativePosition(typeId, tname, itemId, assoc);
}

function parseId(value: unknown): Y.ID | null | undefined {
  if (value === null) return null;
  if (!isRecord(value)) return undefined;
  const { client, clock } = value;
  return isCount(client) && isCount(clock) ? Y.createID(client, clock) : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function positionToJson({ type, tname, item, assoc }: Y.RelativePosition): RelativePositionJson {
  return { type: toId(type), tname, item: toId(item), assoc };
}

function toId(id: Y.ID | null): StructId | null {
  return id && { client: id.client, clock: id.clock };
}

/** An object of JSON, and no list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
