import { type Kysely, sql, type Transaction } from 'kysely';
import type {
  AccessChange,
  AccessDirectory,
  AccessKey,
  AuditEvent,
  AuditRecord,
  JoinDecision,
  JoinRequestRecord,
  ListedLink,
  MemberRecord,
  ProposalBounds,
  ProposalRecord,
  ProposalState,
  RoomAccess,
} from '../access-directory.ts';
import {
  type AccessRow,
  type AuditRow,
  encodeSettings,
  type JoinRequestRow,
  type MemberRow,
  type ProposalRow,
  toAuditRecord,
  toJoinRequest,
  toMember,
  toProposal,
  toRole,
  toSettings,
} from '../access-rows.ts';
import { type LinkRow, toLink } from '../database-rows.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { type RelayTables, SCHEMA } from './schema.ts';

const table = (name: string) => sql.table(`${SCHEMA}.${name}`);
const ACCESS = table('room_access');
const LINKS = table('links');
const SUBJECTS = table('revoked_subjects');
const LINEAGES = table('revoked_lineages');
const ROLES = table('room_roles');
const MEMBERS = table('members');
const AUDIT = table('audit');
const REQUESTS = table('join_requests');
const PROPOSALS = table('proposals');
const DEFAULT_SETTINGS = encodeSettings(toSettings(undefined));

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
  private readonly database: Kysely<RelayTables>;
  private readonly pool: ConnectionPool;

  /** `database` uses the connections of `pool`, which the caller keeps the ownership of. */
  constructor(database: Kysely<RelayTables>, pool: ConnectionPool) {
    this.database = database;
    this.pool = pool;
  }

  async readAccess({ tenant, room }: AccessKey): Promise<RoomAccess> {
    const isHere = sql`tenant = ${tenant} AND room = ${room}`;
    const [parts] = await this.rows<AccessParts>(sql`SELECT
      (SELECT to_json(a) FROM (SELECT version, settings, revoked_before_ms FROM ${ACCESS} WHERE ${isHere}) a) AS access,
      (SELECT coalesce(json_agg(link_id), '[]') FROM ${LINKS} WHERE ${isHere} AND revoked_at_ms IS NOT NULL) AS links,
      (SELECT coalesce(json_agg(subject), '[]') FROM ${SUBJECTS} WHERE ${isHere}) AS subjects,
      (SELECT coalesce(json_agg(lineage_id), '[]') FROM ${LINEAGES} WHERE ${isHere}) AS lineages,
      (SELECT coalesce(json_agg(json_build_object('subject', subject, 'role', role)), '[]')
       FROM ${ROLES} WHERE ${isHere}) AS roles`);
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
    const rows = await this.rows<{ version: number | null }>(sql`
      SELECT version FROM unnest(${tenants}::text[], ${rooms}::text[]) WITH ORDINALITY AS asked (tenant, room, position)
      LEFT JOIN ${ACCESS} USING (tenant, room) ORDER BY position`);
    return rows.map(({ version }) => version ?? 0);
  }

  async change(key: AccessKey, change: AccessChange, event: AuditEvent | undefined): Promise<number> {
    return this.transact(async (transaction) => {
      // First, so that changes of one room go one after the other.
      const version = await note(transaction, key, event ? [event] : []);
      await apply(transaction, key, change, event?.atMs ?? Date.now());
      return version;
    });
  }

  async listLinks({ tenant, room }: AccessKey): Promise<readonly ListedLink[]> {
    const rows = await this.rows<LinkRow>(
      sql`SELECT * FROM ${LINKS} WHERE tenant = ${tenant} AND room = ${room} ORDER BY created_at_ms DESC, link_id`,
    );
    return rows.flatMap((row) => {
      const link = toLink(row);
      if (!link) return [];
      const { secretHash: _secretHash, ...listed } = link;
      return [listed];
    });
  }

  async recordMember(key: AccessKey, member: Omit<MemberRecord, 'firstSeenMs'>): Promise<void> {
    const { tenant, room } = key;
    const { subject, name, role, linkId = null, lineageId, lastSeenMs } = member;
    await this.transact(async (transaction) => {
      await note(transaction, key, []);
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
    const rows = await this.rows<MemberRow>(sql`
      SELECT * FROM ${MEMBERS} WHERE tenant = ${tenant} AND room = ${room}
      ORDER BY last_seen_ms DESC, lineage_id LIMIT ${limit}`);
    return rows.map(toMember);
  }

  async findMembers(
    { tenant, room }: AccessKey,
    who: { readonly subject: string } | { readonly lineageId: string },
  ): Promise<readonly MemberRecord[]> {
    const isMeant = 'subject' in who ? sql`subject = ${who.subject}` : sql`lineage_id = ${who.lineageId}`;
    const rows = await this.rows<MemberRow>(sql`
      SELECT * FROM ${MEMBERS} WHERE tenant = ${tenant} AND room = ${room} AND ${isMeant}
      ORDER BY last_seen_ms DESC, lineage_id LIMIT 100`);
    return rows.map(toMember);
  }

  async appendAudit(key: AccessKey, events: readonly AuditEvent[]): Promise<void> {
    if (events.length > 0) await this.transact((transaction) => note(transaction, key, events));
  }

  async listAudit(
    { tenant, room }: AccessKey,
    { beforeSeq = Number.MAX_SAFE_INTEGER, limit }: { readonly beforeSeq?: number; readonly limit: number },
  ): Promise<readonly AuditRecord[]> {
    const rows = await this.rows<AuditRow>(sql`
      SELECT * FROM ${AUDIT} WHERE tenant = ${tenant} AND room = ${room} AND seq < ${beforeSeq}
      ORDER BY seq DESC LIMIT ${limit}`);
    return rows.map(toAuditRecord);
  }

  async addJoinRequest(
    key: AccessKey,
    request: Omit<JoinRequestRecord, 'decision'>,
    requestHash: Uint8Array,
    maxPending: number,
  ): Promise<boolean> {
    const { tenant, room } = key;
    const { requestId, linkId, subject, name, createdAtMs } = request;
    const event = { atMs: createdAtMs, actor: subject, actorName: name, target: requestId, detail: linkId };
    return this.transactUnless(async (transaction) => {
      await note(transaction, key, [{ ...event, kind: 'join-requested' }]);
      const [pending] = await rowsOf<{ count: number }>(
        transaction,
        sql`SELECT count(*) AS count FROM ${REQUESTS}
          WHERE tenant = ${tenant} AND room = ${room} AND decision = 'pending'`,
      );
      if ((pending?.count ?? 0) >= maxPending) return false;
      await sql`
        INSERT INTO ${REQUESTS}
          (tenant, room, request_id, request_hash, link_id, subject, name, created_at_ms, decision)
        VALUES (${tenant}, ${room}, ${requestId}, ${Buffer.from(requestHash)}, ${linkId}, ${subject},
          ${storable(name)}, ${createdAtMs}, 'pending')`.execute(transaction);
      return true;
    });
  }

  async findJoinRequest({ tenant, room }: AccessKey, requestHash: Uint8Array): Promise<JoinRequestRecord | undefined> {
    const [row] = await this.rows<JoinRequestRow>(sql`
      SELECT * FROM ${REQUESTS}
      WHERE tenant = ${tenant} AND room = ${room} AND request_hash = ${Buffer.from(requestHash)}`);
    return row && toJoinRequest(row);
  }

  async listJoinRequests({ tenant, room }: AccessKey): Promise<readonly JoinRequestRecord[]> {
    const rows = await this.rows<JoinRequestRow>(sql`
      SELECT * FROM ${REQUESTS} WHERE tenant = ${tenant} AND room = ${room}
      ORDER BY decision = 'pending' DESC, created_at_ms DESC, request_id LIMIT 1000`);
    return rows.map(toJoinRequest);
  }

  async decideJoinRequest(
    key: AccessKey,
    requestId: string,
    decision: Exclude<JoinDecision, 'pending'>,
    event: AuditEvent,
  ): Promise<boolean> {
    return this.transactUnless(async (transaction) => {
      await note(transaction, key, [event]);
      const rows = await rowsOf(
        transaction,
        sql`UPDATE ${REQUESTS} SET decision = ${decision}
          WHERE tenant = ${key.tenant} AND room = ${key.room} AND request_id = ${requestId} AND decision = 'pending'
          RETURNING request_id`,
      );
      return rows.length === 1;
    });
  }

  async addProposal(
    key: AccessKey,
    proposal: Omit<ProposalRecord, 'state' | 'bytes'>,
    update: Uint8Array,
    bounds: ProposalBounds,
    event: AuditEvent,
  ): Promise<boolean> {
    const { tenant, room } = key;
    const { proposalId, subject, name, document, createdAtMs } = proposal;
    const { byteLength } = update;
    const isHere = sql`tenant = ${tenant} AND room = ${room}`;
    let isKnown = false;
    const isAdded = await this.transactUnless(async (transaction) => {
      await note(transaction, key, [event]);
      // Sent again after an answer that was lost.
      const selectKnown = sql`SELECT 1 FROM ${PROPOSALS} WHERE ${isHere} AND proposal_id = ${proposalId}`;
      isKnown = (await rowsOf(transaction, selectKnown)).length > 0;
      if (isKnown) return false;
      const [used] = await rowsOf<{ room_bytes: number; subject_bytes: number; subject_count: number }>(
        transaction,
        sql`SELECT coalesce(sum(bytes), 0)::bigint AS room_bytes,
            coalesce(sum(bytes) FILTER (WHERE subject = ${subject}), 0)::bigint AS subject_bytes,
            count(*) FILTER (WHERE subject = ${subject}) AS subject_count
          FROM ${PROPOSALS} WHERE ${isHere} AND state = 'open'`,
      );
      const isWithin =
        (used?.room_bytes ?? 0) + byteLength <= bounds.maxRoomBytes &&
        (used?.subject_bytes ?? 0) + byteLength <= bounds.maxSubjectBytes &&
        (used?.subject_count ?? 0) < bounds.maxSubjectProposals;
      if (!isWithin) return false;
      await sql`
        INSERT INTO ${PROPOSALS}
          (tenant, room, proposal_id, subject, name, document, created_at_ms, bytes, state, content)
        VALUES (${tenant}, ${room}, ${proposalId}, ${subject}, ${storable(name)}, ${document}, ${createdAtMs},
          ${byteLength}, 'open', ${Buffer.from(update)})`.execute(transaction);
      return true;
    });
    return isAdded || isKnown;
  }

  async listProposals({ tenant, room }: AccessKey): Promise<readonly ProposalRecord[]> {
    const rows = await this.rows<ProposalRow>(sql`
      SELECT proposal_id, subject, name, document, created_at_ms, bytes, state FROM ${PROPOSALS}
      WHERE tenant = ${tenant} AND room = ${room} AND state = 'open' ORDER BY created_at_ms, proposal_id`);
    return rows.map(toProposal);
  }

  async readProposal({ tenant, room }: AccessKey, proposalId: string): Promise<Uint8Array | undefined> {
    const [row] = await this.rows<{ content: Uint8Array | null }>(sql`
      SELECT content FROM ${PROPOSALS}
      WHERE tenant = ${tenant} AND room = ${room} AND proposal_id = ${proposalId}`);
    return row?.content ?? undefined;
  }

  async settleProposal(
    key: AccessKey,
    proposalId: string,
    state: Exclude<ProposalState, 'open'>,
    event: AuditEvent,
  ): Promise<boolean> {
    return this.transactUnless(async (transaction) => {
      await note(transaction, key, [event]);
      const rows = await rowsOf(
        transaction,
        sql`UPDATE ${PROPOSALS} SET state = ${state}, content = NULL
          WHERE tenant = ${key.tenant} AND room = ${key.room} AND proposal_id = ${proposalId} AND state = 'open'
          RETURNING proposal_id`,
      );
      return rows.length === 1;
    });
  }

  private rows<Row>(query: ReturnType<typeof sql>): Promise<readonly Row[]> {
    return this.pool.guard(() => rowsOf<Row>(this.database, query));
  }

  private transact<T>(work: (transaction: Transaction<RelayTables>) => Promise<T>): Promise<T> {
    return this.pool.guard(() => this.database.transaction().execute(work));
  }

  /** Undoes everything when `work` gives false. */
  private async transactUnless(work: (transaction: Transaction<RelayTables>) => Promise<boolean>): Promise<boolean> {
    return this.pool.guard(async () => {
      const transaction = await this.database.startTransaction().execute();
      try {
        const isDone = await work(transaction);
        await (isDone ? transaction.commit() : transaction.rollback()).execute();
        return isDone;
      } catch (error) {
        await transaction
          .rollback()
          .execute()
          .catch(() => undefined);
        throw error;
      }
    });
  }
}

async function rowsOf<Row>(database: Kysely<RelayTables>, query: ReturnType<typeof sql>): Promise<readonly Row[]> {
  const { rows } = await query.execute(database);
  return rows as readonly Row[];
}

/** Raises the version and appends to the audit. Holds up other changes of the room until the transaction ends. */
async function note(
  database: Kysely<RelayTables>,
  { tenant, room }: AccessKey,
  events: readonly AuditEvent[],
): Promise<number> {
  const [row] = await rowsOf<{ version: number; audit_seq: number }>(
    database,
    sql`INSERT INTO ${ACCESS} AS present (tenant, room, settings, version, audit_seq)
      VALUES (${tenant}, ${room}, ${DEFAULT_SETTINGS}, 1, ${events.length})
      ON CONFLICT (tenant, room) DO UPDATE SET
        version = present.version + 1, audit_seq = present.audit_seq + ${events.length}
      RETURNING version, audit_seq`,
  );
  const { version = 0, audit_seq: lastSeq = 0 } = row ?? {};
  for (const [index, { atMs, kind, actor, actorName, target, detail }] of events.entries()) {
    await sql`
      INSERT INTO ${AUDIT} (tenant, room, seq, at_ms, kind, actor, actor_name, target, detail)
      VALUES (${tenant}, ${room}, ${lastSeq - events.length + 1 + index}, ${atMs}, ${kind}, ${storable(actor)},
        ${storable(actorName)}, ${storable(target)}, ${storable(detail)})`.execute(database);
  }
  return version;
}

async function apply(
  database: Kysely<RelayTables>,
  { tenant, room }: AccessKey,
  change: AccessChange,
  nowMs: number,
): Promise<void> {
  const isHere = sql`tenant = ${tenant} AND room = ${room}`;
  const run = async (query: ReturnType<typeof sql>) => void (await query.execute(database));
  const closeLinksOf = (subject: string) =>
    run(sql`UPDATE ${LINKS} SET closed_at_ms = coalesce(closed_at_ms, ${nowMs})
        WHERE ${isHere} AND link_id IN (SELECT link_id FROM ${MEMBERS} WHERE ${isHere} AND subject = ${subject})`);
  switch (change.kind) {
    case 'revoke-link':
      return run(sql`UPDATE ${LINKS} SET revoked_at_ms = coalesce(revoked_at_ms, ${nowMs})
        WHERE ${isHere} AND link_id = ${change.linkId}`);
    case 'revoke-subject':
      await run(sql`INSERT INTO ${SUBJECTS} (tenant, room, subject, revoked_at_ms)
        VALUES (${tenant}, ${room}, ${change.subject}, ${nowMs}) ON CONFLICT DO NOTHING`);
      return closeLinksOf(change.subject);
    case 'revoke-lineage':
      return run(sql`INSERT INTO ${LINEAGES} (tenant, room, lineage_id, revoked_at_ms)
        VALUES (${tenant}, ${room}, ${change.lineageId}, ${nowMs}) ON CONFLICT DO NOTHING`);
    case 'revoke-all':
      await run(sql`UPDATE ${LINKS} SET revoked_at_ms = ${nowMs}
        WHERE ${isHere} AND role <> 'owner' AND revoked_at_ms IS NULL`);
      // A token of this very millisecond was issued before.
      return run(sql`UPDATE ${ACCESS} 
        SET revoked_before_ms = greatest(revoked_before_ms, ${nowMs + 1}::bigint) WHERE ${isHere}`);
    case 'set-role':
      if (change.closesLinks) await closeLinksOf(change.subject);
      if (change.role === undefined)
        return run(sql`DELETE FROM ${ROLES} WHERE ${isHere} AND subject = ${change.subject}`);
      return run(sql`INSERT INTO ${ROLES} (tenant, room, subject, role)
        VALUES (${tenant}, ${room}, ${change.subject}, ${change.role})
        ON CONFLICT (tenant, room, subject) DO UPDATE SET role = excluded.role`);
    case 'set-settings':
      return run(sql`UPDATE ${ACCESS} SET settings = ${encodeSettings(change.settings)} WHERE ${isHere}`);
    case 'touch':
  }
}

// Names and explanations may quote anything, and a text of Postgres cannot have this character.
function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
