import { type Kysely, sql } from 'kysely';
import type { AccessBefore, AccessKey, AuditEvent, Noting, RoomAccess } from '../access-directory.ts';
import { type AccessRow, type MemberRow, toMember, toRole, toSettings } from '../access-rows.ts';
import { rowsOf } from './access-transactions.ts';
import type { RelayTables } from './schema.ts';
import { LINKS, MEMBERS, REVOKED_LINEAGES, REVOKED_SUBJECTS, ROOM_ACCESS, ROOM_ROLES } from './tables.ts';

/** What is taken back in a room, in one row, so that one statement reads it at one moment. */
interface AccessParts {
  readonly access: AccessRow | null;
  readonly links: readonly string[];
  readonly subjects: readonly string[];
  readonly lineages: readonly string[];
  readonly roles: readonly { readonly subject: string; readonly role: string }[];
}

/** Reads what owners have taken back and set, within whatever transaction `database` is. */
export async function readAccess(database: Kysely<RelayTables>, { tenant, room }: AccessKey): Promise<RoomAccess> {
  const isHere = sql`tenant = ${tenant} AND room = ${room}`;
  const [parts] = await rowsOf<AccessParts>(
    database,
    sql`SELECT
      (SELECT to_json(a) FROM (SELECT version, settings, revoked_before_ms FROM ${ROOM_ACCESS} WHERE ${isHere}) a) AS access,
      (SELECT coalesce(json_agg(link_id), '[]') FROM ${LINKS} WHERE ${isHere} AND revoked_at_ms IS NOT NULL) AS links,
      (SELECT coalesce(json_agg(subject), '[]') FROM ${REVOKED_SUBJECTS} WHERE ${isHere}) AS subjects,
      (SELECT coalesce(json_agg(lineage_id), '[]') FROM ${REVOKED_LINEAGES} WHERE ${isHere}) AS lineages,
      (SELECT coalesce(json_agg(json_build_object('subject', subject, 'role', role)), '[]')
       FROM ${ROOM_ROLES} WHERE ${isHere}) AS roles`,
  );
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

/** The sessions of one person, those seen last first. */
export async function readSessions(
  database: Kysely<RelayTables>,
  { tenant, room }: AccessKey,
  subject: string | undefined,
): Promise<AccessBefore['sessions']> {
  if (subject === undefined) return [];
  const rows = await rowsOf<MemberRow>(
    database,
    sql`SELECT * FROM ${MEMBERS} WHERE tenant = ${tenant} AND room = ${room} AND subject = ${subject}
      ORDER BY last_seen_ms DESC, lineage_id LIMIT 100`,
  );
  return rows.map(toMember);
}

/** What is noted, in a transaction that holds up other changes of the room and has changed nothing else yet. */
export async function resolveNoting(
  database: Kysely<RelayTables>,
  key: AccessKey,
  noting: Noting,
  subject?: string,
): Promise<AuditEvent> {
  if (typeof noting !== 'function') return noting;
  return noting({ access: await readAccess(database, key), sessions: await readSessions(database, key, subject) });
}
