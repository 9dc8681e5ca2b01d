import { DEFAULT_ROOM_SETTINGS, isChatPolicy, isRole, type Role, type RoomSettings } from '../../access/index.ts';
import type {
  AuditEntry,
  ClosedLink,
  ClosedReason,
  JoinRequest,
  MadeRoomLink,
  PeoplePage,
  PersonSession,
  Proposal,
  RoomLink,
  RoomPerson,
} from './records.ts';

const CLOSED_REASONS: readonly ClosedReason[] = ['person-removed', 'role-lowered', 'all-removed'];

/** The fields of an answer, or of an entry in it. */
export type Fields = Readonly<Record<string, unknown>>;

/** Reads one entry of the relay's; undefined when something in it is not what it should be. */
export type ReadEntry<T> = (value: unknown) => T | undefined;

/** Reads `body[key]`, a list in which every entry must be readable. */
export function readList<T>(body: unknown, key: string, readEntry: ReadEntry<T>): readonly T[] | undefined {
  const list = isRecord(body) ? body[key] : undefined;
  if (!Array.isArray(list)) return undefined;
  const entries: T[] = [];
  for (const value of list) {
    const entry = readEntry(value);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return entries;
}

export const readMadeLink: ReadEntry<MadeRoomLink> = (value) =>
  attempt(value, (fields) => ({ linkId: text(fields, 'id'), secret: text(fields, 'secret') }));

export const readLink: ReadEntry<RoomLink> = (value) =>
  attempt(value, (fields) => ({
    linkId: text(fields, 'id'),
    role: role(fields),
    label: optional(fields, 'label', text) ?? '',
    createdAtMs: number(fields, 'createdAtMs'),
    createdBy: optional(fields, 'createdBy', text) ?? '',
    expiresAtMs: optional(fields, 'expiresAtMs', number),
    maxUses: optional(fields, 'maxUses', number),
    uses: number(fields, 'uses'),
    needsApproval: flag(fields, 'needsApproval'),
    paths: optional(fields, 'paths', texts),
    closedAtMs: optional(fields, 'closedAtMs', number),
    // What a later relay says is no reason to show no links.
    closedReason: CLOSED_REASONS.find((reason) => reason === fields['closedReason']),
    revokedAtMs: optional(fields, 'revokedAtMs', number),
  }));

/** Relays that do not say which links a change has closed answer without a body. */
export const readClosedLinks: ReadEntry<readonly ClosedLink[]> = (value) =>
  value === undefined ? [] : readList(value, 'closedLinks', readClosedLink);

const readClosedLink: ReadEntry<ClosedLink> = (value) =>
  attempt(value, (fields) => ({
    linkId: text(fields, 'id'),
    role: role(fields),
    label: optional(fields, 'label', text) ?? '',
  }));

export const readPeoplePage: ReadEntry<PeoplePage> = (value) =>
  attempt(value, (fields) => ({
    people: readList(fields, 'people', readPerson) ?? fail(),
    next: optional(fields, 'next', text),
  }));

export const readPerson: ReadEntry<RoomPerson> = (value) =>
  attempt(value, (fields) => ({
    subject: text(fields, 'subject'),
    name: text(fields, 'name'),
    role: role(fields),
    linkId: optional(fields, 'linkId', text),
    firstSeenMs: number(fields, 'firstSeenMs'),
    lastSeenMs: number(fields, 'lastSeenMs'),
    isRevoked: flag(fields, 'isRevoked'),
    sessions: (readList(fields, 'sessions', readSession) ?? fail()).toSorted((a, b) => b.lastSeenMs - a.lastSeenMs),
  }));

export const readJoinRequest: ReadEntry<JoinRequest> = (value) =>
  attempt(value, (fields) => ({
    requestId: text(fields, 'id'),
    linkId: text(fields, 'linkId'),
    name: text(fields, 'name'),
    createdAtMs: number(fields, 'createdAtMs'),
  }));

export const readAuditEntry: ReadEntry<AuditEntry> = (value) =>
  attempt(value, (fields) => ({
    seq: number(fields, 'seq'),
    atMs: number(fields, 'atMs'),
    kind: text(fields, 'kind'),
    actor: text(fields, 'actor'),
    actorName: text(fields, 'actorName'),
    target: text(fields, 'target'),
    detail: text(fields, 'detail'),
  }));

export const readProposal: ReadEntry<Proposal> = (value) =>
  attempt(value, (fields) => ({
    proposalId: text(fields, 'id'),
    subject: text(fields, 'subject'),
    name: text(fields, 'name'),
    document: text(fields, 'document'),
    createdAtMs: number(fields, 'createdAtMs'),
    bytes: number(fields, 'bytes'),
  }));

export const readSettings: ReadEntry<RoomSettings> = (value) =>
  attempt(value, (fields) => {
    const { chat } = fields;
    return {
      presenter: optional(fields, 'presenter', text),
      chat: chat === undefined ? DEFAULT_ROOM_SETTINGS.chat : isChatPolicy(chat) ? chat : fail(),
    };
  });

const readSession: ReadEntry<PersonSession> = (value) =>
  attempt(value, (fields) => ({
    sessionId: text(fields, 'id'),
    lastSeenMs: number(fields, 'lastSeenMs'),
    isRevoked: flag(fields, 'isRevoked'),
  }));

class UnreadableError extends Error {}

/** Ends {@link attempt}: something is not what it should be. */
export function fail(): never {
  throw new UnreadableError();
}

/** What `read` makes of the fields; undefined when the value has none, or `read` fails. */
export function attempt<T>(value: unknown, read: (fields: Fields) => T): T | undefined {
  if (!isRecord(value)) return undefined;
  try {
    return read(value);
  } catch (error) {
    if (error instanceof UnreadableError) return undefined;
    throw error;
  }
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** The field as a text; fails when it is none. So do those below for their kinds. */
export function text(fields: Fields, key: string): string {
  const value = fields[key];
  return typeof value === 'string' ? value : fail();
}

export function number(fields: Fields, key: string): number {
  const value = fields[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : fail();
}

export function flag(fields: Fields, key: string): boolean {
  const value = fields[key];
  return typeof value === 'boolean' ? value : fail();
}

function texts(fields: Fields, key: string): readonly string[] {
  const value = fields[key];
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : fail();
}

function role(fields: Fields): Role {
  const value = fields['role'];
  return isRole(value) ? value : fail();
}

/** Undefined when the field is absent or null. */
export function optional<T>(fields: Fields, key: string, read: (fields: Fields, key: string) => T): T | undefined {
  return fields[key] === undefined || fields[key] === null ? undefined : read(fields, key);
}
