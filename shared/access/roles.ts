/** What a participant of a room may do, from most to least. */
export const ROLES = ['owner', 'editor', 'commenter', 'viewer'] as const;

export type Role = (typeof ROLES)[number];

export type DocumentAccess = 'read' | 'write';

const COMMENTER_DOCUMENTS: readonly string[] = ['comments', 'chat'];

/** What `role` may do with `document`; the relay enforces it, clients use it to explain. */
export function documentAccess(role: Role, document: string): DocumentAccess {
  if (role === 'owner' || role === 'editor') return 'write';
  if (role === 'commenter' && COMMENTER_DOCUMENTS.includes(document)) return 'write';
  return 'read';
}

export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && ROLES.some((role) => role === value);
}
