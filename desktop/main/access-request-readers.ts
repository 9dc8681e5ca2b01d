import { isChatPolicy, isRole } from '../../shared/access/index.ts';
import type { NewRoomLink, Revocation, SettingsChange } from '../../shared/sync/administration/index.ts';
import type { AccessChannels } from '../ipc/index.ts';
import { nothing, readField, readText } from './request-fields.ts';
import type { RequestReader } from './typed-ipc.ts';

const MAX_ID_LENGTH = 128;
const MAX_CURSOR_LENGTH = 256;
const MAX_LABEL_LENGTH = 256;
const MAX_PATTERNS = 50;
const MAX_AUDIT_PAGE = 1_000;
const MAX_FILE_NAME_LENGTH = 200;
const MAX_FILE_BYTES = 512 * 1024 * 1024;

/** One check per channel: what comes from a window is untrusted. */
export const ACCESS_READERS: { readonly [C in keyof AccessChannels]: RequestReader<C> } = {
  'access:create-link': (value) => some(readNewLink(value)),
  'access:list-links': nothing,
  'access:read-link': (value) => {
    const linkId = readId(value, 'linkId');
    return linkId === undefined ? undefined : { request: { linkId } };
  },
  'access:revoke': (value) => some(readRevocation(value)),
  'access:list-people': (value) => {
    if (readField(value, 'after') === undefined) return { request: { after: undefined } };
    const after = readText(value, 'after', MAX_CURSOR_LENGTH);
    return after === undefined ? undefined : { request: { after } };
  },
  'access:set-role': (value) => {
    const subject = readId(value, 'subject');
    const role = readField(value, 'role');
    if (subject === undefined || (role !== undefined && !isRole(role))) return undefined;
    return { request: { subject, role } };
  },
  'access:read-settings': nothing,
  'access:write-settings': (value) => some(readSettingsChange(value)),
  'access:list-join-requests': nothing,
  'access:decide-join-request': (value) => {
    const requestId = readId(value, 'requestId');
    const decision = readField(value, 'decision');
    if (requestId === undefined || (decision !== 'approved' && decision !== 'denied')) return undefined;
    return { request: { requestId, decision } };
  },
  'access:list-audit': (value) => {
    const beforeSeq = readField(value, 'beforeSeq');
    const limit = readCount(value, 'limit');
    if (limit === undefined || limit > MAX_AUDIT_PAGE) return undefined;
    if (beforeSeq === undefined) return { request: { beforeSeq, limit } };
    const before = readCount(value, 'beforeSeq');
    return before === undefined ? undefined : { request: { beforeSeq: before, limit } };
  },
  'access:export-audit': nothing,
  'access:list-proposals': nothing,
  'access:read-proposal': (value) => {
    const proposalId = readId(value, 'proposalId');
    return proposalId === undefined ? undefined : { request: { proposalId } };
  },
  'access:settle-proposal': (value) => {
    const proposalId = readId(value, 'proposalId');
    const state = readField(value, 'state');
    if (proposalId === undefined || (state !== 'applied' && state !== 'dropped')) return undefined;
    return { request: { proposalId, state } };
  },
  'edits:propose': nothing,
  'edits:read-unsent': nothing,
  'file:save': (value) => {
    const suggestedName = readText(value, 'suggestedName', MAX_FILE_NAME_LENGTH);
    const content = readField(value, 'content');
    if (suggestedName === undefined || !isPlainName(suggestedName)) return undefined;
    return isBytes(content) && content.byteLength <= MAX_FILE_BYTES
      ? { request: { suggestedName, content } }
      : undefined;
  },
};

function some<T>(request: T | undefined): { readonly request: T } | undefined {
  return request === undefined ? undefined : { request };
}

function readId(value: unknown, key: string): string | undefined {
  const id = readText(value, key, MAX_ID_LENGTH);
  return id === '' ? undefined : id;
}

function readCount(value: unknown, key: string): number | undefined {
  const count = readField(value, key);
  return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? count : undefined;
}

function readNewLink(value: unknown): NewRoomLink | undefined {
  const role = readField(value, 'role');
  const optional = ['label', 'expiresInSeconds', 'maxUses', 'needsApproval', 'paths'] as const;
  const given = optional.filter((key) => readField(value, key) !== undefined);
  const label = readText(value, 'label', MAX_LABEL_LENGTH);
  const expiresInSeconds = readCount(value, 'expiresInSeconds');
  const maxUses = readCount(value, 'maxUses');
  const approval = readField(value, 'needsApproval');
  const needsApproval = typeof approval === 'boolean' ? approval : undefined;
  const paths = readPatterns(readField(value, 'paths'));
  const options = { label, expiresInSeconds, maxUses, needsApproval, paths };
  // An owner's link made by the app would hand over the room: that is for the relay's command line.
  if (!isRole(role) || role === 'owner' || given.some((key) => options[key] === undefined)) return undefined;
  return {
    role,
    ...(label !== undefined && { label }),
    ...(expiresInSeconds !== undefined && { expiresInSeconds }),
    ...(maxUses !== undefined && { maxUses }),
    ...(needsApproval !== undefined && { needsApproval }),
    ...(paths !== undefined && { paths }),
  };
}

function readSettingsChange(value: unknown): SettingsChange | undefined {
  const given = readField(value, 'presenter');
  const presenter = given === null ? null : readId(value, 'presenter');
  const chat = readField(value, 'chat');
  if ((given !== undefined && presenter === undefined) || (chat !== undefined && !isChatPolicy(chat))) return undefined;
  if (presenter === undefined && chat === undefined) return undefined;
  return { ...(presenter !== undefined && { presenter }), ...(chat !== undefined && { chat }) };
}

function readPatterns(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_PATTERNS) return undefined;
  const patterns: readonly unknown[] = value;
  return patterns.every((entry) => typeof entry === 'string' && entry.length <= MAX_LABEL_LENGTH)
    ? patterns.map(String)
    : undefined;
}

function readRevocation(value: unknown): Revocation | undefined {
  const [subject, sessionId, linkId] = ['subject', 'sessionId', 'linkId'].map((key) => readId(value, key));
  switch (readField(value, 'kind')) {
    case 'person':
      return subject === undefined ? undefined : { kind: 'person', subject };
    case 'session':
      return sessionId === undefined ? undefined : { kind: 'session', sessionId };
    case 'link':
      return linkId === undefined ? undefined : { kind: 'link', linkId };
    case 'all':
      return { kind: 'all' };
    default:
      return undefined;
  }
}

/** A name alone: where it goes is for the person to choose. */
function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[\\/:*?"<>|\p{Cc}]/u.test(name);
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}
