import { checkPathPatterns, MAX_PATTERN_LENGTH, type Role } from '../../../../shared/access/index.ts';
import type { NewRoomLink } from '../../../../shared/sync/administration/index.ts';

export const EXPIRIES = ['never', '1h', '1d', '7d', 'custom'] as const;

export type Expiry = (typeof EXPIRIES)[number];

export const EXPIRY_NAMES: Readonly<Record<Expiry, string>> = {
  never: 'Never',
  '1h': 'In 1 hour',
  '1d': 'In 1 day',
  '7d': 'In 7 days',
  custom: 'At another time…',
};

const EXPIRY_SECONDS: Readonly<Record<Exclude<Expiry, 'never' | 'custom'>, number>> = {
  '1h': 3600,
  '1d': 24 * 3600,
  '7d': 7 * 24 * 3600,
};
const MAX_USES = 1_000_000;
const MAX_PATTERNS = 50;

/** What is typed into the form, as it stands there. */
export interface LinkDraft {
  readonly role: Role;
  readonly expiry: Expiry;
  /** Local date and time, as the browser's input gives it; only for `custom`. */
  readonly customExpiry: string;
  /** Empty: any number. */
  readonly maxUses: string;
  readonly needsApproval: boolean;
  readonly label: string;
  /** Patterns, separated by commas or lines; empty: everything. */
  readonly paths: string;
}

export const EMPTY_DRAFT: LinkDraft = {
  role: 'editor',
  expiry: '7d',
  customExpiry: '',
  maxUses: '',
  needsApproval: false,
  label: '',
  paths: '',
};

export type DraftField = 'customExpiry' | 'maxUses' | 'paths';

/** The link that a draft asks for, or what is wrong with a field. */
export type DraftVerdict =
  | { readonly ok: true; readonly link: NewRoomLink }
  | { readonly ok: false; readonly field: DraftField; readonly explanation: string };

/** Checks what was typed. */
export function readDraft(draft: LinkDraft, nowMs: number): DraftVerdict {
  const { role, needsApproval } = draft;
  const label = draft.label.trim();
  const expiresInSeconds = readExpiry(draft, nowMs);
  if (expiresInSeconds !== undefined && !(expiresInSeconds > 0)) {
    return { ok: false, field: 'customExpiry', explanation: 'Choose a time that is still to come.' };
  }
  const uses = draft.maxUses.trim();
  if (uses !== '' && !(/^\d+$/.test(uses) && Number(uses) >= 1 && Number(uses) <= MAX_USES)) {
    return { ok: false, field: 'maxUses', explanation: 'Enter a whole number from 1, or nothing for any number.' };
  }
  const paths = readPatterns(draft.paths);
  const fault = findPathsFault(paths);
  if (fault !== undefined) return { ok: false, field: 'paths', explanation: fault };
  const link = {
    role,
    ...(label !== '' && { label }),
    ...(expiresInSeconds !== undefined && { expiresInSeconds }),
    ...(uses !== '' && { maxUses: Number(uses) }),
    ...(needsApproval && { needsApproval }),
    ...(paths.length > 0 && { paths }),
  };
  return { ok: true, link };
}

/** The patterns that were typed; a slash at the end, or a dot before the first, changes nothing of what is meant. */
export function readPatterns(typed: string): readonly string[] {
  return typed
    .split(/[,\n]/)
    .map((pattern) =>
      pattern
        .trim()
        .replace(/^(?:\.\/)+/, '')
        .replace(/(?<=[^/])\/$/, ''),
    )
    .filter((pattern) => pattern !== '');
}

function findPathsFault(patterns: readonly string[]): string | undefined {
  if (patterns.length > MAX_PATTERNS) return `Enter at most ${MAX_PATTERNS} patterns.`;
  return patterns.map(findPatternFault).find((fault) => fault !== undefined);
}

function findPatternFault(pattern: string): string | undefined {
  const names = pattern.split('/');
  if (pattern.length > MAX_PATTERN_LENGTH)
    return `“${pattern.slice(0, 32)}…” is too long: a pattern has at most ${MAX_PATTERN_LENGTH} characters.`;
  if (pattern.includes('\\')) return `Write “${pattern}” with / between the names, not \\.`;
  if (pattern.startsWith('/'))
    return `Write “${pattern}” without the / at the start: paths begin in the shared folder.`;
  if (names.includes('..')) return `“${pattern}” leads out of a folder: leave out “..”.`;
  if (names.includes('') || names.includes('.')) return `“${pattern}” has a part without a name between two slashes.`;
  if (names.some((name) => name.includes('**') && name !== '**'))
    return `In “${pattern}”, ** must stand alone between slashes, as in src/**.`;
  return checkPathPatterns([pattern]) === undefined ? undefined : `“${pattern}” is no pattern of paths.`;
}

function readExpiry({ expiry, customExpiry }: LinkDraft, nowMs: number): number | undefined {
  if (expiry === 'never') return undefined;
  if (expiry !== 'custom') return EXPIRY_SECONDS[expiry];
  return Math.ceil((new Date(customExpiry).getTime() - nowMs) / 1000);
}
