import { type ChatPolicy, DEFAULT_ROOM_SETTINGS } from './room-settings.ts';

/** What a participant of a room may do, from most to least. */
export const ROLES = ['owner', 'editor', 'commenter', 'viewer'] as const;

export type Role = (typeof ROLES)[number];

export type DocumentAccess = 'read' | 'write';

const LEAST_CHATTING_ROLE: Readonly<Record<ChatPolicy, Role>> = {
  everyone: 'viewer',
  commenters: 'commenter',
  editors: 'editor',
};

/** What `role` may do with `document`; the relay enforces it, clients use it to explain. */
export function documentAccess(
  role: Role,
  document: string,
  chat: ChatPolicy = DEFAULT_ROOM_SETTINGS.chat,
): DocumentAccess {
  if (document === 'chat') return isAtLeast(role, LEAST_CHATTING_ROLE[chat]) ? 'write' : 'read';
  return isAtLeast(role, document === 'comments' ? 'commenter' : 'editor') ? 'write' : 'read';
}

/** Whether `role` may do everything that `least` may. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(least);
}

export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && ROLES.some((role) => role === value);
}
