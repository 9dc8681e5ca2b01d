import {
  type AwayFileView,
  type AwayPersonView,
  type AwaySummaryView,
  type ChangeSize,
  isByBoth,
  isRenamedByClash,
  isReplacedByBoth,
} from '../away-model.ts';
import { dayOf, describeMoment } from '../talk/moments.ts';
import { baseName } from '../workbench/workspace-files.ts';
import type { RenamedFolder } from './renamed-folders.ts';

const UNITS: readonly (readonly [name: string, unitMs: number])[] = [
  ['d', 24 * 3600_000],
  ['h', 3600_000],
  ['min', 60_000],
  ['s', 1_000],
];
const NAMES = new Intl.ListFormat('en');
const MAX_NAMES = 3;

/** A length of time in its two largest units, such as "2 h 5 min". */
export function describeDuration(durationMs: number): string {
  const first = UNITS.findIndex(([, unitMs]) => durationMs >= unitMs);
  if (first < 0) return 'less than 1 s';
  const parts: string[] = [];
  let restMs = durationMs;
  for (const [name, unitMs] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(restMs / unitMs);
    restMs -= count * unitMs;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(' ');
}

/** How long self was away the last time, and since when; without the date when that was today. */
export function describeAbsence({ lastLeftMs, absenceMs }: AwaySummaryView, nowMs: number): string {
  return `Since ${describeMoment(lastLeftMs, dayOf(nowMs))}, for ${describeDuration(absenceMs)}`;
}

/** Since when there are changes of earlier absences. */
export function describeEarlier({ leftMs }: AwaySummaryView, nowMs: number): string {
  return `From earlier absences, since ${describeMoment(leftMs, dayOf(nowMs))}`;
}

/** The letter of a change, as version control has them. */
export function changeLetter(file: AwayFileView): string {
  const { list, text, isListed } = file;
  if (isByBoth(file)) return '!';
  if (!isListed && file.anewId === undefined) return 'D';
  if (list?.kind === 'created') return 'A';
  return list?.kind === 'renamed' && text === undefined ? 'R' : 'M';
}

/** Everybody who did something to a file, the latest first. */
export function peopleOf({ people, listPeople, takenBack = [] }: AwayFileView): readonly AwayPersonView[] {
  const bySubject = new Map([...takenBack, ...listPeople, ...people].map((person) => [person.subject, person]));
  return [...bySubject.values()].toSorted((a, b) => b.lastMs - a.lastMs);
}

/** What happened to a file, in a few words; the names of people are in it as they are. */
export function describeChange(file: AwayFileView): string {
  const { list, isListed, anewId, takenBack } = file;
  const undone = takenBack && `${nameAll(takenBack.map(({ name }) => name)) ?? 'Somebody'} undid your edits`;
  const act = undone && !list && file.text === undefined ? undone : describeAct(file);
  const what = undone && act !== undone ? `${act}, and ${undone}` : act;
  if (anewId !== undefined) return `${what}, and it was made anew since`;
  if (list?.kind === 'deleted' || list?.kind === 'removed') return isListed ? `${what}, and it was brought back` : what;
  return isListed ? what : `${what}, and it was deleted since`;
}

function describeAct({ list, text, people, listPeople, overlapCount }: AwayFileView): string {
  const names = people.map(({ name }) => name);
  const who = nameAll(names) ?? 'Others';
  const lister = nameAll(listPeople.map(({ name }) => name));
  if (list?.kind === 'removed') return `You deleted it, ${nameAll(names) ?? 'others'} edited it`;
  if (list?.kind === 'deleted') return `${lister ?? 'Others'} deleted it${text === 'both' ? ', you edited it' : ''}`;
  const isByClash = isRenamedByClash({ list });
  const from = list?.kind === 'renamed' ? list.from : '';
  const clash = `has another name than ${from}, because another file has the same`;
  const renamed = list?.kind !== 'renamed' ? '' : isByClash ? `, it ${clash}` : `, it was ${from}`;
  if (text === 'both') {
    const places =
      overlapCount === 1 ? ', 1 place overlaps' : overlapCount > 1 ? `, ${overlapCount} places overlap` : '';
    return `${nameAll(['You', ...(names.length === 0 ? ['others'] : names)]) ?? 'You'} edited it${places}${renamed}`;
  }
  if (list?.kind === 'created') return `${lister ?? who} created it`;
  if (isReplacedByBoth({ list })) return `You and ${lister ?? 'others'} replaced it, the later version counts`;
  if (list?.kind === 'replaced') return `${lister ?? who} replaced it`;
  if (isByClash && text === undefined) return `It ${clash}`;
  if (list?.kind === 'renamed' && text === undefined) return `${lister ?? who} renamed it${renamed}`;
  return `${who} edited it${renamed}`;
}

/** What happened to files that were moved together. */
export function describeFolder({ files }: RenamedFolder): string {
  const names = files[0]?.listPeople.map(({ name }) => name) ?? [];
  return `${nameAll(names) ?? 'Others'} moved them`;
}

/** How much was edited, for a tooltip; empty when that is not known. */
export function describeSizes({ text, hasTexts, theirs, mine }: AwayFileView): string {
  if (text === undefined || text === 'unread' || !hasTexts) return '';
  return text === 'both'
    ? `Others: ${describeSize(theirs)}. You: ${describeSize(mine)}.`
    : `Others: ${describeSize(theirs)}.`;
}

/** What is in a file's row besides its name, to be set apart from our words. */
export function quotedIn(file: AwayFileView): readonly string[] {
  const { list } = file;
  const names = peopleOf(file).map(({ name }) => name);
  return list?.kind === 'renamed' ? [...names, list.from] : names;
}

/** Said when the summary comes. */
export function announceReturn({ files, unlistedCount }: AwaySummaryView): string {
  const news = files.filter(({ isEarlier }) => !isEarlier);
  const removed = news.filter(({ list }) => list?.kind === 'removed').length;
  const undone = news.filter(({ list, text }) => list === undefined && text === undefined).length;
  const count = news.length - removed - undone + unlistedCount;
  const both = news.filter((file) => isByBoth(file) && file.list?.kind !== 'removed').length;
  const alsoMine = both === 0 ? '' : both === 1 ? ' You edited 1 of them too.' : ` You edited ${both} of them too.`;
  const edited = removed === 0 ? [] : [`Others edited ${countFiles(removed)} that you had deleted.`];
  if (undone > 0) edited.push(`Others undid your edits in ${countFiles(undone)}.`);
  if (count === 0 && edited.length > 0) return edited.join(' ');
  return [`While you were away, others changed ${countFiles(count)}.${alsoMine}`, ...edited].join(' ');
}

/** Said when others undo what self wrote. */
export function announceTakenBack({ path, takenBack = [] }: AwayFileView): string {
  return `${nameAll(takenBack.map(({ name }) => name)) ?? 'Somebody'} undid your edits in ${baseName(path)}.`;
}

function countFiles(count: number): string {
  return count === 1 ? '1 file' : `${count} files`;
}

/** Title of the tab that compares the states of a file. */
export function comparisonTitle(path: string): string {
  return `${baseName(path)} (While You Were Away)`;
}

function describeSize({ inserted, deleted }: ChangeSize): string {
  return `${inserted.toLocaleString('en')} characters added, ${deleted.toLocaleString('en')} deleted`;
}

function nameAll(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const more = names.length - MAX_NAMES;
  return NAMES.format(more > 0 ? [...names.slice(0, MAX_NAMES), `${more} more`] : names);
}
