import { isRole } from '../../shared/access/index.ts';
import { LogFailure } from './log-failure.ts';
import { CLOSED_REASONS, type LinkRecord } from './room-directory.ts';
import type { ArchiveCandidate, CandidatePage, SegmentPointer } from './segment-index.ts';
import type { DocumentKey, LoggedUpdate, SnapshotPointer } from './update-log.ts';

// What SQLite and Postgres give back in the same form.

/** Where a document's snapshot is; all three are null without one. */
export interface SnapshotColumns {
  readonly snapshot_seq: number | null;
  readonly snapshot_id: string | null;
  readonly snapshot_bytes: number | null;
}

/** An update with the session that it came from. */
export interface UpdateRow {
  readonly seq: number;
  readonly subject: string;
  readonly session_id: string;
  readonly client_seq: number;
  readonly name: string;
  readonly time_ms: number;
  readonly payload: Uint8Array;
}

export interface SegmentRow {
  readonly from_seq: number;
  readonly to_seq: number;
  readonly epoch: string;
  readonly segment_id: string;
  readonly bytes: number;
  readonly damage: string | null;
}

/** Documents with updates to archive that one statement gives at most. */
export const MAX_CANDIDATES = 20;

/** A document with updates to archive. */
export interface CandidateRow {
  readonly document_id: number;
  readonly tenant: string;
  readonly room: string;
  readonly document: string;
  readonly epoch: string;
  readonly archived_seq: number;
  readonly through_seq: number;
}

export interface LinkRow {
  readonly link_id: string;
  readonly tenant: string;
  readonly room: string;
  readonly role: string;
  readonly label: string;
  readonly secret_hash: Uint8Array;
  readonly created_at_ms: number;
  readonly expires_at_ms: number | null;
  readonly max_uses: number | null;
  readonly uses: number;
  readonly needs_approval: number | boolean;
  readonly paths: string | null;
  readonly created_by: string;
  readonly closed_at_ms: number | null;
  readonly closed_reason: string | null;
  readonly revoked_at_ms: number | null;
}

/** A document's key as parameters of a statement. */
export type KeyParameters = [tenant: string, room: string, document: string];

export function parametersOf({ tenant, room, document }: DocumentKey): KeyParameters {
  return [tenant, room, document];
}

export function snapshotOf({
  snapshot_seq,
  snapshot_id,
  snapshot_bytes,
}: SnapshotColumns): SnapshotPointer | undefined {
  if (snapshot_seq === null || snapshot_id === null) return undefined;
  return { seq: snapshot_seq, snapshotId: snapshot_id, byteLength: snapshot_bytes ?? 0 };
}

export function toLoggedUpdate(row: UpdateRow): LoggedUpdate {
  return {
    seq: row.seq,
    session: { subject: row.subject, sessionId: row.session_id },
    clientSeq: row.client_seq,
    name: row.name,
    timeMs: row.time_ms,
    payload: row.payload,
  };
}

export function toSegment(row: SegmentRow): SegmentPointer {
  return {
    fromSeq: row.from_seq,
    toSeq: row.to_seq,
    epoch: row.epoch,
    segmentId: row.segment_id,
    byteLength: row.bytes,
    damage: row.damage ?? undefined,
  };
}

function toCandidate(row: CandidateRow): ArchiveCandidate {
  const key = { tenant: row.tenant, room: row.room, document: row.document };
  return { key, epoch: row.epoch, fromSeq: row.archived_seq + 1, throughSeq: row.through_seq };
}

/** `nextPlace`: where the documents end that were looked at; undefined when there are no others. */
export function toCandidatePage(rows: readonly CandidateRow[], nextPlace: number | undefined): CandidatePage {
  const isCut = rows.length >= MAX_CANDIDATES;
  return { candidates: rows.map(toCandidate), nextPlace: isCut ? rows.at(-1)?.document_id : nextPlace };
}

/** Throws a {@link LogFailure} for a row that no relay has written. */
export function toLink(row: LinkRow | undefined): LinkRecord | undefined {
  if (!row) return undefined;
  if (!isRole(row.role)) throw new LogFailure('corrupted', `The share link ${row.link_id} has an unknown role.`);
  return {
    linkId: row.link_id,
    tenant: row.tenant,
    room: row.room,
    role: row.role,
    label: row.label,
    secretHash: row.secret_hash,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
    maxUses: row.max_uses ?? undefined,
    uses: row.uses,
    needsApproval: Boolean(row.needs_approval),
    paths: row.paths === null ? undefined : (JSON.parse(row.paths) as readonly string[]),
    createdBy: row.created_by,
    closedAtMs: row.closed_at_ms ?? undefined,
    // A later relay may know other reasons.
    closedReason: CLOSED_REASONS.find((reason) => reason === row.closed_reason),
    revokedAtMs: row.revoked_at_ms ?? undefined,
  };
}
