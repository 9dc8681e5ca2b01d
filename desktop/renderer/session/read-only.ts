import type { Role } from '../../../shared/access/index.ts';

/** Why somebody with this access cannot type; undefined when they can. */
export function explainReadOnly(access: 'read' | 'write' | 'unknown', role: Role | undefined): string | undefined {
  if (access !== 'read') return undefined;
  const as = role === 'commenter' ? 'a commenter' : role === 'viewer' ? 'a viewer' : 'a reader';
  return `You are here as ${as}: you can read this file. Ask the room's owner for a link that lets you edit.`;
}
