import type { Role } from '../../shared/access/index.ts';
import type { AccessBefore } from '../log/access-directory.ts';

// Details of events are for people, and are kept as they are for good.

/** What of a link tells it from others. */
export interface NamedLink {
  readonly linkId: string;
  readonly label: string;
}

/** `by the link Team (5dq…)`. */
export function describeWay(linkId: string, links: readonly NamedLink[]): string {
  const label = links.find((link) => link.linkId === linkId)?.label ?? '';
  return label === '' ? `by the link ${linkId}` : `by the link ${label} (${linkId})`;
}

/** `Ben, editor, by the link Team (5dq…)`, or the subject of whom nothing is known. */
export function describePerson(subject: string, before: AccessBefore, links: readonly NamedLink[]): string {
  const [latest] = before.sessions;
  if (!latest) return subject;
  const way = latest.linkId === undefined ? [] : [describeWay(latest.linkId, links)];
  return [latest.name, roleBefore(subject, before), ...way].join(', ');
}

/** `Ben: editor → viewer`. */
export function describeRoleChange(subject: string, role: Role | undefined, before: AccessBefore): string {
  const [latest] = before.sessions;
  const earlier = roleBefore(subject, before);
  const later = role ?? (latest ? `${latest.role}, as the link says` : 'as the link says');
  return `${latest?.name ?? subject}: ${earlier === undefined ? later : `${earlier} → ${later}`}`;
}

function roleBefore(subject: string, { access, sessions }: AccessBefore): Role | undefined {
  return access.roles.get(subject) ?? sessions[0]?.role;
}
