/** Where and how well a query was found. */
export interface FuzzyMatch {
  /** Higher is better; comparable only for the same query. */
  readonly score: number;
  /** Indexes of the matched characters, rising. */
  readonly positions: readonly number[];
}

const CONSECUTIVE = 8;
const WORD_START = 10;
const EXACT_CASE = 1;
const FILE_NAME = 12;
/** Longer texts are matched greedily: the exact search takes time that grows with query × text. */
const MAX_EXACT_LENGTH = 512;

/**
 * Finds the characters of `query` in `text` in order, without regard to case or to spaces in the query. Undefined when
 * they are not all there. Prefers starts of words, runs, and what comes after the last slash.
 */
export function fuzzyMatch(query: string, text: string): FuzzyMatch | undefined {
  const wanted = query.replaceAll(/\s+/g, '');
  if (wanted === '') return { score: 0, positions: [] };
  if (wanted.length > text.length) return undefined;
  const lowerWanted = wanted.toLowerCase();
  const lowerText = text.toLowerCase();
  // Lower-casing can change the length of a text in rare scripts; then positions would point elsewhere.
  const compared = lowerText.length === text.length && lowerWanted.length === wanted.length;
  const needle = compared ? lowerWanted : wanted;
  const haystack = compared ? lowerText : text;
  if (!isSubsequence(needle, haystack)) return undefined;
  if (text.length > MAX_EXACT_LENGTH) return greedyMatch(needle, haystack);
  return bestMatch({ needle, haystack, query: wanted, text });
}

function isSubsequence(needle: string, haystack: string): boolean {
  let from = 0;
  for (const character of needle) {
    const found = haystack.indexOf(character, from);
    if (found < 0) return false;
    from = found + character.length;
  }
  return true;
}

function greedyMatch(needle: string, haystack: string): FuzzyMatch {
  const positions: number[] = [];
  let from = 0;
  for (let index = 0; index < needle.length; index++) {
    const found = haystack.indexOf(needle.charAt(index), from);
    positions.push(found);
    from = found + 1;
  }
  return { score: needle.length - (from - (positions[0] ?? 0)), positions };
}

interface Comparison {
  readonly needle: string;
  readonly haystack: string;
  readonly query: string;
  readonly text: string;
}

// Row by row: best score of needle[0..i] with its last character at text position j; `from` remembers the way there.
function bestMatch(comparison: Comparison): FuzzyMatch {
  const { needle, haystack } = comparison;
  const nameStart = haystack.lastIndexOf('/') + 1;
  let previous: number[] = [];
  const cameFrom: number[][] = [];
  for (let i = 0; i < needle.length; i++) {
    const row = Array.from({ length: haystack.length }, () => -Infinity);
    const from = Array.from({ length: haystack.length }, () => -1);
    let best = i === 0 ? 0 : -Infinity;
    let bestAt = -1;
    for (let j = 0; j < haystack.length; j++) {
      const before = previous[j - 1] ?? -Infinity;
      if (i > 0 && previous[j - 2] !== undefined && (previous[j - 2] ?? -Infinity) > best) {
        best = previous[j - 2] ?? -Infinity;
        bestAt = j - 2;
      }
      if (haystack[j] !== needle[i]) continue;
      const isRun = i > 0 && before + CONSECUTIVE >= best;
      const reached = isRun ? before + CONSECUTIVE : best;
      row[j] = reached + scoreAt(comparison, i, j, nameStart);
      from[j] = isRun ? j - 1 : bestAt;
    }
    cameFrom.push(from);
    previous = row;
  }
  const end = previous.reduce((top, score, j) => (score > (previous[top] ?? -Infinity) ? j : top), 0);
  const score = (previous[end] ?? 0) - haystack.length * 0.05;
  return { score, positions: walkBack(cameFrom, end) };
}

function scoreAt({ query, text }: Comparison, i: number, j: number, nameStart: number): number {
  let score = 1;
  if (query[i] === text[j]) score += EXACT_CASE;
  if (isWordStart(text, j)) score += WORD_START;
  if (nameStart > 0 && j >= nameStart) score += FILE_NAME / Math.max(1, query.length);
  return score;
}

function isWordStart(text: string, position: number): boolean {
  if (position === 0) return true;
  const before = text.charAt(position - 1);
  const here = text.charAt(position);
  return /[\s/\\_\-.:]/.test(before) || (/[a-z0-9]/.test(before) && /[A-Z]/.test(here));
}

function walkBack(cameFrom: readonly (readonly number[])[], end: number): number[] {
  const positions: number[] = [];
  let position = end;
  for (let i = cameFrom.length - 1; i >= 0; i--) {
    positions.unshift(position);
    position = cameFrom[i]?.[position] ?? 0;
  }
  return positions;
}
