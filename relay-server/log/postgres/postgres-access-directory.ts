import { type Kysely, sql } from 'kysely';
import { endsPresenting, noteConsequences, subjectOf, takesAccess } from '../access-consequences.ts';
import {
  type AccessChange,
  type AccessDirectory,
  type AccessKey,
  type AuditRecord,
  type ChangeOutcome,
  type ListedLink,
  MAX_LISTED_SESSIONS,
  MAX_TOKEN_AGE_MS,
  type MemberRecord,
  NEWCOMER_KEPT_MS,
  type Noting,
  type PeopleCursor,
  type PeoplePage,
  type RoomAccess,
  type RoomVisits,
} from '../access-directory.ts';
import {
  type AuditRow,
  encodeSettings,
  type HeadRow,
  latestOf,
  type MemberRow,
  type PersonSessionRow,
  toAuditRecord,
  toHead,
  toMember,
  toPersonSession,
} from '../access-rows.ts';
import { type LinkRow, toLink } from '../database-rows.ts';
import { choosePeople, FIRST_PERSON, toPeoplePage } from '../people-page.ts';
import { applyChange } from './access-changes.ts';
import { AccessTransactions, addEvents, note, storable } from './access-transactions.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { PostgresJoinRequests } from './postgres-join-requests.ts';
import { PostgresProposals } from './postgres-proposals.ts';
import { readAccess, readSessions, resolveNoting } from './read-access.ts';
import type { RelayTables } from './schema.ts';
import { AUDIT, LINKS, MEMBERS, ROOM_ACCESS, ROOM_ROLES } from './tables.ts';

/** Of a member: a session of the same person was seen later. */
const HAS_NEWER = sql`EXISTS (SELECT FROM ${MEMBERS} AS o WHERE o.tenant = m.tenant AND o.room = m.room
  AND o.subject = m.subject AND (o.last_seen_ms, o.lineage_id) > (m.last_seen_ms, m.lineage_id))`;

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

  readAccess(key: AccessKey): Promise<RoomAccess> {
    return this.transactions.alone((database) => readAccess(database, key));
  }

  async readVersions(keys: readonly AccessKey[]): Promise<readonly number[]> {
    const [tenants, rooms] = [keys.map(({ tenant }) => tenant), keys.map(({ room }) => room)];
    const rows = await this.transactions.rows<{ version: number | null }>(sql`
      SELECT version FROM unnest(${tenants}::text[], ${rooms}::text[]) WITH ORDINALITY AS asked (tenant, room, position)
      LEFT JOIN ${ROOM_ACCESS} USING (tenant, room) ORDER BY position`);
    return rows.map(({ version }) => version ?? 0);
  }

  async change(key: AccessKey, change: AccessChange, noting: Noting | undefined): Promise<ChangeOutcome> {
    return this.transactions.transact(async (transaction) => {
      // First, so that changes of one room go one after the other.
      const version = await note(transaction, key, []);
      const event = noting && (await resolveNoting(transaction, key, noting, subjectOf(change)));
      const closings = await applyChange(transaction, key, change, event?.atMs ?? Date.now());
      const presenter = takesAccess(change) ? await endPresenting(transaction, key, change) : undefined;
      const events = noteConsequences(event, { ...closings, ...(presenter !== undefined && { presenter }) });
      await addEvents(transaction, key, event ? [event, ...events] : events);
      return { version, closedLinks: closings.closedLinks };
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

  async recordVisits(rooms: readonly RoomVisits[]): Promise<void> {
    const visits = rooms.filter(({ members, events }) => members.length + events.length > 0);
    if (visits.length === 0) return;
    // In one order, so that nodes which note visits of the same rooms do not wait for each other in a circle.
    visits.sort((a, b) => compare(a.key.tenant, b.key.tenant) || compare(a.key.room, b.key.room));
    await this.transactions.transact(async (transaction) => {
      for (const visit of visits) await recordRoom(transaction, visit);
    });
  }

  async listPeople(
    { tenant, room }: AccessKey,
    page: { readonly limit: number; readonly after?: PeopleCursor; readonly connected?: readonly string[] },
  ): Promise<PeoplePage> {
    const { limit, after, connected = [] } = page;
    const { lastSeenMs, lineageId } = after ?? FIRST_PERSON;
    const isHere = sql`m.tenant = ${tenant} AND m.room = ${room}`;
    const heads = await this.transactions.rows<HeadRow>(sql`
      SELECT subject, last_seen_ms, lineage_id FROM ${MEMBERS} AS m
      WHERE ${isHere} AND (last_seen_ms, lineage_id) < (${lastSeenMs}::bigint, ${lineageId}) AND NOT ${HAS_NEWER}
      ORDER BY last_seen_ms DESC, lineage_id DESC LIMIT ${limit}`);
    const owners = after ? [] : await this.listOwners({ tenant, room }, limit);
    const chosen = choosePeople(heads.map(toHead), limit, after ? [] : [...owners, ...connected], after);
    const sessions = await this.transactions.rows<PersonSessionRow>(sql`
      SELECT * FROM (
        SELECT m.*, min(first_seen_ms) OVER (PARTITION BY subject) AS first_of_person_ms,
          row_number() OVER (PARTITION BY subject ORDER BY last_seen_ms DESC, lineage_id DESC) AS place
        FROM ${MEMBERS} AS m WHERE ${isHere} AND subject = ANY (${[...chosen.subjects]}::text[])
      ) AS placed WHERE place <= ${MAX_LISTED_SESSIONS} ORDER BY subject, place`);
    return toPeoplePage(chosen, sessions.map(toPersonSession));
  }

  private async listOwners({ tenant, room }: AccessKey, limit: number): Promise<readonly string[]> {
    const isHere = sql`m.tenant = ${tenant} AND m.room = ${room}`;
    const rows = await this.transactions.rows<{ subject: string }>(sql`
      SELECT subject FROM ${ROOM_ROLES} AS m WHERE ${isHere} AND role = 'owner'
      UNION SELECT subject FROM ${MEMBERS} AS m WHERE ${isHere} AND role = 'owner' AND NOT EXISTS
        (SELECT FROM ${ROOM_ROLES} AS r WHERE r.tenant = m.tenant AND r.room = m.room AND r.subject = m.subject)
      LIMIT ${limit}`);
    return rows.map(({ subject }) => subject);
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

  addJoinRequest(...request: Parameters<AccessDirectory['addJoinRequest']>) {
    return this.requests.addJoinRequest(...request);
  }

  pollJoinRequest(...poll: Parameters<AccessDirectory['pollJoinRequest']>) {
    return this.requests.pollJoinRequest(...poll);
  }

  listJoinRequests(...listing: Parameters<AccessDirectory['listJoinRequests']>) {
    return this.requests.listJoinRequests(...listing);
  }

  decideJoinRequest(...decision: Parameters<AccessDirectory['decideJoinRequest']>) {
    return this.requests.decideJoinRequest(...decision);
  }

  redeemJoinRequest(...redemption: Parameters<AccessDirectory['redeemJoinRequest']>) {
    return this.requests.redeemJoinRequest(...redemption);
  }

  checkProposal(...check: Parameters<AccessDirectory['checkProposal']>) {
    return this.proposals.checkProposal(...check);
  }

  addProposal(...proposal: Parameters<AccessDirectory['addProposal']>) {
    return this.proposals.addProposal(...proposal);
  }

  listProposals(key: AccessKey) {
    return this.proposals.listProposals(key);
  }

  findProposal(key: AccessKey, proposalId: string) {
    return this.proposals.findProposal(key, proposalId);
  }

  readProposal(key: AccessKey, proposalId: string) {
    return this.proposals.readProposal(key, proposalId);
  }

  settleProposal(...settlement: Parameters<AccessDirectory['settleProposal']>) {
    return this.proposals.settleProposal(...settlement);
  }
}

/** Gives who presented and may not any more. */
async function endPresenting(
  database: Kysely<RelayTables>,
  key: AccessKey,
  change: AccessChange,
): Promise<string | undefined> {
  const access = await readAccess(database, key);
  const { presenter } = access.settings;
  if (presenter === undefined) return undefined;
  if (!endsPresenting(change, access, presenter, await readSessions(database, key, presenter))) return undefined;
  const settings = encodeSettings({ ...access.settings, presenter: undefined });
  await sql`UPDATE ${ROOM_ACCESS} SET settings = ${settings}
    WHERE tenant = ${key.tenant} AND room = ${key.room}`.execute(database);
  return presenter;
}

async function recordRoom(database: Kysely<RelayTables>, { key, members, events }: RoomVisits): Promise<void> {
  const { tenant, room } = key;
  const isHere = sql`tenant = ${tenant} AND room = ${room}`;
  const nowMs = latestOf(members);
  await note(database, key, events);
  await sql`DELETE FROM ${MEMBERS} WHERE ${isHere} AND last_seen_ms < ${nowMs - MAX_TOKEN_AGE_MS}`.execute(database);
  await sql`DELETE FROM ${MEMBERS} WHERE ${isHere} AND last_seen_ms < ${nowMs - NEWCOMER_KEPT_MS}
    AND last_seen_ms = first_seen_ms AND link_id IS NOT NULL`.execute(database);
  for (const { subject, name, role, linkId = null, lineageId, lastSeenMs } of members)
    await sql`
      INSERT INTO ${MEMBERS} AS present
        (tenant, room, lineage_id, subject, name, role, link_id, first_seen_ms, last_seen_ms)
      VALUES (${tenant}, ${room}, ${lineageId}, ${subject}, ${storable(name)}, ${role}, ${linkId}, ${lastSeenMs},
        ${lastSeenMs})
      ON CONFLICT (tenant, room, lineage_id) DO UPDATE SET
        name = excluded.name, role = excluded.role, last_seen_ms = excluded.last_seen_ms`.execute(database);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
