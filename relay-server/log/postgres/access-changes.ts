import { type Kysely, sql } from 'kysely';
import { type AccessChange, type AccessKey, type ClosedLink, MAX_TOKEN_AGE_MS } from '../access-directory.ts';
import { type AccessRow, changeSettings, type ClosedLinkRow, toClosedLink } from '../access-rows.ts';
import type { ClosedReason } from '../room-directory.ts';
import { rowsOf } from './access-transactions.ts';
import { insertLink } from './insert-link.ts';
import type { RelayTables } from './schema.ts';
import { LINKS, MEMBERS, REVOKED_LINEAGES, REVOKED_SUBJECTS, ROOM_ACCESS, ROOM_ROLES } from './tables.ts';

/** What a change has closed, and why. */
export interface Closings {
  readonly closedLinks: readonly ClosedLink[];
  readonly reason: ClosedReason;
}

const NONE: Closings = { closedLinks: [], reason: 'all-removed' };
const IS_OPEN = sql`closed_at_ms IS NULL AND revoked_at_ms IS NULL`;

/** Of a link: somebody who came by it was made an owner. */
const OWNER_CAME_BY = sql`EXISTS (SELECT 1 FROM ${MEMBERS} AS m JOIN ${ROOM_ROLES} AS r USING (tenant, room, subject)
  WHERE m.tenant = l.tenant AND m.room = l.room AND m.link_id = l.link_id AND r.role = 'owner')`;

/** Makes a change of a room's access, whose row of `room_access` is there and locked already. */
export async function applyChange(
  database: Kysely<RelayTables>,
  key: AccessKey,
  change: AccessChange,
  nowMs: number,
): Promise<Closings> {
  const { tenant, room } = key;
  const isHere = sql`tenant = ${tenant} AND room = ${room}`;
  const run = async (query: ReturnType<typeof sql>): Promise<Closings> => {
    await query.execute(database);
    return NONE;
  };
  switch (change.kind) {
    case 'add-link':
      await insertLink(database, { ...change.link, tenant, room });
      return NONE;
    case 'revoke-link':
      return run(sql`UPDATE ${LINKS} SET revoked_at_ms = coalesce(revoked_at_ms, ${nowMs})
        WHERE ${isHere} AND link_id = ${change.linkId}`);
    case 'revoke-subject':
      await run(sql`INSERT INTO ${REVOKED_SUBJECTS} (tenant, room, subject, revoked_at_ms)
        VALUES (${tenant}, ${room}, ${change.subject}, ${nowMs}) ON CONFLICT DO NOTHING`);
      return closeLinksOf(database, key, change.subject, 'person-removed', nowMs);
    case 'revoke-lineage':
      await run(sql`DELETE FROM ${REVOKED_LINEAGES} WHERE ${isHere} AND revoked_at_ms < ${nowMs - MAX_TOKEN_AGE_MS}`);
      return run(sql`INSERT INTO ${REVOKED_LINEAGES} (tenant, room, lineage_id, revoked_at_ms)
        VALUES (${tenant}, ${room}, ${change.lineageId}, ${nowMs}) ON CONFLICT DO NOTHING`);
    case 'revoke-all':
      return revokeAll(database, key, nowMs);
    case 'set-role':
      await setRole(database, key, change);
      return change.closesLinks ? closeLinksOf(database, key, change.subject, 'role-lowered', nowMs) : NONE;
    case 'set-settings': {
      const query = sql`SELECT version, settings, revoked_before_ms FROM ${ROOM_ACCESS} WHERE ${isHere}`;
      const [row] = await rowsOf<AccessRow>(database, query);
      const settings = changeSettings(row?.settings, change.settings);
      return run(sql`UPDATE ${ROOM_ACCESS} SET settings = ${settings} WHERE ${isHere}`);
    }
    case 'touch':
      return NONE;
  }
}

async function setRole(
  database: Kysely<RelayTables>,
  { tenant, room }: AccessKey,
  { subject, role }: Extract<AccessChange, { kind: 'set-role' }>,
): Promise<void> {
  const query =
    role === undefined
      ? sql`DELETE FROM ${ROOM_ROLES} WHERE tenant = ${tenant} AND room = ${room} AND subject = ${subject}`
      : sql`INSERT INTO ${ROOM_ROLES} (tenant, room, subject, role) VALUES (${tenant}, ${room}, ${subject}, ${role})
          ON CONFLICT (tenant, room, subject) DO UPDATE SET role = excluded.role`;
  await query.execute(database);
}

async function closeLinksOf(
  database: Kysely<RelayTables>,
  { tenant, room }: AccessKey,
  subject: string,
  reason: ClosedReason,
  nowMs: number,
): Promise<Closings> {
  const isHere = sql`tenant = ${tenant} AND room = ${room}`;
  const rows = await rowsOf<ClosedLinkRow>(
    database,
    sql`UPDATE ${LINKS} SET closed_at_ms = ${nowMs}, closed_reason = ${reason} WHERE ${isHere} AND ${IS_OPEN}
        AND link_id IN (SELECT link_id FROM ${MEMBERS} WHERE ${isHere} AND subject = ${subject})
      RETURNING link_id, role, label`,
  );
  return { closedLinks: rows.map(toClosedLink), reason };
}

async function revokeAll(database: Kysely<RelayTables>, { tenant, room }: AccessKey, nowMs: number): Promise<Closings> {
  const isMeant = sql`tenant = ${tenant} AND room = ${room} AND role <> 'owner'`;
  const reason = 'all-removed';
  await sql`UPDATE ${LINKS} AS l SET revoked_at_ms = ${nowMs}
    WHERE ${isMeant} AND revoked_at_ms IS NULL AND NOT ${OWNER_CAME_BY}`.execute(database);
  const rows = await rowsOf<ClosedLinkRow>(
    database,
    sql`UPDATE ${LINKS} SET closed_at_ms = ${nowMs}, closed_reason = ${reason} WHERE ${isMeant} AND ${IS_OPEN}
      RETURNING link_id, role, label`,
  );
  // A token of this very millisecond was issued before.
  await sql`UPDATE ${ROOM_ACCESS} SET revoked_before_ms = greatest(revoked_before_ms, ${nowMs + 1}::bigint)
    WHERE tenant = ${tenant} AND room = ${room}`.execute(database);
  return { closedLinks: rows.map(toClosedLink), reason };
}
