import type Database from 'better-sqlite3';
import type { AccessRow, AuditRow, JoinRequestRow, MemberRow, ProposalRow } from '../access-rows.ts';
import type { LinkRow } from '../database-rows.ts';

type Key = [tenant: string, room: string];

/** What the access of rooms is read and written by. */
export function prepareAccessStatements(database: Database.Database) {
  return {
    ...prepareReading(database),
    ...prepareChanges(database),
    ...prepareHistory(database),
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
       WHERE tenant = ? AND room = ? AND role <> 'owner' AND revoked_at_ms IS NULL`,
    ),
    closeLinksOf: database.prepare<[nowMs: number, ...Key, subject: string]>(
      `UPDATE links SET closed_at_ms = coalesce(closed_at_ms, ?)
       WHERE tenant = ? AND room = ? AND EXISTS
         (SELECT 1 FROM members WHERE members.tenant = links.tenant AND members.room = links.room
          AND members.link_id = links.link_id AND members.subject = ?)`,
    ),
    revokeSubject: database.prepare<[...Key, subject: string, nowMs: number]>(
      'INSERT INTO revoked_subjects (tenant, room, subject, revoked_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    revokeLineage: database.prepare<[...Key, lineageId: string, nowMs: number]>(
      'INSERT INTO revoked_lineages (tenant, room, lineage_id, revoked_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    setRole: database.prepare<[...Key, subject: string, role: string]>(
      `INSERT INTO room_roles (tenant, room, subject, role) VALUES (?, ?, ?, ?)
       ON CONFLICT (tenant, room, subject) DO UPDATE SET role = excluded.role`,
    ),
    removeRole: database.prepare<[...Key, subject: string]>(
      'DELETE FROM room_roles WHERE tenant = ? AND room = ? AND subject = ?',
    ),
  };
}

function prepareHistory(database: Database.Database) {
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
    listMembers: database.prepare<[...Key, limit: number], MemberRow>(
      'SELECT * FROM members WHERE tenant = ? AND room = ? ORDER BY last_seen_ms DESC, lineage_id LIMIT ?',
    ),
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

function prepareJoinRequests(database: Database.Database) {
  return {
    countPending: database
      .prepare<Key, number>("SELECT count(*) FROM join_requests WHERE tenant = ? AND room = ? AND decision = 'pending'")
      .pluck(),
    addJoinRequest: database.prepare<
      [
        ...Key,
        requestId: string,
        requestHash: Uint8Array,
        linkId: string,
        subject: string,
        name: string,
        createdAtMs: number,
      ]
    >(
      `INSERT INTO join_requests (tenant, room, request_id, request_hash, link_id, subject, name, created_at_ms, decision)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending')`,
    ),
    findJoinRequest: database.prepare<[...Key, requestHash: Uint8Array], JoinRequestRow>(
      'SELECT * FROM join_requests WHERE tenant = ? AND room = ? AND request_hash = ?',
    ),
    listJoinRequests: database.prepare<Key, JoinRequestRow>(
      `SELECT * FROM join_requests WHERE tenant = ? AND room = ?
       ORDER BY decision = 'pending' DESC, created_at_ms DESC, request_id LIMIT 1000`,
    ),
    decideJoinRequest: database.prepare<[decision: string, ...Key, requestId: string]>(
      `UPDATE join_requests SET decision = ?
       WHERE tenant = ? AND room = ? AND request_id = ? AND decision = 'pending'`,
    ),
  };
}

function prepareProposals(database: Database.Database) {
  return {
    findProposal: database.prepare<[...Key, proposalId: string], { state: string }>(
      'SELECT state FROM proposals WHERE tenant = ? AND room = ? AND proposal_id = ?',
    ),
    sumProposals: database.prepare<
      [subject: string, subject: string, ...Key],
      { room_bytes: number; subject_bytes: number; subject_count: number }
    >(
      `SELECT coalesce(sum(bytes), 0) AS room_bytes,
              coalesce(sum(bytes) FILTER (WHERE subject = ?), 0) AS subject_bytes,
              count(*) FILTER (WHERE subject = ?) AS subject_count
       FROM proposals WHERE tenant = ? AND room = ? AND state = 'open'`,
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
