/** Two places in a file's text, as Yjs relative positions in JSON: they move with the text. `end` is exclusive. */
export interface OverlapRange {
  readonly start: unknown;
  readonly end: unknown;
}

/** What others did to a file's place in the list, or self while others went on in its text. */
export type ListChange =
  | { readonly kind: 'created' }
  | { readonly kind: 'deleted' }
  /** Self deleted it, and others edited it meanwhile. */
  | { readonly kind: 'removed' }
  /**
   * The content of a file that is no shared text, or the file by another one. `isByBoth`: self gave it another content at
   * the same time, which does not count.
   */
  | { readonly kind: 'replaced'; readonly isByBoth?: boolean }
  /**
   * The path that it had. `isByClash`: nobody renamed it; it has another name since another file claims the same path, or
   * does not any more.
   */
  | { readonly kind: 'renamed'; readonly from: string; readonly isByClash?: boolean };

/** `both`: self changed it as well. `unread`: others did, but the text is not on this device yet. */
export type TextChange = 'theirs' | 'both' | 'unread';

/** Whose edits of a file were taken back. */
export type AwaySide = 'theirs' | 'mine';

/** Somebody who changed a file. Name and subject are the relay's, and are shown as text only. */
export interface AwayPerson {
  readonly subject: string;
  readonly name: string;
  /** By the relay's clock, since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** How much one side did to a text, in UTF-16 units. */
export interface ChangeSize {
  readonly inserted: number;
  readonly deleted: number;
}

/** One file that others changed while this device was away. At least one of `list`, `text` and `takenBack` is set. */
export interface AwayChange {
  readonly fileId: string;
  /** As it is listed, or as it was before it was deleted. */
  readonly path: string;
  readonly list: ListChange | undefined;
  readonly text: TextChange | undefined;
  /** Whether the texts can be read, and edits taken back. Too large ones are not kept. */
  readonly hasTexts: boolean;
  /** The text was never on this device before others changed it: what they deleted is not known. */
  readonly isWithoutBefore: boolean;
  readonly theirs: ChangeSize;
  readonly mine: ChangeSize;
  /** Where both changed the same lines. */
  readonly overlaps: readonly OverlapRange[];
  /** Others who changed the text, as far as the relay has told; the latest first. */
  readonly people: readonly AwayPerson[];
  /** Others who changed its place in the list, as far as that is known. */
  readonly listPeople: readonly AwayPerson[];
  /** Those who have taken back what self wrote in it, as far as that is known; undefined when nobody has. */
  readonly takenBack: readonly AwayPerson[] | undefined;
  /** What was taken back of it, and can be brought back. */
  readonly undone: AwaySide | undefined;
  readonly isLookedAt: boolean;
  /** Of the return that told of it last. */
  readonly returnNumber: number;
}

/** Whether self and others both did something to a file. */
export function isByBoth({ text, list }: Pick<AwayChange, 'text' | 'list'>): boolean {
  return text === 'both' || list?.kind === 'removed' || isReplacedByBoth({ list });
}

/** Whether a file has another name though nobody renamed it. */
export function isRenamedByClash({ list }: Pick<AwayChange, 'list'>): boolean {
  return list?.kind === 'renamed' && list.isByClash === true;
}

/** Whether self and others both gave a file another content, of which that of the others counts. */
export function isReplacedByBoth({ list }: Pick<AwayChange, 'list'>): boolean {
  return list?.kind === 'replaced' && list.isByBoth === true;
}

/** What happened while this device was away. */
export interface AwaySummary {
  /** Rises with every return that has something to tell. */
  readonly returnNumber: number;
  /** The last return of which something is known to be of others and was not looked at; 0 when there is none. */
  readonly announcedNumber: number;
  /** Files in which others have taken back what self wrote, since this start of the engine. */
  readonly newlyTakenBack: readonly string[];
  /** Milliseconds since the epoch. */
  readonly leftMs: number;
  /** When the last of several absences began; later than `leftMs` while changes of an earlier one are to be told. */
  readonly lastLeftMs: number;
  readonly returnedMs: number;
  /** Those of the last return first; of these, files that both changed, then by path. */
  readonly changes: readonly AwayChange[];
  /** Files that others changed beyond those that are listed. */
  readonly unlistedCount: number;
  /** Files that only self changed. */
  readonly ownCount: number;
}

/** Who wrote a part of a text; UTF-16 offsets, `end` is exclusive. */
export interface AuthoredRange {
  readonly start: number;
  readonly end: number;
  readonly subject: string;
  readonly name: string;
}

/** The texts of one changed file. */
export interface AwayTexts {
  /** Before anybody changed it. */
  readonly base: string;
  /** With self's edits only. */
  readonly mine: string;
  /** With the edits of others only. */
  readonly theirs: string;
  /** With everybody's, as it was when this device had all of them. */
  readonly merged: string;
  /** As it is now. */
  readonly now: string;
  /** What was deleted is in none of the texts: it was never on this device. */
  readonly isAdditionsOnly: boolean;
  /** What others wrote while this device was away, in `now`; ascending. Empty where the relay does not tell. */
  readonly authors: readonly AuthoredRange[];
}

/** What can be done about one file. Each is one new edit that keeps what was typed since. */
export type AwayAction = 'undo-theirs' | 'undo-mine' | 'restore-undone';
