import type { Role } from '../../../../shared/access/index.ts';

const NAMES: Record<Role, string> = { owner: 'Owner', editor: 'Editor', commenter: 'Commenter', viewer: 'Viewer' };

const ABILITIES: Record<Role, string> = {
  owner: 'can edit, invite others and manage the room',
  editor: 'can edit all files',
  commenter: 'can read files and comment',
  viewer: 'can only read',
};

/** Of those who come by a link for some paths: comments are for those who see all files. */
const LIMITED_ABILITIES: Record<Role, string> = {
  ...ABILITIES,
  editor: 'can edit these files alone',
  commenter: 'can only read these files',
  viewer: 'can only read these files',
};

/** The role's name as shown. */
export function roleName(role: Role): string {
  return NAMES[role];
}

/** What the role may do; completes a sentence that starts with whom. `isLimited`: on some paths alone. */
export function roleAbility(role: Role, isLimited = false): string {
  return (isLimited ? LIMITED_ABILITIES : ABILITIES)[role];
}
