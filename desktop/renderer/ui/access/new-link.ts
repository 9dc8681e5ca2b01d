import type { Role } from '../../../../shared/access/index.ts';
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
  const paths = draft.paths
    .split(/[,\n]/)
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '');
  if (paths.length > MAX_PATTERNS) {
    return { ok: false, field: 'paths', explanation: `Enter at most ${MAX_PATTERNS} patterns.` };
  }
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

function readExpiry({ expiry, customExpiry }: LinkDraft, nowMs: number): number | undefined {
  if (expiry === 'never') return undefined;
  if (expiry !== 'custom') return EXPIRY_SECONDS[expiry];
  return Math.ceil((new Date(customExpiry).getTime() - nowMs) / 1000);
}
