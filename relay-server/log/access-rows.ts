import {
  DEFAULT_ROOM_SETTINGS,
  isChatPolicy,
  isRole,
  type Role,
  type RoomSettings,
} from '../../shared/access/index.ts';
import { cutText } from '../cut-text.ts';
import {
  AUDIT_KINDS,
  type AuditEvent,
  type AuditKind,
  type AuditRecord,
  type ClosedLink,
  JOIN_DECISION_KEPT_MS,
  JOIN_REQUEST_IDLE_MS,
  type JoinDecision,
  type JoinRequestRecord,
  type MemberRecord,
  type ProposalBounds,
  type ProposalRecord,
  type ProposalState,
  type SettingsChange,
} from './access-directory.ts';
import { LogFailure } from './log-failure.ts';
import type { PersonHead } from './people-page.ts';

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

/** Of somebody's newest session. */
export type HeadRow = Pick<MemberRow, 'subject' | 'last_seen_ms' | 'lineage_id'>;

export interface PersonSessionRow extends MemberRow {
  /** Of all sessions of the person. */
  readonly first_of_person_ms: number;
}

export interface ClosedLinkRow {
  readonly link_id: string;
  readonly role: string;
  readonly label: string;
}

export interface JoinRequestRow {
  readonly request_id: string;
  readonly link_id: string;
  readonly subject: string;
  readonly name: string;
  readonly created_at_ms: number;
  /** 0 when a relay of before wrote it. */
  readonly polled_at_ms: number;
  readonly decision: string;
  readonly lineage_id: string | null;
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

/** What of a room's proposals is open, and what of one person's was dropped. */
export interface ProposalSums {
  readonly room_bytes: number;
  readonly subject_bytes: number;
  readonly subject_count: number;
  readonly subject_dropped: number;
}

/** Of a request that a relay of before wrote nobody knows when its requester asked last: it waits for its whole week. */
export const UNASKED_KEPT_MS = JOIN_DECISION_KEPT_MS - JOIN_REQUEST_IDLE_MS;

const POLL_NOTED_MS = 15_000;
const MAX_DETAIL_BYTES = 1024;
const MAX_NAME_BYTES = 256;
// Would write lines of their own, or hide or turn around what comes after them.
const MISLEADING = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const DECISIONS: readonly JoinDecision[] = ['pending', 'approved', 'denied'];

// What cannot be read must not open a room wider than somebody has set: these throw a LogFailure.

export function encodeSettings({ presenter, chat }: RoomSettings): string {
  return JSON.stringify({ presenter, chat });
}

/** The settings in `text`, with what is changed. */
export function changeSettings(text: string | undefined, change: SettingsChange): string {
  const { presenter, chat } = toSettings(text);
  return encodeSettings({ presenter: 'presenter' in change ? change.presenter : presenter, chat: change.chat ?? chat });
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

/** An event as it is kept: short, and of one line. */
export function toStored(event: AuditEvent): AuditEvent {
  const fit = (text: string, maxBytes: number) => cutText(text.replace(MISLEADING, '\uFFFD'), maxBytes);
  const [actor = '', actorName = '', target = ''] = [event.actor, event.actorName, event.target].map((text) =>
    fit(text, MAX_NAME_BYTES),
  );
  return { ...event, actor, actorName, target, detail: fit(event.detail, MAX_DETAIL_BYTES) };
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

export function toHead({ subject, last_seen_ms, lineage_id }: HeadRow): PersonHead {
  return { subject, lastSeenMs: last_seen_ms, lineageId: lineage_id };
}

export function toPersonSession(row: PersonSessionRow) {
  return { ...toMember(row), firstOfPersonMs: row.first_of_person_ms };
}

export function toClosedLink({ link_id, role, label }: ClosedLinkRow): ClosedLink {
  return { linkId: link_id, role: toRole(role), label };
}

/** When one of them was seen last; the beginning of time without any. */
export function latestOf(members: readonly Pick<MemberRecord, 'lastSeenMs'>[]): number {
  return members.reduce((latest, { lastSeenMs }) => Math.max(latest, lastSeenMs), 0);
}

/** Whether a request is pending whose requester has not asked for too long. */
export function isIdle(row: JoinRequestRow, nowMs: number): boolean {
  return row.decision === 'pending' && heardAtMs(row) <= nowMs - JOIN_REQUEST_IDLE_MS;
}

/** Whether it is worth a write that the requester has asked again: they do so every few seconds. */
export function isPollDue(row: JoinRequestRow, nowMs: number): boolean {
  return row.decision === 'pending' && row.polled_at_ms <= nowMs - POLL_NOTED_MS;
}

function heardAtMs({ created_at_ms, polled_at_ms }: JoinRequestRow): number {
  return polled_at_ms === 0 ? created_at_ms + UNASKED_KEPT_MS : polled_at_ms;
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
    lineageId: row.lineage_id ?? undefined,
  };
}

export function toProposalState(state: string): ProposalState {
  if (state !== 'open' && state !== 'applied' && state !== 'dropped') throw corrupted('state', state);
  return state;
}

export function toProposal(row: ProposalRow): ProposalRecord {
  return {
    proposalId: row.proposal_id,
    subject: row.subject,
    name: row.name,
    document: row.document,
    createdAtMs: row.created_at_ms,
    bytes: row.bytes,
    state: toProposalState(row.state),
  };
}

/** Whether `bytes` more of the person are within the bounds. */
export function checkSums(sums: ProposalSums | undefined, bytes: number, bounds: ProposalBounds): 'fits' | 'full' {
  const { room_bytes: ofRoom = 0, subject_bytes: ofSubject = 0 } = sums ?? {};
  const { subject_count: count = 0, subject_dropped: dropped = 0 } = sums ?? {};
  const isWithin =
    ofRoom + bytes <= bounds.maxRoomBytes &&
    ofSubject + bytes <= bounds.maxSubjectBytes &&
    count < bounds.maxSubjectProposals &&
    dropped < bounds.maxSubjectDropped;
  return isWithin ? 'fits' : 'full';
}

function corrupted(what: string, value: string): LogFailure {
  return new LogFailure('corrupted', `The database has an unknown ${what} of a room's access: ${value.slice(0, 64)}.`);
}
