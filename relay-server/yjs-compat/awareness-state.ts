import { decodeSelections, type RelativeSelection } from '../../shared/workspace/index.ts';
import { isRecord, parseSelection, selectionToJson } from './relative-position-json.ts';

/** The awareness state of one client, as its JSON says; nothing of it is checked but that it is an object. */
export type AwarenessState = Readonly<Record<string, unknown>>;

/** Who somebody is, by the token. */
export interface ShownIdentity {
  readonly subject: string;
  readonly name: string;
}

/** Where editors for Yjs keep a selection: y-monaco in the first, y-codemirror and others in the second. */
const SELECTION_FIELDS = ['selection', 'cursor'] as const;
const PERSON_FIELDS = ['name', 'username', 'displayName'] as const;
const COLORS = ['#e05561', '#d18f52', '#b59b00', '#4fa65a', '#2fa39b', '#3f8fd9', '#8a73e8', '#d0609f'] as const;
const COLOR = /^(#[\da-f]{3,8}|[a-z]+|(rgb|hsl)a?\([\d\s.,%/deg-]+\))$/i;
const MAX_COLOR_LENGTH = 64;

/** Parses a client's state. Undefined when it is no JSON object. */
export function parseAwarenessState(json: string): AwarenessState | undefined {
  try {
    const state: unknown = JSON.parse(json);
    return isRecord(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** The selections of a state, where they are in one of the fields that are known. */
export function selectionsOf(state: AwarenessState): readonly RelativeSelection[] {
  for (const field of SELECTION_FIELDS) {
    const selection = parseSelection(state[field]);
    if (selection) return [selection];
  }
  return [];
}

/** What others see of a Yjs client: its state, with the name of its token and without selections that editors stumble over. */
export function stampState(state: AwarenessState, identity: ShownIdentity): string {
  const stamped: Record<string, unknown> = { ...state, user: userOf(identity, state['user']) };
  for (const field of PERSON_FIELDS) {
    if (field in stamped) stamped[field] = identity.name;
  }
  for (const field of SELECTION_FIELDS) {
    const value = stamped[field];
    if (!isRecord(value) || !('anchor' in value || 'head' in value)) continue;
    const selection = parseSelection(value);
    if (selection) stamped[field] = { ...value, ...selectionToJson(selection) };
    else delete stamped[field];
  }
  return JSON.stringify(stamped);
}

/** What Yjs clients see of somebody in a Tutti window. `selections` is packed as for presence; one cursor is shown. */
export function describeTuttiState(selections: Uint8Array, identity: ShownIdentity): string {
  const user = userOf(identity, undefined);
  const primary = decodeSelections(selections)[0];
  if (!primary) return JSON.stringify({ user });
  const selection = selectionToJson(primary);
  return JSON.stringify({ user, selection, cursor: selection });
}

function userOf({ subject, name }: ShownIdentity, claimed: unknown): Readonly<Record<string, string>> {
  const own = COLORS[colorIndex(subject)] ?? COLORS[0];
  const { color, colorLight } = isRecord(claimed) ? claimed : {};
  const shownColor = isColor(color) ? color : own;
  return { name, color: shownColor, colorLight: isColor(colorLight) ? colorLight : `${own}33` };
}

function isColor(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_COLOR_LENGTH && COLOR.test(value);
}

// The same person has the same colour everywhere.
function colorIndex(subject: string): number {
  let hash = 0x811c9dc5;
  for (let position = 0; position < subject.length; position++) {
    hash = Math.imul(hash ^ subject.charCodeAt(position), 0x01000193);
  }
  return (hash >>> 0) % COLORS.length;
}
