import type { RoomLink } from '../../../../shared/sync/administration/index.ts';
import { roleName } from '../people/role-names.ts';

/** What owners call a link: its label, or what it is for. */
export function linkName({ label, role }: Pick<RoomLink, 'label' | 'role'>): string {
  return label === '' ? `Link for ${roleName(role).toLowerCase()}s` : label;
}
