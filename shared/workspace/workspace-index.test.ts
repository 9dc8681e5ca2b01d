import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom } from '../testing/seeded-random.ts';
import { comparablePath } from './taken-paths.ts';
import { type NewFile, SharedPathError, WorkspaceIndex } from './workspace-index.ts';

const random = createSeededRandom(7);
let nowMs = 1_700_000_000_000;

function openIndex(doc = new Y.Doc()) {
  return { doc, index: new WorkspaceIndex(doc, { random: random.next, nowMs: () => nowMs++ }) };
}

function textFile(path: string, fileId?: string): NewFile {
  return { path, eol: 'LF', bom: false, kind: 'text', ...(fileId === undefined ? {} : { fileId }) };
}

function sync(...docs: Y.Doc[]): void {
  for (const from of docs) for (const to of docs) Y.applyUpdate(to, Y.encodeStateAsUpdate(from));
}

describe('WorkspaceIndex', () => {
  it('lists files by path and tells of every change', () => {
    const { index } = openIndex();
    let changes = 0;
    const subscription = index.onDidChange(() => changes++);
    index.add([textFile('src/b.ts'), textFile('src/a.ts')]);
    expect(index.files.map((file) => file.path)).toEqual(['src/a.ts', 'src/b.ts']);
    expect(changes).toBe(1);
    subscription.dispose();
    index.dispose();
  });

  it('says which blob a file that is no text has, and nothing of what is none', () => {
    const { doc, index } = openIndex();
    const blob = 'a1'.repeat(32);
    const file = { eol: 'LF', bom: false, kind: 'binary' } as const;
    const [id = '', other = ''] = index.add([
      { ...file, path: 'a.png', sizeBytes: 7, blob },
      { ...file, path: 'b.png', kind: 'oversized' },
    ]);
    expect(index.get(id)).toMatchObject({ kind: 'binary', sizeBytes: 7, blob });
    for (const wrong of [
      blob.toUpperCase(),
      blob.slice(1),
      `${blob}0`,
      `${blob.slice(0, 63)}g`,
      `${blob}\n`,
      7,
      null,
    ]) {
      doc.getMap<Y.Map<unknown>>('files').get(other)?.set('blob', wrong);
      expect(index.get(other)).toEqual({ fileId: other, path: 'b.png', eol: 'LF', bom: false, kind: 'oversized' });
    }
    index.update(other, { blob });
    expect(index.get(other)?.blob).toBe(blob);
    index.update(other, { kind: 'text' });
    expect(index.get(other)).not.toHaveProperty('blob');
    index.dispose();
  });

  it('says whether a file is executable, and nothing where somebody has put what is no answer', () => {
    const { doc, index } = openIndex();
    const [id = '', other = ''] = index.add([{ ...textFile('run.sh'), executable: true }, textFile('a.txt')]);
    expect(index.get(id)).toEqual({
      fileId: id,
      path: 'run.sh',
      eol: 'LF',
      bom: false,
      kind: 'text',
      executable: true,
    });
    index.update(id, { executable: false });
    expect(index.get(id)?.executable).toBe(false);
    for (const wrong of ['true', 1, 0o4755, null, new Y.Map()]) {
      doc.getMap<Y.Map<unknown>>('files').get(other)?.set('executable', wrong);
      expect(index.get(other)).toEqual({ fileId: other, path: 'a.txt', eol: 'LF', bom: false, kind: 'text' });
    }
    index.dispose();
  });

  it('changes many files in one update', () => {
    const { doc, index } = openIndex();
    const ids = index.add(Array.from({ length: 500 }, (_unused, n) => textFile(`f${n}`)));
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(update));
    let changes = 0;
    const subscription = index.onDidChange(() => changes++);
    index.updateAll(new Map(ids.map((fileId) => [fileId, { executable: true }])));
    expect([changes, updates.length]).toEqual([1, 1]);
    expect(index.files.every(({ executable }) => executable === true)).toBe(true);
    subscription.dispose();
    index.dispose();
  });

  it('gives ids that sort by creation', () => {
    const { index } = openIndex();
    const [first = ''] = index.add([textFile('z')]);
    const [second = ''] = index.add([textFile('a')]);
    expect(first < second).toBe(true);
    index.dispose();
  });

  it('keeps both of two files that claim one path, the later with a suffix, alike on every replica', () => {
    const left = openIndex();
    const right = openIndex();
    left.index.add([textFile('notes.md', 'aaa')]);
    right.index.add([textFile('Notes.md', 'bbb')]);
    sync(left.doc, right.doc);
    const paths = (index: WorkspaceIndex) => index.files.map((file) => `${file.fileId} ${file.path}`).sort();
    expect(paths(left.index)).toEqual(['aaa notes.md', 'bbb Notes (2).md']);
    expect(paths(right.index)).toEqual(paths(left.index));
    left.index.dispose();
    right.index.dispose();
  });

  it('merges a rename with a change of line endings, or of the executable bit, made at the same time', () => {
    const left = openIndex();
    const right = openIndex();
    left.index.add([textFile('a.txt', 'id1')]);
    sync(left.doc, right.doc);
    left.index.update('id1', { path: 'b.txt' });
    right.index.update('id1', { eol: 'CRLF' });
    sync(left.doc, right.doc);
    expect(left.index.get('id1')).toEqual({ fileId: 'id1', path: 'b.txt', eol: 'CRLF', bom: false, kind: 'text' });
    expect(right.index.get('id1')).toEqual(left.index.get('id1'));
    left.index.update('id1', { path: 'run.sh' });
    right.index.update('id1', { executable: true });
    sync(left.doc, right.doc);
    expect(left.index.get('id1')).toMatchObject({ path: 'run.sh', executable: true });
    expect(right.index.get('id1')).toEqual(left.index.get('id1'));
    left.index.dispose();
    right.index.dispose();
  });

  it('knows of files that were removed, also from a copy that came afterwards', () => {
    const { doc, index } = openIndex();
    const [kept = '', removed = ''] = index.add([textFile('a.txt'), textFile('b.txt')]);
    index.update(removed, { path: 'c.txt' });
    index.remove([removed]);
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
    const later = new Y.Doc();
    Y.applyUpdate(later, Y.mergeUpdates([Y.encodeStateAsUpdate(copy)]));
    const read = new WorkspaceIndex(later, { random: Math.random, nowMs: () => 0 });
    expect(read.files.map(({ fileId }) => fileId)).toEqual([kept]);
    expect([kept, removed, 'nobodys'].map((fileId) => read.wasListed(fileId))).toEqual([true, true, false]);
    read.dispose();
    index.dispose();
  });

  it('renames a folder without touching names that merely begin alike', () => {
    const { index } = openIndex();
    index.add([textFile('src/a.ts'), textFile('src/deep/b.ts'), textFile('srcs/c.ts')]);
    index.renameFolder('src', 'lib');
    expect(index.files.map((file) => file.path)).toEqual(['lib/a.ts', 'lib/deep/b.ts', 'srcs/c.ts']);
    index.dispose();
  });

  it.each(['../x', '/etc/passwd', 'a/../../b', '.git/config', 'a\0b', ''])('refuses to list %j', (path) => {
    const { index } = openIndex();
    expect(() => index.add([textFile(path)])).toThrow(SharedPathError);
    expect(index.files).toEqual([]);
    index.dispose();
  });

  it('does not show entries that somebody else wrote wrongly', () => {
    const { doc, index } = openIndex();
    const files = doc.getMap<unknown>('files');
    files.set('ok', new Y.Map(Object.entries({ path: 'ok.txt' })));
    files.set('escape', new Y.Map(Object.entries({ path: '../../escape' })));
    files.set('number', new Y.Map(Object.entries({ path: 12 })));
    files.set('plain', { path: 'plain.txt' });
    files.set('bad id!', new Y.Map(Object.entries({ path: 'x.txt' })));
    files.set('turned', new Y.Map(Object.entries({ path: 'src/\u202etxt.exe' })));
    for (const reserved of ['index', 'chat', 'comments', 'view-x', 'view-'])
      files.set(reserved, new Y.Map(Object.entries({ path: `${reserved}.txt` })));
    for (const similar of ['chats', 'Index', 'views-x']) files.set(similar, new Y.Map([['path', `${similar}.txt`]]));
    expect(index.files.map((file) => file.path)).toEqual(['Index.txt', 'chats.txt', 'ok.txt', 'views-x.txt']);
    index.dispose();
  });
});

describe('comparablePath', () => {
  it.each([
    ['Readme.md', 'README.md'],
    ['\u00e9.txt', 'E\u0301.txt'],
    ['\u03bf\u03b4\u03bf\u03c2.txt', '\u039f\u0394\u039f\u03a3.txt'],
    ['\u03c3', '\u03c2'],
    ['stra\u00dfe', 'STRASSE'],
    ['\u1e9e', '\u00df'],
    ['\u017f.txt', 's.txt'],
    ['\u212a', 'k'],
  ])('takes %s and %s for one', (left, right) => {
    expect(comparablePath(left)).toBe(comparablePath(right));
  });

  it.each([
    ['e.txt', '\u00e9.txt'],
    ['a/b', 'a_b'],
    ['\u00fc', 'ue'],
  ])('tells %s and %s apart', (left, right) => {
    expect(comparablePath(left)).not.toBe(comparablePath(right));
  });
});
