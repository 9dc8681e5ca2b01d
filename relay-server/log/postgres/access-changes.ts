import { type Kysely, sql } from 'kysely';
import { type AccessChange, type AccessKey, MAX_TOKEN_AGE_MS } from '../access-directory.ts';
import { type AccessRow, changeSettings } from '../access-rows.ts';
import { rowsOf } from './access-transactions.ts';
import { insertLink } from './insert-link.ts';
import type { RelayTables } from './schema.ts';
import { LINKS, MEMBERS, REVOKED_LINEAGES, REVOKED_SUBJECTS, ROOM_ACCESS, ROOM_ROLES } from './tables.ts';

/** Of a link: somebody who came by it was made an owner. */
const OWNER_CAME_BY = sql`EXISTS (SELECT 1 FROM ${MEMBERS} AS m JOIN ${ROOM_ROLES} AS r USING (tenant, room, subject)
  WHERE m.tenant = l.tenant AND m.room = l.room AND m.link_id = l.link_id AND r.role = 'owner')`;

/** Makes a change of a room's access, whose row of `room_access` is there and locked already. */
export async function applyChange(
  database: Kysely<RelayTables>,
  key: AccessKey,
  change: AccessChange,
  nowMs: number,
): Promise<void> {
  const { tenant, room } = key;
  const isHere = sql`tenant = ${tenant} AND room = ${room}`;
  const run = async (query: ReturnType<typeof sql>) => void (await query.execute(database));
  const closeLinksOf = (subject: string) =>
    run(sql`UPDATE ${LINKS} SET closed_at_ms = coalesce(closed_at_ms, ${nowMs})
        WHERE ${isHere} AND link_id IN (SELECT link_id FROM ${MEMBERS} WHERE ${isHere} AND subject = ${subject})`);
  switch (change.kind) {
    case 'add-link':
      return insertLink(database, { ...change.link, tenant, room });
    case 'revoke-link':
      return run(sql`UPDATE ${LINKS} SET revoked_at_ms = coalesce(revoked_at_ms, ${nowMs})
        WHERE ${isHere} AND link_id = ${change.linkId}`);
    case 'revoke-subject':
      await run(sql`INSERT INTO ${REVOKED_SUBJECTS} (tenant, room, subject, revoked_at_ms)
        VALUES (${tenant}, ${room}, ${change.subject}, ${nowMs}) ON CONFLICT DO NOTHING`);
      return closeLinksOf(change.subject);
    case 'revoke-lineage':
      await run(sql`DELETE FROM ${REVOKED_LINEAGES} WHERE ${isHere} AND revoked_at_ms < ${nowMs - MAX_TOKEN_AGE_MS}`);
      return run(sql`INSERT INTO ${REVOKED_LINEAGES} (tenant, room, lineage_id, revoked_at_ms)
        VALUES (${tenant}, ${room}, ${change.lineageId}, ${nowMs}) ON CONFLICT DO NOTHING`);
    case 'revoke-all':
      return revokeAll(database, key, nowMs);
    case 'set-role':
      if (change.closesLinks) await closeLinksOf(change.subject);
      if (change.role === undefined)
        return run(sql`DELETE FROM ${ROOM_ROLES} WHERE ${isHere} AND subject = ${change.subject}`);
      return run(sql`INSERT INTO ${ROOM_ROLES} (tenant, room, subject, role)
        VALUES (${tenant}, ${room}, ${change.subject}, ${change.role})
        ON CONFLICT (tenant, room, subject) DO UPDATE SET role = excluded.role`);
    case 'set-settings': {
      const query = sql`SELECT version, settings, revoked_before_ms FROM ${ROOM_ACCESS} WHERE ${isHere}`;
      const [row] = await rowsOf<AccessRow>(database, query);
      const settings = changeSettings(row?.settings, change.settings);
      return run(sql`UPDATE ${ROOM_ACCESS} SET settings = ${settings} WHERE ${isHere}`);
    }
    case 'touch':
  }
}

async function revokeAll(database: Kysely<RelayTables>, { tenant, room }: AccessKey, nowMs: number): Promise<void> {
  const isOpen = sql`tenant = ${tenant} AND room = ${room} AND role <> 'owner' AND revoked_at_ms IS NULL`;
  await sql`UPDATE ${LINKS} AS l SET revoked_at_ms = ${nowMs} WHERE ${isOpen} AND NOT ${OWNER_CAME_BY}`.execute(
    database,
  );
  await sql`UPDATE ${LINKS} SET closed_at_ms = coalesce(closed_at_ms, ${nowMs}) WHERE ${isOpen}`.execute(database);
  // A token of this very millisecond was issued before.
  await sql`UPDATE ${ROOM_ACCESS} SET revoked_before_ms = greatest(revoked_before_ms, ${nowMs + 1}::bigint)
    WHERE tenant = ${tenant} AND room = ${room}`.execute(database);
}
