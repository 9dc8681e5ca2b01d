import type { Kysely } from 'kysely';
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
      revoked_at_ms: null,
    })
    .execute();
}
