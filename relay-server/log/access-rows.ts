import {
  DEFAULT_ROOM_SETTINGS,
  isChatPolicy,
  isRole,
  type Role,
  type RoomSettings,
} from '../../shared/access/index.ts';
import {
  AUDIT_KINDS,
  type AuditKind,
  type AuditRecord,
  type JoinDecision,
  type JoinRequestRecord,
  type MemberRecord,
  type ProposalRecord,
} from './access-directory.ts';
import { LogFailure } from './log-failure.ts';

export interface AccessRow {
  readonly version: number;
  readonly settings: string;
  readonly revoked_before_ms: number | null;
}

export interface AuditRow {
  readonly seq: number;
  readonly at_ms: number;
  readonly kind: string;
  readonly actor: string;
  readonly actor_name: string;
  readonly target: string;
  readonly detail: string;
}

export interface MemberRow {
  readonly subject: string;
  readonly name: string;
  readonly role: string;
  readonly link_id: string | null;
  readonly lineage_id: string;
  readonly first_seen_ms: number;
  readonly last_seen_ms: number;
}

export interface JoinRequestRow {
  readonly request_id: string;
  readonly link_id: string;
  readonly subject: string;
  readonly name: string;
  readonly created_at_ms: number;
  readonly decision: string;
}

export interface ProposalRow {
  readonly proposal_id: string;
  readonly subject: string;
  readonly name: string;
  readonly document: string;
  readonly created_at_ms: number;
  readonly bytes: number;
  readonly state: string;
}

const DECISIONS: readonly JoinDecision[] = ['pending', 'approved', 'denied'];

// What cannot be read must not open a room wider than somebody has set: these throw a LogFailure.

export function encodeSettings({ presenter, chat }: RoomSettings): string {
  return JSON.stringify({ presenter, chat });
}

export function toSettings(text: string | undefined): RoomSettings {
  if (text === undefined) return DEFAULT_ROOM_SETTINGS;
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('chat' in value) || !isChatPolicy(value.chat))
    throw corrupted('settings', text);
  const presenter = 'presenter' in value ? value.presenter : undefined;
  if (presenter !== undefined && typeof presenter !== 'string') throw corrupted('settings', text);
  return { presenter, chat: value.chat };
}

export function toRole(role: string): Role {
  if (!isRole(role)) throw corrupted('role', role);
  return role;
}

export function toAuditRecord(row: AuditRow): AuditRecord {
  const { seq, at_ms: atMs, kind, actor, actor_name: actorName, target, detail } = row;
  if (!isAuditKind(kind)) throw corrupted('kind of event', kind);
  return { seq, atMs, kind, actor, actorName, target, detail };
}

function isAuditKind(kind: string): kind is AuditKind {
  return AUDIT_KINDS.some((known) => known === kind);
}

export function toMember(row: MemberRow): MemberRecord {
  return {
    subject: row.subject,
    name: row.name,
    role: toRole(row.role),
    linkId: row.link_id ?? undefined,
    lineageId: row.lineage_id,
    firstSeenMs: row.first_seen_ms,
    lastSeenMs: row.last_seen_ms,
  };
}

export function toJoinRequest(row: JoinRequestRow): JoinRequestRecord {
  const decision = DECISIONS.find((known) => known === row.decision);
  if (!decision) throw corrupted('decision', row.decision);
  return {
    requestId: row.request_id,
    linkId: row.link_id,
    subject: row.subject,
    name: row.name,
    createdAtMs: row.created_at_ms,
    decision,
  };
}

export function toProposal(row: ProposalRow): ProposalRecord {
  const { state } = row;
  if (state !== 'open' && state !== 'applied' && state !== 'dropped') throw corrupted('state', state);
  return {
    proposalId: row.proposal_id,
    subject: row.subject,
    name: row.name,
    document: row.document,
    createdAtMs: row.created_at_ms,
    bytes: row.bytes,
    state,
  };
}

function corrupted(what: string, value: string): LogFailure {
  return new LogFailure('corrupted', `The database has an unknown ${what} of a room's access: ${value.slice(0, 64)}.`);
}
