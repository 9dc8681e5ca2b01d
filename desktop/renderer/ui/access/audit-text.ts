import { isChatPolicy } from '../../../../shared/access/index.ts';
import type { AuditEntry } from '../../../../shared/sync/administration/index.ts';
import { CHAT_NAMES } from '../people/chat-names.ts';

const KINDS: Readonly<Record<string, string>> = {
  'room-created': 'Made the room',
  'link-created': 'Made a link',
  'link-revoked': 'Revoked a link',
  'link-closed': 'Closed a link to newcomers',
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
/** As the relay writes which link somebody came by: with its label, or its id alone. */
const WAY = /\bby the link (?:.* \(([\w-]+)\)|([\w-]+))/;

/** What the ids of an access log stand for, as far as it is known. */
export interface AuditNames {
  /** Of a link, person, request, session, proposal or file. */
  nameOf(id: string): string | undefined;
  /** What tells a person apart from others of the same name. */
  noteOf(subject: string): string | undefined;
}

/** An event in words. */
export interface AuditText {
  readonly what: string;
  /** Whom or what it was about, in the words of others; may be empty. */
  readonly about: string;
}

/** An event in words. */
export function describeAuditEntry({ kind, target, detail }: AuditEntry, names: AuditNames): AuditText {
  return { what: KINDS[kind] ?? kind, about: describeAbout(kind, target, detail, names) };
}

function describeAbout(kind: string, target: string, detail: string, names: AuditNames): string {
  if (kind === 'settings-changed') return describeSettings(detail, names);
  if (detail === '') return names.nameOf(target) ?? '';
  const known = names.nameOf(detail) ?? nameLink(detail, names);
  const note = kind === 'role-changed' ? names.noteOf(target) : undefined;
  return note === undefined ? known : `${known} (${note})`;
}

/** Names of links are more use than their ids. */
function nameLink(detail: string, { nameOf }: AuditNames): string {
  return detail.replace(WAY, (way: string, labelled: string | undefined, bare: string | undefined) => {
    const name = nameOf(labelled ?? bare ?? '');
    return name === undefined ? way : `by “${name}”`;
  });
}

function describeSettings(detail: string, { nameOf }: AuditNames): string {
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
