import { isChatPolicy } from '../../../../shared/access/index.ts';
import type { AuditEntry } from '../../../../shared/sync/administration/index.ts';
import { CHAT_NAMES } from '../people/chat-names.ts';

const KINDS: Readonly<Record<string, string>> = {
  'room-created': 'Made the room',
  'link-created': 'Made a link',
  'link-revoked': 'Revoked a link',
  'person-revoked': 'Removed somebody',
  'session-revoked': 'Ended a session',
  'all-revoked': 'Removed everybody',
  'role-changed': 'Changed a role',
  'settings-changed': 'Changed the settings of the room',
  joined: 'Joined',
  refused: 'Was refused',
  'join-requested': 'Asked to be let in',
  'join-approved': 'Let somebody in',
  'join-denied': 'Did not let somebody in',
  'token-issued': 'Was given a token',
  'proposal-received': 'Sent a proposal',
  'proposal-applied': 'Applied a proposal',
  'proposal-dropped': 'Dropped a proposal',
};

/** What the ids of links, people, requests and files stand for, as far as it is known. */
export type NameOf = (id: string) => string | undefined;

/** An event in words. */
export function describeAuditEntry({ kind, target, detail }: AuditEntry, nameOf: NameOf): string {
  const what = KINDS[kind] ?? kind;
  const about = kind === 'settings-changed' ? describeSettings(detail, nameOf) : (nameOf(detail) ?? detail);
  const known = about === '' ? (nameOf(target) ?? '') : about;
  return known === '' ? what : `${what}: ${known}`;
}

function describeSettings(detail: string, nameOf: NameOf): string {
  const settings = parse(detail);
  if (typeof settings !== 'object' || settings === null) return detail;
  const presenter = 'presenter' in settings ? settings.presenter : undefined;
  const chat = 'chat' in settings && isChatPolicy(settings.chat) ? CHAT_NAMES[settings.chat] : undefined;
  return [
    ...(presenter === null ? ['nobody presents'] : []),
    ...(typeof presenter === 'string' ? [`${nameOf(presenter) ?? presenter} presents`] : []),
    ...(chat === undefined ? [] : [`chat for ${chat.toLowerCase()}`]),
  ].join(', ');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
