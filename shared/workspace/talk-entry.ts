/** Something that somebody wrote in the chat or in a thread of comments. */
export interface TalkEntry {
  readonly id: string;
  readonly text: string;
  /** When it was written, by the writer's clock. */
  readonly atMs: number;
  /**
   * Who wrote it, by the writer's word: the relay knows who sends an update but not what the update says, so that
   * whoever may write here can write as anybody. Nothing may be granted because of it.
   */
  readonly claimedSubject: string;
  /** As {@link claimedSubject}. */
  readonly claimedName: string;
}

/** The most that one message or comment may have, in UTF-16 units. */
export const MAX_TALK_CHARACTERS = 4_000;

const MAX_SUBJECT_CHARACTERS = 256;
const MAX_NAME_CHARACTERS = 64;
const LATEST_MS = 8_640_000_000_000_000;
const ID = /^[A-Za-z0-9_-]{1,64}$/;
// A name beside others must neither break the line nor turn around what follows it.
const MISLEADING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

export function isTalkId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

/** Whether `text` can be sent: it says something and is not too long. */
export function isTalkText(text: string): boolean {
  return text.trim() !== '' && text.length <= MAX_TALK_CHARACTERS;
}

/** As it is kept in a document. */
export function toStoredEntry({ id, text, atMs, claimedSubject, claimedName }: TalkEntry): object {
  return { id, text, atMs, subject: claimedSubject, name: claimedName };
}

/** Reads what a document has, which may come from anybody. Undefined when it makes no sense. */
export function readStoredEntry(value: unknown): TalkEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const field = (name: string): unknown => (Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined);
  const [id, text, atMs, subject, name] = ['id', 'text', 'atMs', 'subject', 'name'].map(field);
  if (!isTalkId(id) || typeof text !== 'string' || !isTalkText(text)) return undefined;
  if (typeof atMs !== 'number' || !Number.isFinite(atMs) || Math.abs(atMs) > LATEST_MS) return undefined;
  if (typeof subject !== 'string' || subject.length > MAX_SUBJECT_CHARACTERS || typeof name !== 'string')
    return undefined;
  return { id, text, atMs, claimedSubject: subject, claimedName: shownName(name) };
}

/** Reads a list of entries; what makes no sense, and what has the id of an earlier one, is left out. */
export function readStoredEntries(values: readonly unknown[]): readonly TalkEntry[] {
  const entries = new Map<string, TalkEntry>();
  for (const value of values) {
    const entry = readStoredEntry(value);
    if (entry && !entries.has(entry.id)) entries.set(entry.id, entry);
  }
  return [...entries.values()];
}

function shownName(name: string): string {
  const [...characters] = name
    .slice(0, 4 * MAX_NAME_CHARACTERS)
    .replace(MISLEADING, '')
    .trim();
  return characters.slice(0, MAX_NAME_CHARACTERS).join('');
}
