import { type Kysely, sql } from 'kysely';
import type { NewLink } from '../room-directory.ts';
import type { RelayTables } from './schema.ts';

/** Stores a link, within whatever transaction `database` is. */
export async function insertLink(database: Kysely<RelayTables>, link: NewLink): Promise<void> {
  await database
    .insertInto('links')
    .values({
      tenant: link.tenant,
      link_id: link.linkId,
      room: link.room,
      role: link.role,
      label: link.label,
      // pg takes a Buffer as binary data.
      secret_hash: Buffer.from(link.secretHash),
      created_at_ms: link.createdAtMs,
      expires_at_ms: link.expiresAtMs ?? null,
      max_uses: link.maxUses ?? null,
      needs_approval: link.needsApproval,
      paths: link.paths ? JSON.stringify(link.paths) : null,
      created_by: link.createdBy,
      closed_at_ms: null,
      closed_reason: null,
      revoked_at_ms: null,
    })
    .execute();
}

/** Counts a use of a link; gives false when nobody new can come by it. */
export async function useLink(database: Kysely<RelayTables>, tenant: string, linkId: string): Promise<boolean> {
  const used = await database
    .updateTable('links')
    .set({ uses: sql<number>`uses + 1` })
    .where('tenant', '=', tenant)
    .where('link_id', '=', linkId)
    .where((is) => is.or([is('max_uses', 'is', null), is('uses', '<', is.ref('max_uses'))]))
    .where('closed_at_ms', 'is', null)
    .where('revoked_at_ms', 'is', null)
    .returning('link_id')
    .executeTakeFirst();
  return used !== undefined;
}
