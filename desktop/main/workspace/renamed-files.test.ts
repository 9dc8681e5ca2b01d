import { describe, expect, it } from 'vitest';
import { readFuzzOptions } from '../../../shared/testing/fuzz-options.ts';
import { createSeededRandom, type SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { type FoundContent, type GoneFile, matchRenames } from './renamed-files.ts';

/** Content by path. */
type Tree = Readonly<Record<string, string>>;

const EMPTY = 'empty';

/** New paths by old ones; an id is the path that the file had. */
function match(gone: Tree, found: Tree, still: readonly string[] = []): Record<string, string> {
  const isInUse = (folder: string) => folder === '' || still.some((path) => path.startsWith(`${folder}/`));
  const before: GoneFile[] = Object.entries(gone).map(([path, hash]) => {
    return { fileId: path, path, hash, isEmpty: hash === EMPTY };
  });
  const after: FoundContent[] = Object.entries(found).map(([path, hash]) => ({ path, hash }));
  return Object.fromEntries([...matchRenames(before, after, isInUse)].map(([to, from]) => [from, to]));
}

describe('a file that was renamed is known among others of the same content', () => {
  it.each(['same', EMPTY])('(%s) by where the others of its folder went', (init) => {
    const gone = { 'e/init': init, 'e/main': 'E', 'f/init': init, 'f/main': 'F' };
    const found = { 'w/init': init, 'w/main': 'F', 'x/init': init, 'x/main': 'E' };
    const expected = { 'e/init': 'x/init', 'e/main': 'x/main', 'f/init': 'w/init', 'f/main': 'w/main' };
    expect(match(gone, found)).toEqual(expected);
  });

  it.each(['same', EMPTY])('(%s) where one of the folders was deleted', (init) => {
    const gone = { 'g/init': init, 'g/main': 'G', 'h/init': init, 'h/main': 'H' };
    const found = { 'v/init': init, 'v/main': 'H' };
    expect(match(gone, found)).toEqual({ 'h/init': 'v/init', 'h/main': 'v/main' });
  });

  it('by where the folders above went, also up to the root', () => {
    const gone = { 'a/p/init': 'same', 'a/q/main': 'Q', 'b/p/init': 'same', 'b/q/main': 'R', top: 'T', other: 'same' };
    const found = {
      'd/p/init': 'same',
      'd/q/main': 'Q',
      'c/p/init': 'same',
      'c/q/main': 'R',
      'n/top': 'T',
      'n/other': 'same',
    };
    expect(match(gone, found)).toEqual({
      'a/p/init': 'd/p/init',
      'a/q/main': 'd/q/main',
      'b/p/init': 'c/p/init',
      'b/q/main': 'c/q/main',
      other: 'n/other',
      top: 'n/top',
    });
  });

  it('by its name', () => {
    expect(match({ 'a/x': 'same', 'a/y': 'same' }, { 'b/y': 'same', 'c/x': 'same' })).toEqual({
      'a/x': 'c/x',
      'a/y': 'b/y',
    });
  });

  it('by its folder, when others of its name went as well', () => {
    const gone = { 'a/init': 'same', 'b/init': 'same' };
    expect(match(gone, { 'new/init': 'same' }, ['a/still'])).toEqual({ 'b/init': 'new/init' });
  });

  it('by the order of the paths, when nothing else tells', () => {
    const gone = { 'a/init': 'same', 'b/init': 'same', 'c/init': 'same' };
    const found = { 'x/init': 'same', 'y/init': 'same', 'z/init': 'same' };
    expect(match(gone, found)).toEqual({ 'a/init': 'x/init', 'b/init': 'y/init', 'c/init': 'z/init' });
  });
});

describe('a new file', () => {
  it('with a content of its own that is gone elsewhere is that one under whatever name', () => {
    expect(match({ 'a/x': 'X' }, { 'b/y': 'X' })).toEqual({ 'a/x': 'b/y' });
  });

  it('without a character is another than the empty one that is gone', () => {
    expect(match({ 'a/x': EMPTY }, { 'b/y': EMPTY })).toEqual({});
    expect(match({ 'a/x': EMPTY }, { 'b/x': EMPTY })).toEqual({ 'a/x': 'b/x' });
  });

  it('that could not be read is no other', () => {
    expect(match({ 'a/x': '' }, { 'b/x': '' })).toEqual({});
  });
});

/** Folders with one content of their own each, and others that many have. */
function makeTree(random: SeededRandom): Record<string, string> {
  const tree: Record<string, string> = {};
  for (let folder = 0; folder < 12; folder++) {
    const path = `${random.pick(['', 'lib/', 'src/deep/'])}d${folder}`;
    tree[`${path}/own`] = `own ${folder}`;
    for (let file = random.below(5); file > 0; file--) {
      tree[`${path}/${random.pick(['', 'sub/'])}f${file}`] = random.pick(['same', 'like', EMPTY]);
    }
  }
  return tree;
}

describe('folders with many files of the same content', () => {
  const { seeds } = readFuzzOptions({ seedCount: 200, operations: 1 });
  it.each(seeds)('that are renamed or deleted at once take theirs along (seed %i)', (seed) => {
    const random = createSeededRandom(seed);
    const tree = makeTree(random);
    const folders = Object.keys(tree).flatMap((path) => (path.endsWith('/own') ? [path.slice(0, -'/own'.length)] : []));
    const targets = new Map<string, string | undefined>();
    for (const [position, folder] of folders.entries()) {
      const number = (position * 7 + seed) % 12;
      targets.set(folder, random.chance(0.2) ? undefined : `${random.pick(['', 'new/', 'lib/'])}n${number}`);
    }
    const stays = new Set(folders.filter(() => random.chance(0.2)));
    const gone: Record<string, string> = {};
    const found: Record<string, string> = {};
    const expected: Record<string, string> = {};
    const still: string[] = [];
    for (const [path, content] of Object.entries(tree)) {
      const folder = folders.find((candidate) => path.startsWith(`${candidate}/`)) ?? '';
      if (stays.has(folder)) {
        still.push(path);
        continue;
      }
      const target = targets.get(folder);
      gone[path] = content;
      if (target === undefined) continue;
      const moved = target + path.slice(folder.length);
      found[moved] = content;
      expected[path] = moved;
    }
    expect(match(gone, found, still)).toEqual(expected);
  });
});

it('twenty thousand files of one content, each in a folder of its own, are soon told apart', () => {
  const gone: Record<string, string> = {};
  const found: Record<string, string> = {};
  for (let folder = 0; folder < 20_000; folder++) {
    gone[`a/d${folder}/init`] = 'same';
    found[`b/d${folder}/init`] = 'same';
  }
  const renamed = match(gone, found);
  expect(Object.keys(renamed)).toHaveLength(20_000);
  expect(renamed['a/d777/init']).toBe('b/d777/init');
});
