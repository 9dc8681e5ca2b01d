import { type Kysely, sql } from 'kysely';
import {
  type AccessChange,
  type AccessDirectory,
  type AccessKey,
  type AuditEvent,
  type AuditRecord,
  type JoinRequestRecord,
  type ListedLink,
  MAX_TOKEN_AGE_MS,
  type MemberRecord,
  NEWCOMER_KEPT_MS,
  type ProposalBounds,
  type ProposalCheck,
  type ProposalRecord,
  type RoomAccess,
} from '../access-directory.ts';
import {
  type AccessRow,
  type AuditRow,
  latestOf,
  type MemberRow,
  toAuditRecord,
  toMember,
  toRole,
  toSettings,
} from '../access-rows.ts';
import { type LinkRow, toLink } from '../database-rows.ts';
import { applyChange } from './access-changes.ts';
import { AccessTransactions, note, storable } from './access-transactions.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { PostgresJoinRequests } from './postgres-join-requests.ts';
import { PostgresProposals } from './postgres-proposals.ts';
import type { RelayTables } from './schema.ts';
import { AUDIT, LINKS, MEMBERS, REVOKED_LINEAGES, REVOKED_SUBJECTS, ROOM_ACCESS, ROOM_ROLES } from './tables.ts';

/** What is taken back in a room, in one row, so that one statement reads it at one moment. */
interface AccessParts {
  readonly access: AccessRow | null;
  readonly links: readonly string[];
  readonly subjects: readonly string[];
  readonly lineages: readonly string[];
  readonly roles: readonly { readonly subject: string; readonly role: string }[];
}

/** Who may do what, in the relay's Postgres database. */
export class PostgresAccessDirectory implements AccessDirectory {
  private readonly transactions: AccessTransactions;
  private readonly requests: PostgresJoinRequests;
  private readonly proposals: PostgresProposals;

  /** `database` uses the connections of `pool`, which the caller keeps the ownership of. */
  constructor(database: Kysely<RelayTables>, pool: ConnectionPool) {
    this.transactions = new AccessTransactions(database, pool);
    this.requests = new PostgresJoinRequests(this.transactions);
    this.proposals = new PostgresProposals(this.transactions);
  }

  async readAccess({ tenant, room }: AccessKey): Promise<RoomAccess> {
    const isHere = sql`tenant = ${tenant} AND room = ${room}`;
    const [parts] = await this.transactions.rows<AccessParts>(sql`SELECT
      (SELECT to_json(a) FROM (SELECT version, settings, revoked_before_ms FROM ${ROOM_ACCESS} WHERE ${isHere}) a) AS access,
      (SELECT coalesce(json_agg(link_id), '[]') FROM ${LINKS} WHERE ${isHere} AND revoked_at_ms IS NOT NULL) AS links,
      (SELECT coalesce(json_agg(subject), '[]') FROM ${REVOKED_SUBJECTS} WHERE ${isHere}) AS subjects,
      (SELECT coalesce(json_agg(lineage_id), '[]') FROM ${REVOKED_LINEAGES} WHERE ${isHere}) AS lineages,
      (SELECT coalesce(json_agg(json_build_object('subject', subject, 'role', role)), '[]')
       FROM ${ROOM_ROLES} WHERE ${isHere}) AS roles`);
    return {
      version: parts?.access?.version ?? 0,
      settings: toSettings(parts?.access?.settings),
      revokedBeforeMs: parts?.access?.revoked_before_ms ?? undefined,
      revokedLinks: new Set(parts?.links),
      revokedSubjects: new Set(parts?.subjects),
      revokedLineages: new Set(parts?.lineages),
      roles: new Map(parts?.roles.map(({ subject, role }) => [subject, toRole(role)])),
    };
  }

  async readVersions(keys: readonly AccessKey[]): Promise<readonly number[]> {
    const [tenants, rooms] = [keys.map(({ tenant }) => tenant), keys.map(({ room }) => room)];
    const rows = await this.transactions.rows<{ version: number | null }>(sql`
      SELECT version FROM unnest(${tenants}::text[], ${rooms}::text[]) WITH ORDINALITY AS asked (tenant, room, position)
      LEFT JOIN ${ROOM_ACCESS} USING (tenant, room) ORDER BY position`);
    return rows.map(({ version }) => version ?? 0);
  }

  async change(key: AccessKey, change: AccessChange, event: AuditEvent | undefined): Promise<number> {
    return this.transactions.transact(async (transaction) => {
      // First, so that changes of one room go one after the other.
      const version = await note(transaction, key, event ? [event] : []);
      await applyChange(transaction, key, change, event?.atMs ?? Date.now());
      return version;
    });
  }

  async listLinks({ tenant, room }: AccessKey): Promise<readonly ListedLink[]> {
    const rows = await this.transactions.rows<LinkRow>(
      sql`SELECT * FROM ${LINKS} WHERE tenant = ${tenant} AND room = ${room} ORDER BY created_at_ms DESC, link_id`,
    );
    return rows.flatMap((row) => {
      const link = toLink(row);
      if (!link) return [];
      const { secretHash: _secretHash, ...listed } = link;
      return [listed];
    });
  }

  async recordVisits(
    key: AccessKey,
    members: readonly Omit<MemberRecord, 'firstSeenMs'>[],
    events: readonly AuditEvent[],
  ): Promise<void> {
    if (members.length + events.length === 0) return;
    const { tenant, room } = key;
    const isHere = sql`tenant = ${tenant} AND room = ${room}`;
    const nowMs = latestOf(members);
    await this.transactions.transact(async (transaction) => {
      await note(transaction, key, events);
      await sql`DELETE FROM ${MEMBERS} WHERE ${isHere} AND last_seen_ms < ${nowMs - MAX_TOKEN_AGE_MS}`.execute(
        transaction,
      );
      await sql`DELETE FROM ${MEMBERS} WHERE ${isHere} AND last_seen_ms < ${nowMs - NEWCOMER_KEPT_MS}
        AND last_seen_ms = first_seen_ms AND link_id IS NOT NULL`.execute(transaction);
      for (const { subject, name, role, linkId = null, lineageId, lastSeenMs } of members)
        await sql`
          INSERT INTO ${MEMBERS} AS present
            (tenant, room, lineage_id, subject, name, role, link_id, first_seen_ms, last_seen_ms)
          VALUES (${tenant}, ${room}, ${lineageId}, ${subject}, ${storable(name)}, ${role}, ${linkId}, ${lastSeenMs},
            ${lastSeenMs})
          ON CONFLICT (tenant, room, lineage_id) DO UPDATE SET
            name = excluded.name, role = excluded.role, last_seen_ms = excluded.last_seen_ms`.execute(transaction);
    });
  }

  async listMembers({ tenant, room }: AccessKey, limit: number): Promise<readonly MemberRecord[]> {
    const rows = await this.transactions.rows<MemberRow>(sql`
      SELECT * FROM ${MEMBERS} WHERE tenant = ${tenant} AND room = ${room}
      ORDER BY last_seen_ms DESC, lineage_id LIMIT ${limit}`);
    return rows.map(toMember);
  }

  async findMembers(
    { tenant, room }: AccessKey,
    who: { readonly subject: string } | { readonly lineageId: string },
  ): Promise<readonly MemberRecord[]> {
    const isMeant = 'subject' in who ? sql`subject = ${who.subject}` : sql`lineage_id = ${who.lineageId}`;
    const rows = await this.transactions.rows<MemberRow>(sql`
      SELECT * FROM ${MEMBERS} WHERE tenant = ${tenant} AND room = ${room} AND ${isMeant}
      ORDER BY last_seen_ms DESC, lineage_id LIMIT 100`);
    return rows.map(toMember);
  }

  async listAudit(
    { tenant, room }: AccessKey,
    { beforeSeq = Number.MAX_SAFE_INTEGER, limit }: { readonly beforeSeq?: number; readonly limit: number },
  ): Promise<readonly AuditRecord[]> {
    const rows = await this.transactions.rows<AuditRow>(sql`
      SELECT * FROM ${AUDIT} WHERE tenant = ${tenant} AND room = ${room} AND seq < ${beforeSeq}
      ORDER BY seq DESC LIMIT ${limit}`);
    return rows.map(toAuditRecord);
  }

  addJoinRequest(...request: Parameters<AccessDirectory['addJoinRequest']>): Promise<boolean> {
    return this.requests.addJoinRequest(...request);
  }

  pollJoinRequest(key: AccessKey, requestHash: Uint8Array, nowMs: number): Promise<JoinRequestRecord | undefined> {
    return this.requests.pollJoinRequest(key, requestHash, nowMs);
  }

  listJoinRequests(key: AccessKey, nowMs: number): Promise<readonly JoinRequestRecord[]> {
    return this.requests.listJoinRequests(key, nowMs);
  }

  decideJoinRequest(...decision: Parameters<AccessDirectory['decideJoinRequest']>): Promise<boolean> {
    return this.requests.decideJoinRequest(...decision);
  }

  checkProposal(
    key: AccessKey,
    proposal: Pick<ProposalRecord, 'proposalId' | 'subject' | 'bytes'>,
    bounds: ProposalBounds,
  ): Promise<ProposalCheck> {
    return this.proposals.checkProposal(key, proposal, bounds);
  }

  addProposal(...proposal: Parameters<AccessDirectory['addProposal']>): Promise<boolean> {
    return this.proposals.addProposal(...proposal);
  }

  listProposals(key: AccessKey): Promise<readonly ProposalRecord[]> {
    return this.proposals.listProposals(key);
  }

  readProposal(key: AccessKey, proposalId: string): Promise<Uint8Array | undefined> {
    return this.proposals.readProposal(key, proposalId);
  }

  settleProposal(...settlement: Parameters<AccessDirectory['settleProposal']>): Promise<boolean> {
    return this.proposals.settleProposal(...settlement);
  }
}
