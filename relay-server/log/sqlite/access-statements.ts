import type Database from 'better-sqlite3';
import {
  type AccessRow,
  type AuditRow,
  type ClosedLinkRow,
  type HeadRow,
  type JoinRequestRow,
  type MemberRow,
  type PersonSessionRow,
  type ProposalRow,
  type ProposalSums,
  UNASKED_KEPT_MS,
} from '../access-rows.ts';
import type { LinkRow } from '../database-rows.ts';
import type { ClosedReason } from '../room-directory.ts';
import { prepareAddLink, prepareUseLink } from './add-link.ts';

type Key = [tenant: string, room: string];

/** What the access of rooms is read and written by. */
export function prepareAccessStatements(database: Database.Database) {
  return {
    ...prepareReading(database),
    ...prepareChanges(database),
    ...prepareRevoking(database),
    ...prepareMembers(database),
    ...preparePeople(database),
    ...prepareAudit(database),
    ...prepareJoinRequests(database),
    ...prepareProposals(database),
  };
}

export type AccessStatements = ReturnType<typeof prepareAccessStatements>;

function prepareReading(database: Database.Database) {
  const listOne = (sql: string) => database.prepare<Key, string>(sql).pluck();
  return {
    findAccess: database.prepare<Key, AccessRow>(
      'SELECT version, settings, revoked_before_ms FROM room_access WHERE tenant = ? AND room = ?',
    ),
    listRevokedLinks: listOne('SELECT link_id FROM links WHERE tenant = ? AND room = ? AND revoked_at_ms IS NOT NULL'),
    listRevokedSubjects: listOne('SELECT subject FROM revoked_subjects WHERE tenant = ? AND room = ?'),
    listRevokedLineages: listOne('SELECT lineage_id FROM revoked_lineages WHERE tenant = ? AND room = ?'),
    listRoles: database.prepare<Key, { subject: string; role: string }>(
      'SELECT subject, role FROM room_roles WHERE tenant = ? AND room = ?',
    ),
    listLinks: database.prepare<Key, LinkRow>(
      'SELECT * FROM links WHERE tenant = ? AND room = ? ORDER BY created_at_ms DESC, link_id',
    ),
  };
}

function prepareChanges(database: Database.Database) {
  return {
    raiseVersion: database.prepare<
      [...Key, settings: string, events: number, events: number],
      { version: number; audit_seq: number }
    >(
      `INSERT INTO room_access (tenant, room, settings, version, audit_seq) VALUES (?, ?, ?, 1, ?)
       ON CONFLICT (tenant, room) DO UPDATE SET version = version + 1, audit_seq = audit_seq + ?
       RETURNING version, audit_seq`,
    ),
    setSettings: database.prepare<[...Key, settings: string]>(
      `INSERT INTO room_access (tenant, room, settings) VALUES (?, ?, ?)
       ON CONFLICT (tenant, room) DO UPDATE SET settings = excluded.settings`,
    ),
    addLink: prepareAddLink(database),
    setRole: database.prepare<[...Key, subject: string, role: string]>(
      `INSERT INTO room_roles (tenant, room, subject, role) VALUES (?, ?, ?, ?)
       ON CONFLICT (tenant, room, subject) DO UPDATE SET role = excluded.role`,
    ),
    removeRole: database.prepare<[...Key, subject: string]>(
      'DELETE FROM room_roles WHERE tenant = ? AND room = ? AND subject = ?',
    ),
  };
}

/** Of a link: somebody who came by it was made an owner. */
const OWNER_CAME_BY = `EXISTS (SELECT 1 FROM members JOIN room_roles USING (tenant, room, subject)
  WHERE members.tenant = links.tenant AND members.room = links.room AND members.link_id = links.link_id
    AND room_roles.role = 'owner')`;

const IS_OPEN = 'closed_at_ms IS NULL AND revoked_at_ms IS NULL';

function prepareRevoking(database: Database.Database) {
  return {
    setRevokedBefore: database.prepare<[...Key, settings: string, beforeMs: number]>(
      `INSERT INTO room_access (tenant, room, settings, revoked_before_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (tenant, room) DO UPDATE SET
         revoked_before_ms = max(coalesce(revoked_before_ms, 0), excluded.revoked_before_ms)`,
    ),
    revokeLink: database.prepare<[nowMs: number, ...Key, linkId: string]>(
      'UPDATE links SET revoked_at_ms = coalesce(revoked_at_ms, ?) WHERE tenant = ? AND room = ? AND link_id = ?',
    ),
    revokeAllLinks: database.prepare<[nowMs: number, ...Key]>(
      `UPDATE links SET revoked_at_ms = ?
       WHERE tenant = ? AND room = ? AND role <> 'owner' AND revoked_at_ms IS NULL AND NOT ${OWNER_CAME_BY}`,
    ),
    closeOtherLinks: database.prepare<[nowMs: number, reason: ClosedReason, ...Key], ClosedLinkRow>(
      `UPDATE links SET closed_at_ms = ?, closed_reason = ?
       WHERE tenant = ? AND room = ? AND role <> 'owner' AND ${IS_OPEN} RETURNING link_id, role, label`,
    ),
    closeLinksOf: database.prepare<[nowMs: number, reason: ClosedReason, ...Key, subject: string], ClosedLinkRow>(
      `UPDATE links SET closed_at_ms = ?, closed_reason = ?
       WHERE tenant = ? AND room = ? AND ${IS_OPEN} AND EXISTS
         (SELECT 1 FROM members WHERE members.tenant = links.tenant AND members.room = links.room
          AND members.link_id = links.link_id AND members.subject = ?)
       RETURNING link_id, role, label`,
    ),
    revokeSubject: database.prepare<[...Key, subject: string, nowMs: number]>(
      'INSERT INTO revoked_subjects (tenant, room, subject, revoked_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    revokeLineage: database.prepare<[...Key, lineageId: string, nowMs: number]>(
      'INSERT INTO revoked_lineages (tenant, room, lineage_id, revoked_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    forgetLineages: database.prepare<[...Key, beforeMs: number]>(
      'DELETE FROM revoked_lineages WHERE tenant = ? AND room = ? AND revoked_at_ms < ?',
    ),
  };
}

function prepareMembers(database: Database.Database) {
  return {
    recordMember: database.prepare<
      [
        ...Key,
        lineageId: string,
        subject: string,
        name: string,
        role: string,
        linkId: string | null,
        firstSeenMs: number,
        lastSeenMs: number,
      ]
    >(
      `INSERT INTO members (tenant, room, lineage_id, subject, name, role, link_id, first_seen_ms, last_seen_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (tenant, room, lineage_id) DO UPDATE SET
         name = excluded.name, role = excluded.role, last_seen_ms = excluded.last_seen_ms`,
    ),
    findMembersBySubject: database.prepare<[...Key, subject: string], MemberRow>(
      `SELECT * FROM members WHERE tenant = ? AND room = ? AND subject = ?
       ORDER BY last_seen_ms DESC, lineage_id LIMIT 100`,
    ),
    findMembersByLineage: database.prepare<[...Key, lineageId: string], MemberRow>(
      'SELECT * FROM members WHERE tenant = ? AND room = ? AND lineage_id = ?',
    ),
    forgetMembers: database.prepare<[...Key, beforeMs: number]>(
      'DELETE FROM members WHERE tenant = ? AND room = ? AND last_seen_ms < ?',
    ),
    forgetNewcomers: database.prepare<[...Key, beforeMs: number]>(
      `DELETE FROM members WHERE tenant = ? AND room = ? AND last_seen_ms < ?
       AND last_seen_ms = first_seen_ms AND link_id IS NOT NULL`,
    ),
  };
}

/** Of a member: a session of the same person was seen later. */
const HAS_NEWER = `EXISTS (SELECT 1 FROM members AS o WHERE o.tenant = m.tenant AND o.room = m.room
  AND o.subject = m.subject AND (o.last_seen_ms, o.lineage_id) > (m.last_seen_ms, m.lineage_id))`;

function preparePeople(database: Database.Database) {
  return {
    listHeads: database.prepare<[...Key, beforeMs: number, beforeLineage: string, limit: number], HeadRow>(
      `SELECT subject, last_seen_ms, lineage_id FROM members AS m
       WHERE tenant = ? AND room = ? AND (last_seen_ms, lineage_id) < (?, ?) AND NOT ${HAS_NEWER}
       ORDER BY last_seen_ms DESC, lineage_id DESC LIMIT ?`,
    ),
    listOwners: database
      .prepare<[...Key, ...Key, limit: number], string>(
        `SELECT subject FROM room_roles WHERE tenant = ? AND room = ? AND role = 'owner'
         UNION SELECT subject FROM members AS m WHERE tenant = ? AND room = ? AND role = 'owner' AND NOT EXISTS
           (SELECT 1 FROM room_roles AS r WHERE r.tenant = m.tenant AND r.room = m.room AND r.subject = m.subject)
         LIMIT ?`,
      )
      .pluck(),
    /** `subjects`: a JSON list. */
    listSessions: database.prepare<[...Key, subjects: string, perPerson: number], PersonSessionRow>(
      `SELECT * FROM (
         SELECT *, min(first_seen_ms) OVER (PARTITION BY subject) AS first_of_person_ms,
           row_number() OVER (PARTITION BY subject ORDER BY last_seen_ms DESC, lineage_id DESC) AS place
         FROM members WHERE tenant = ? AND room = ? AND subject IN (SELECT value FROM json_each(?))
       ) WHERE place <= ? ORDER BY subject, place`,
    ),
  };
}

function prepareAudit(database: Database.Database) {
  return {
    addAudit: database.prepare<
      [
        ...Key,
        seq: number,
        atMs: number,
        kind: string,
        actor: string,
        actorName: string,
        target: string,
        detail: string,
      ]
    >(
      `INSERT INTO audit (tenant, room, seq, at_ms, kind, actor, actor_name, target, detail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    listAudit: database.prepare<[...Key, beforeSeq: number, limit: number], AuditRow>(
      'SELECT * FROM audit WHERE tenant = ? AND room = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
    ),
  };
}

/** When its requester asked last. */
const HEARD_AT_MS = `iif(polled_at_ms = 0, created_at_ms + ${UNASKED_KEPT_MS}, polled_at_ms)`;
/** Pending, and its requester asked after a time that is given. */
const WAITS = `decision = 'pending' AND ${HEARD_AT_MS} > ?`;

function prepareJoinRequests(database: Database.Database) {
  return {
    countWaiting: database
      .prepare<[...Key, linkId: string, afterMs: number], number>(
        `SELECT count(*) FROM join_requests WHERE tenant = ? AND room = ? AND link_id = ? AND ${WAITS}`,
      )
      .pluck(),
    forgetJoinRequests: database.prepare<[...Key, idleMs: number, decidedMs: number]>(
      `DELETE FROM join_requests WHERE tenant = ? AND room = ?
       AND ((decision = 'pending' AND ${HEARD_AT_MS} <= ?) OR created_at_ms < ?)`,
    ),
    addJoinRequest: database.prepare<
      [
        ...Key,
        requestId: string,
        requestHash: Uint8Array,
        linkId: string,
        subject: string,
        name: string,
        createdAtMs: number,
        polledAtMs: number,
      ]
    >(
      `INSERT INTO join_requests
         (tenant, room, request_id, request_hash, link_id, subject, name, created_at_ms, polled_at_ms, decision)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending')`,
    ),
    findJoinRequest: database.prepare<[...Key, requestHash: Uint8Array], JoinRequestRow>(
      'SELECT * FROM join_requests WHERE tenant = ? AND room = ? AND request_hash = ?',
    ),
    pollJoinRequest: database.prepare<[nowMs: number, ...Key, requestHash: Uint8Array]>(
      `UPDATE join_requests SET polled_at_ms = ?
       WHERE tenant = ? AND room = ? AND request_hash = ? AND decision = 'pending'`,
    ),
    listJoinRequests: database.prepare<[...Key, afterMs: number], JoinRequestRow>(
      `SELECT * FROM join_requests WHERE tenant = ? AND room = ? AND ${WAITS}
       ORDER BY created_at_ms DESC, request_id LIMIT 1000`,
    ),
    decideJoinRequest: database.prepare<[decision: string, ...Key, requestId: string, afterMs: number]>(
      `UPDATE join_requests SET decision = ? WHERE tenant = ? AND room = ? AND request_id = ? AND ${WAITS}`,
    ),
    redeemJoinRequest: database.prepare<[lineageId: string, ...Key, requestHash: Uint8Array]>(
      'UPDATE join_requests SET lineage_id = ? WHERE tenant = ? AND room = ? AND request_hash = ?',
    ),
    useLink: prepareUseLink(database),
  };
}

function prepareProposals(database: Database.Database) {
  return {
    findProposal: database.prepare<[...Key, proposalId: string], ProposalRow>(
      `SELECT proposal_id, subject, name, document, created_at_ms, bytes, state FROM proposals
       WHERE tenant = ? AND room = ? AND proposal_id = ?`,
    ),
    forgetProposals: database.prepare<[...Key, beforeMs: number]>(
      "DELETE FROM proposals WHERE tenant = ? AND room = ? AND state <> 'open' AND created_at_ms < ?",
    ),
    sumProposals: database.prepare<[subject: string, subject: string, subject: string, ...Key], ProposalSums>(
      `SELECT coalesce(sum(bytes) FILTER (WHERE state = 'open'), 0) AS room_bytes,
              coalesce(sum(bytes) FILTER (WHERE state = 'open' AND subject = ?), 0) AS subject_bytes,
              count(*) FILTER (WHERE state = 'open' AND subject = ?) AS subject_count,
              count(*) FILTER (WHERE state = 'dropped' AND subject = ?) AS subject_dropped
       FROM proposals WHERE tenant = ? AND room = ? AND state <> 'applied'`,
    ),
    addProposal: database.prepare<
      [
        ...Key,
        proposalId: string,
        subject: string,
        name: string,
        document: string,
        createdAtMs: number,
        bytes: number,
        content: Uint8Array,
      ]
    >(
      `INSERT INTO proposals (tenant, room, proposal_id, subject, name, document, created_at_ms, bytes, state, content)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)`,
    ),
    listProposals: database.prepare<Key, ProposalRow>(
      `SELECT proposal_id, subject, name, document, created_at_ms, bytes, state FROM proposals
       WHERE tenant = ? AND room = ? AND state = 'open' ORDER BY created_at_ms, proposal_id`,
    ),
    readProposal: database
      .prepare<[...Key, proposalId: string], Uint8Array | null>(
        'SELECT content FROM proposals WHERE tenant = ? AND room = ? AND proposal_id = ?',
      )
      .pluck(),
    settleProposal: database.prepare<[state: string, ...Key, proposalId: string]>(
      `UPDATE proposals SET state = ?, content = NULL
       WHERE tenant = ? AND room = ? AND proposal_id = ? AND state = 'open'`,
    ),
  };
}
