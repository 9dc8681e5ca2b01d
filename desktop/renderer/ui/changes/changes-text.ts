import type { AwayFileView, AwaySummaryView, ChangeSize } from '../away-model.ts';
import { dayOf, describeMoment } from '../talk/moments.ts';
import { baseName } from '../workbench/workspace-files.ts';

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

/** That changes of earlier absences are listed, too; undefined when there are none. */
export function describeEarlier({ leftMs, lastLeftMs }: AwaySummaryView, nowMs: number): string | undefined {
  return leftMs < lastLeftMs ? `With earlier absences since ${describeMoment(leftMs, dayOf(nowMs))}` : undefined;
}

/** The letter of a change, as version control has them. */
export function changeLetter({ list, text, isListed }: AwayFileView): string {
  if (list?.kind === 'deleted' && !isListed) return 'D';
  if (text === 'both') return '!';
  if (list?.kind === 'created') return 'A';
  return list?.kind === 'renamed' && text === undefined ? 'R' : 'M';
}

/** What happened to a file, in a few words that follow the names of `people`; the names are in it as they are. */
export function describeChange({ list, text, people, overlapCount, isListed }: AwayFileView): string {
  const names = people.map(({ name }) => name);
  const who = nameAll(names) ?? 'Others';
  if (list?.kind === 'deleted') {
    const what = text === 'both' ? `${who} deleted it, you edited it` : `${who} deleted it`;
    return isListed ? `${what}, and it was brought back` : what;
  }
  const renamed = list?.kind === 'renamed' ? `, it was ${list.from}` : '';
  if (text === 'both') {
    const places =
      overlapCount === 1 ? ', 1 place overlaps' : overlapCount > 1 ? `, ${overlapCount} places overlap` : '';
    return `${nameAll(['You', ...(names.length === 0 ? ['others'] : names)]) ?? 'You'} edited it${places}${renamed}`;
  }
  if (list?.kind === 'created') return `${who} created it`;
  if (list?.kind === 'replaced') return `${who} replaced it`;
  if (list?.kind === 'renamed' && text === undefined) return `${who} renamed it${renamed}`;
  return `${who} edited it${renamed}`;
}

/** How much was edited, for a tooltip; empty when that is not known. */
export function describeSizes({ text, hasTexts, theirs, mine }: AwayFileView): string {
  if (text === undefined || text === 'unread' || !hasTexts) return '';
  return text === 'both'
    ? `Others: ${describeSize(theirs)}. You: ${describeSize(mine)}.`
    : `Others: ${describeSize(theirs)}.`;
}

/** What is in a file's row besides its name, to be set apart from our words. */
export function quotedIn({ list, people }: AwayFileView): readonly string[] {
  const names = people.map(({ name }) => name);
  return list?.kind === 'renamed' ? [...names, list.from] : names;
}

/** Said when the summary comes. */
export function announceReturn({ files, unlistedCount }: AwaySummaryView): string {
  const count = files.length + unlistedCount;
  const both = files.filter(({ text }) => text === 'both').length;
  const alsoMine = both === 0 ? '' : both === 1 ? ' You edited 1 of them too.' : ` You edited ${both} of them too.`;
  return `While you were away, others changed ${count === 1 ? '1 file' : `${count} files`}.${alsoMine}`;
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
