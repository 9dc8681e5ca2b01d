/** How many characters a pattern may have. */
export const MAX_PATTERN_LENGTH = 256;

/**
 * What is wrong with patterns of paths, for people; undefined when nothing is. A pattern is a path from the folder's
 * root in which `*` stands for anything within one name, `?` for one character and `**` for any folders; without any
 * of them it means the file, or everything in the folder of that name.
 */
export function checkPathPatterns(patterns: readonly string[]): string | undefined {
  if (patterns.length === 0) return 'must name at least one path';
  for (const pattern of patterns) {
    if (pattern === '' || pattern.length > MAX_PATTERN_LENGTH)
      return `must have patterns of 1 to ${MAX_PATTERN_LENGTH} characters`;
    if (pattern.startsWith('/') || pattern.includes('\\'))
      return `must have paths from the folder's root, with /: ${pattern}`;
    const names = pattern.split('/');
    if (names.some((name) => name === '' || name === '.' || name === '..'))
      return `has a path that leads nowhere: ${pattern}`;
    if (names.some((name) => name.includes('**') && name !== '**'))
      return `must have ** alone between slashes: ${pattern}`;
  }
  return undefined;
}

/** Whether `path` is among what the patterns name. Takes time proportional to the lengths, whatever the patterns are. */
export function matchesPaths(path: string, patterns: readonly string[]): boolean {
  const names = path.split('/');
  return patterns.some((pattern) => matchesNames(names, toNames(pattern)));
}

function toNames(pattern: string): readonly string[] {
  const names = pattern.split('/');
  // A folder's name means what is in it.
  return /[*?]/.test(pattern) ? names : [...names, '**'];
}

// `reached[j]`: the names so far match the first j of the pattern.
function matchesNames(names: readonly string[], pattern: readonly string[]): boolean {
  let reached = openFolders([true], pattern);
  for (const name of names) {
    const next: boolean[] = [];
    for (const [index, part] of pattern.entries()) {
      if (part === '**' && reached[index]) next[index] = true;
      if (part !== '**' && reached[index] && matchesName(name, part)) next[index + 1] = true;
    }
    reached = openFolders(next, pattern);
  }
  return reached[pattern.length] === true;
}

// `**` also stands for no folder at all.
function openFolders(reached: boolean[], pattern: readonly string[]): boolean[] {
  for (const [index, part] of pattern.entries()) if (part === '**' && reached[index]) reached[index + 1] = true;
  return reached;
}

function matchesName(name: string, text: string): boolean {
  const pattern = [...text];
  let reached = new Set([0]);
  const skipStars = (positions: Iterable<number>) => {
    const all = new Set<number>();
    for (let position of positions) {
      all.add(position);
      while (pattern[position] === '*') all.add(++position);
    }
    return all;
  };
  reached = skipStars(reached);
  for (const character of name) {
    const next = new Set<number>();
    for (const position of reached) {
      const part = pattern[position];
      if (part === '*') next.add(position);
      else if (part === '?' || part === character) next.add(position + 1);
    }
    reached = skipStars(next);
  }
  return reached.has(pattern.length);
}
