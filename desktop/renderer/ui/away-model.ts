import type { Disposable, Event } from '../../../shared/lifecycle/index.ts';
import type {
  AwaySide,
  AwayTexts,
  ChangeSize,
  ListChange,
  TextChange,
} from '../../../shared/sync/away/away-summary.ts';
import type { Observable } from './observable.ts';
import type { Answer, Outcome } from './outcome.ts';

export { isByBoth, isRenamedByClash, isReplacedByBoth } from '../../../shared/sync/away/away-summary.ts';
export type { AwaySide, AwayTexts, ChangeSize, ListChange, TextChange };

/** Somebody who changed a file while self was away. Names come from others and are shown as text only. */
export interface AwayPersonView {
  readonly subject: string;
  readonly name: string;
  /** Index into the presence palette. */
  readonly colorIndex: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** A file that others changed while self was away, or after self had deleted it. At least one of `list`, `text` and `takenBack` is set. */
export interface AwayFileView {
  readonly fileId: string;
  /** From others: shown as text only. */
  readonly path: string;
  /** False when the file is not in the list any more. */
  readonly isListed: boolean;
  readonly list: ListChange | undefined;
  /** `unread`: the text is not on this device; reading the texts fetches it, without the state before. */
  readonly text: TextChange | undefined;
  /** Whether there is a difference to show, and something to undo. */
  readonly hasTexts: boolean;
  /** Only what was added can be shown: the text before was never on this device. */
  readonly isWithoutBefore: boolean;
  readonly theirs: ChangeSize;
  readonly mine: ChangeSize;
  readonly overlapCount: number;
  /** Who changed the text, the latest first; empty while it is not known who it was. */
  readonly people: readonly AwayPersonView[];
  /** Who changed its place in the list, as far as that is known. */
  readonly listPeople: readonly AwayPersonView[];
  /** Who has undone what self wrote in it, as far as that is known; undefined when nobody has. */
  readonly takenBack: readonly AwayPersonView[] | undefined;
  /** Another file that has the path of this one, which is not listed any more: it was made anew. */
  readonly anewId: string | undefined;
  /** What was undone, and can be restored. */
  readonly undone: AwaySide | undefined;
  readonly isLookedAt: boolean;
  /** Of an absence before the last one. */
  readonly isEarlier: boolean;
  /** Why self cannot undo anything in it; undefined when self can. */
  readonly lockReason: string | undefined;
}

export interface AwaySummaryView {
  /** When the first absence began of those with changes to be told, in milliseconds since the epoch. */
  readonly leftMs: number;
  readonly lastLeftMs: number;
  readonly returnedMs: number;
  /** Of the last absence. */
  readonly absenceMs: number;
  /** Those of the last absence first; of these, files that both changed, then by path. */
  readonly files: readonly AwayFileView[];
  /** Further files that others changed, which are not listed. */
  readonly unlistedCount: number;
  /** Files that only self changed. */
  readonly ownCount: number;
}

/** Who wrote a part of `now`. */
export interface AuthorRangeView {
  /** UTF-16 offsets; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly colorIndex: number;
}

export interface AwayTextsView extends Omit<AwayTexts, 'authors'> {
  readonly authors: readonly AuthorRangeView[];
}

/** What others did while this device was away; kept until self has looked at it. */
export interface AwayModel {
  /** Undefined when nothing is left to be told. */
  readonly summary: Observable<AwaySummaryView | undefined>;
  /** Files that were not looked at. */
  readonly newCount: Observable<number>;
  /** Fires when this device is back and it is known that others have changed something; once for each return. */
  readonly onDidReturn: Event<void>;
  /** Fires when others have undone what self wrote in a file. */
  readonly onDidTakeBack: Event<AwayFileView>;
  readTexts(fileId: string): Promise<Answer<AwayTextsView>>;
  /** Calls `listener` whenever the text changes, by whomever. Dispose it to end that. */
  watchText(fileId: string, listener: () => void): Disposable;
  /** Takes back what others did to the text while self was away; what was typed since stays. */
  undoTheirs(fileId: string): Promise<Outcome>;
  /** Takes back what self did to the text while away; what was typed since stays. */
  undoMine(fileId: string): Promise<Outcome>;
  /** Takes back the last undo. */
  restoreUndone(fileId: string): Promise<Outcome>;
  /** Lists a file again that others deleted. */
  bringBack(fileId: string): Promise<Outcome>;
  /** Takes marks away; the file stays in the summary. */
  lookedAt(fileId: string): void;
  /** Everything is fine as it is: takes a file out of the summary. */
  keep(fileId: string): void;
  keepAll(): void;
}
