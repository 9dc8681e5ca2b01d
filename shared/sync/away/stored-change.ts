import type { SyncCursor } from '../offline-store.ts';
import type { AwayChange, AwayPerson, ChangeSize, ListChange } from './away-summary.ts';
import { readCursor } from './draft.ts';

/** A change as it is kept: with how far the document was before. */
export interface StoredChange extends AwayChange {
  readonly since: SyncCursor | undefined;
}

/** What is told of a return beside its files. */
export interface StoredReturn {
  readonly returnNumber: number;
  readonly leftMs: number;
  readonly lastLeftMs: number;
  readonly returnedMs: number;
  readonly unlistedCount: number;
  readonly ownCount: number;
}

/** Reads a {@link StoredChange} from JSON; undefined when it is none. */
export function readChange(encoded: string): StoredChange | undefined {
  const value = parse(encoded);
  if (!value || typeof value['fileId'] !== 'string' || typeof value['path'] !== 'string') return undefined;
  const { fileId, path, text, undone, overlaps, people } = value;
  return {
    fileId,
    path,
    list: readListChange(value['list']),
    text: text === 'theirs' || text === 'both' || text === 'unread' ? text : undefined,
    hasTexts: value['hasTexts'] === true,
    isWithoutBefore: value['isWithoutBefore'] === true,
    theirs: readSize(value['theirs']),
    mine: readSize(value['mine']),
    overlaps: toList(overlaps).flatMap((range) => {
      const { start, end } = toRecord(range) ?? {};
      return start === undefined || end === undefined ? [] : [{ start, end }];
    }),
    people: toList(people).flatMap(readPerson),
    listPeople: toList(value['listPeople']).flatMap(readPerson),
    takenBack: Array.isArray(value['takenBack']) ? toList(value['takenBack']).flatMap(readPerson) : undefined,
    undone: undone === 'theirs' || undone === 'mine' ? undone : undefined,
    isLookedAt: value['isLookedAt'] === true,
    returnNumber: toNumber(value['returnNumber']),
    since: readCursor(value['since']),
  };
}

/** Reads a {@link StoredReturn} from JSON; undefined when it is none. */
export function readReturn(encoded: string): StoredReturn | undefined {
  const value = parse(encoded);
  if (!value || typeof value['leftMs'] !== 'number') return undefined;
  return {
    returnNumber: toNumber(value['returnNumber']),
    leftMs: value['leftMs'],
    lastLeftMs: typeof value['lastLeftMs'] === 'number' ? value['lastLeftMs'] : value['leftMs'],
    returnedMs: toNumber(value['returnedMs']),
    unlistedCount: toNumber(value['unlistedCount']),
    ownCount: toNumber(value['ownCount']),
  };
}

type JsonRecord = Readonly<Record<string, unknown>>;

function parse(encoded: string): JsonRecord | undefined {
  try {
    return toRecord(JSON.parse(encoded));
  } catch {
    return undefined;
  }
}

function toRecord(value: unknown): JsonRecord | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toNumber(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function readSize(value: unknown): ChangeSize {
  const record = toRecord(value);
  return { inserted: toNumber(record?.['inserted']), deleted: toNumber(record?.['deleted']) };
}

function readListChange(value: unknown): ListChange | undefined {
  const { kind, from, isByBoth, isByClash } = toRecord(value) ?? {};
  if (kind === 'created' || kind === 'deleted' || kind === 'removed') return { kind };
  if (kind === 'replaced') return isByBoth === true ? { kind, isByBoth } : { kind };
  if (kind !== 'renamed' || typeof from !== 'string') return undefined;
  return isByClash === true ? { kind, from, isByClash } : { kind, from };
}

function readPerson(value: unknown): readonly AwayPerson[] {
  const { subject, name, firstMs, lastMs } = toRecord(value) ?? {};
  if (typeof subject !== 'string' || typeof name !== 'string') return [];
  return [{ subject, name, firstMs: toNumber(firstMs), lastMs: toNumber(lastMs) }];
}
