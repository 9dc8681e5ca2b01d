import type { Role } from '../../../../shared/access/index.ts';

const NAMES: Record<Role, string> = { owner: 'Owner', editor: 'Editor', commenter: 'Commenter', viewer: 'Viewer' };

const ABILITIES: Record<Role, string> = {
  owner: 'can edit, invite others and manage the room',
  editor: 'can edit all files',
  commenter: 'can read files and comment',
  viewer: 'can only read',
};

/** The role's name as shown. */
export function roleName(role: Role): string {
  return NAMES[role];
}

/** What the role may do; completes a sentence that starts with whom. */
export function roleAbility(role: Role): string {
  return ABILITIES[role];
}
