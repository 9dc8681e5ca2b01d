import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { decodeSelections, encodeSelections, MAX_SHARED_SELECTIONS } from '../../../shared/workspace/index.ts';
import { connect, createReplica, stateOf } from '../testing/editor-replica.ts';
import { LocalSelection } from './local-selection.ts';
import { type editor, Range, Selection } from './monaco.ts';
import { setEditorTheme } from './editor-theme.ts';
import { PEER_COLORS } from './peer-colors.ts';
import { NAME_SHOWN_MS } from './peer-name-tag.ts';
import { DARK_THEME, LIGHT_THEME } from './themes.ts';
import { toRelative } from './relative-selection.ts';
import { PRESENCE_LAG_MS, RemoteCursors, type RemotePeer } from './remote-cursors.ts';

function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));
}

function room(content: string) {
  const a = createReplica(10, stateOf(content));
  const b = createReplica(11, stateOf(content));
  connect(a.doc, b.doc);
  const editorA = a.addEditor();
  const scheduler = new ManualScheduler();
  const cursors = new RemoteCursors({ codeEditor: editorA, binding: a.binding, scheduler });
  onTestFinished(() => cursors.dispose());
  const peer = (
    ranges: readonly (readonly [anchor: number, head: number])[],
    other: Partial<RemotePeer> = {},
  ): RemotePeer => ({
    presenceId: 'p1',
    name: 'Bea',
    colorIndex: 1,
    isActive: true,
    selections: encodeSelections(ranges.map(([anchor, head]) => toRelative(b.binding, { anchor, head }))),
    ...other,
  });
  return { a, b, editorA, cursors, scheduler, peer };
}

function peerDecorations(model: editor.ITextModel): string[] {
  return model
    .getAllDecorations()
    .flatMap(({ options, range }) => {
      const classes = options.beforeContentClassName ?? options.className ?? '';
      return classes.includes('tutti-peer') ? [`${classes} ${Range.lift(range).toString()}`] : [];
    })
    .toSorted();
}

function nameTags(codeEditor: editor.ICodeEditor): string[] {
  return [...(codeEditor.getDomNode()?.querySelectorAll('.tutti-peer-name') ?? [])].map(
    (node) => node.textContent ?? '',
  );
}

function channels(color: string): number[] {
  return [...color.matchAll(/\d+/g)].map(Number);
}

function rgb(hex: string): string {
  return `rgb(${[1, 3, 5].map((index) => Number.parseInt(hex.slice(index, index + 2), 16)).join(', ')})`;
}

function distance(a: string, b: string): number {
  const other = channels(b);
  return Math.hypot(...channels(a).map((value, index) => value - (other[index] ?? 0)));
}

describe('remote cursors', () => {
  it('draw every caret and selection of a peer, and carry them along with edits of anybody', async () => {
    const { a, b, cursors, peer } = room('alpha\nbeta\ngamma');
    cursors.setPeers([
      peer([
        [0, 5],
        [8, 8],
      ]),
    ]);
    await nextFrame();
    expect(peerDecorations(a.model)).toEqual([
      'tutti-peer-caret tutti-peer-1 [1,6 -> 1,6]',
      'tutti-peer-caret tutti-peer-1 [2,3 -> 2,3]',
      'tutti-peer-selection tutti-peer-1 [1,1 -> 1,6]',
    ]);
    a.model.applyEdits([{ range: new Range(1, 1, 1, 1), text: 'x\n' }]);
    b.model.applyEdits([{ range: new Range(1, 1, 1, 1), text: 'y\n' }]);
    expect(cursors.caretOf('p1')).toMatchObject({ lineNumber: 3, column: 6 });
    cursors.setPeers([peer([[4, 4]], { isActive: false })]);
    await nextFrame();
    expect(peerDecorations(a.model)).toEqual(['tutti-peer-caret tutti-peer-1 tutti-peer-idle [3,1 -> 3,1]']);
  });

  it('stay where the peer says when their positions come before or after the text', async () => {
    const { a, cursors } = room('abc');
    const c = createReplica(12, Y.encodeStateAsUpdate(a.doc));
    c.text.insert(3, ' typed by c');
    const selections = encodeSelections([toRelative(c.binding, { anchor: 9, head: 9 })]);
    cursors.setPeers([{ presenceId: 'c', name: 'C', colorIndex: 0, isActive: true, selections }]);
    await nextFrame();
    expect(cursors.caretOf('c')).toBeUndefined();
    Y.applyUpdate(a.doc, Y.encodeStateAsUpdate(c.doc));
    await nextFrame();
    expect(cursors.caretOf('c')).toMatchObject({ lineNumber: 1, column: 10 });
  });

  it('move on with what the peer types before its position arrives', async () => {
    const { b, cursors, peer } = room('ab');
    cursors.setPeers([peer([[1, 1]])]);
    await nextFrame();
    b.model.applyEdits([{ range: new Range(1, 2, 1, 2), text: 'xyz' }]);
    expect(cursors.caretOf('p1')).toMatchObject({ column: 5 });
    await nextFrame();
    expect(cursors.caretOf('p1')).toMatchObject({ column: 5 });
  });

  it('stay before what somebody else types at them, at once for what is typed here', async () => {
    const { a, b, cursors, peer, scheduler } = room('ab');
    cursors.setPeers([peer([[1, 1]]), peer([[2, 2]], { presenceId: 'end' })]);
    await nextFrame();
    a.model.applyEdits([{ range: new Range(1, 2, 1, 2), text: 'here' }]);
    a.model.applyEdits([{ range: new Range(1, 7, 1, 7), text: '!' }]);
    await nextFrame();
    expect(cursors.caretOf('p1')).toMatchObject({ column: 2 });
    expect(cursors.caretOf('end')).toMatchObject({ column: 7 });
    // As if a third person had typed it: the peers say nothing of it.
    b.model.applyEdits([{ range: new Range(1, 2, 1, 2), text: 'there' }]);
    scheduler.advance(PRESENCE_LAG_MS);
    await nextFrame();
    expect(cursors.caretOf('p1')).toMatchObject({ column: 2 });
    expect(cursors.caretOf('end')).toMatchObject({ column: 12 });
  });

  it('show the name when the peer types, although the caret has moved on with the text already', async () => {
    const { b, editorA, cursors, peer, scheduler } = room('ab');
    cursors.setPeers([peer([[1, 1]])]);
    await nextFrame();
    scheduler.advance(NAME_SHOWN_MS);
    expect(nameTags(editorA)).toEqual([]);
    b.model.applyEdits([{ range: new Range(1, 2, 1, 2), text: 'x' }]);
    await nextFrame();
    expect(cursors.caretOf('p1')).toMatchObject({ column: 3 });
    cursors.setPeers([peer([[2, 2]])]);
    await nextFrame();
    expect(nameTags(editorA)).toEqual(['Bea']);
    scheduler.advance(NAME_SHOWN_MS);
    expect(nameTags(editorA)).toEqual([]);
    cursors.setPeers([peer([[2, 2]], { name: 'Beatrix' })]);
    await nextFrame();
    expect(nameTags(editorA)).toEqual([]);
  });

  it('show the name as plain text when the caret moves and while the pointer is on it', async () => {
    const { editorA, cursors, peer, scheduler } = room('alpha\nbeta\ngamma');
    const name = '<img src=x onerror="window.pwned=1"><b>Eve</b> \u202Eevil';
    cursors.setPeers([peer([[8, 8]], { name })]);
    await nextFrame();
    expect(nameTags(editorA)).toEqual([name]);
    expect(editorA.getDomNode()?.querySelector('.tutti-peer-label *')).toBeNull();
    scheduler.advance(NAME_SHOWN_MS);
    expect(nameTags(editorA)).toEqual([]);
    cursors.setPeers([peer([[9, 9]], { name })]);
    await nextFrame();
    expect(nameTags(editorA)).toEqual([name]);
    scheduler.advance(NAME_SHOWN_MS);
    editorA.render(true);
    await nextFrame();
    const caret = editorA.getDomNode()?.querySelector('.tutti-peer-caret');
    const box = caret?.getBoundingClientRect();
    if (!caret || !box) throw new Error('The caret is not drawn.');
    const pointer = { bubbles: true, clientX: box.left + 1, clientY: box.top + 4, view: window };
    document.elementFromPoint(pointer.clientX, pointer.clientY)?.dispatchEvent(new MouseEvent('mousemove', pointer));
    await nextFrame();
    expect(nameTags(editorA)).toEqual([name]);
    expect(getComputedStyle(caret, '::before').borderLeftColor).not.toBe('rgba(0, 0, 0, 0)');
  });

  it('cuts a long name, which must not cover the code', async () => {
    const { cursors, editorA, peer } = room('one\n');
    cursors.setPeers([peer([[1, 1]], { name: 'W'.repeat(64) }), peer([[2, 2]], { presenceId: 'p2', name: 'Bea' })]);
    await nextFrame();
    const tags = [...(editorA.getDomNode()?.querySelectorAll('.tutti-peer-name') ?? [])];
    const [long = 0, short = 0] = tags.map((tag) => tag.getBoundingClientRect().width);
    expect(long).toBeGreaterThan(short);
    expect(long).toBeLessThan(240);
    expect(getComputedStyle(tags[0]?.firstElementChild ?? document.body).textOverflow).toBe('ellipsis');
  });

  it.each([DARK_THEME, LIGHT_THEME] as const)(
    'have the colours of the palette, none like the own caret, in %s',
    async (theme) => {
      setEditorTheme(theme);
      onTestFinished(() => setEditorTheme(DARK_THEME));
      const { editorA, cursors, peer } = room('x\n'.repeat(PEER_COLORS.length));
      cursors.setPeers(
        PEER_COLORS.map((_, index) => peer([[index * 2, index * 2]], { presenceId: `p${index}`, colorIndex: index })),
      );
      await nextFrame();
      editorA.focus();
      editorA.render(true);
      await nextFrame();
      const own = editorA.getDomNode()?.querySelector('.cursors-layer .cursor');
      const ownColor = own ? getComputedStyle(own).backgroundColor : '';
      expect(ownColor).toMatch(/^rgb/);
      const carets = [...(editorA.getDomNode()?.querySelectorAll('.tutti-peer-caret') ?? [])];
      expect(carets).toHaveLength(PEER_COLORS.length);
      for (const caret of carets) {
        const index = Number(/tutti-peer-(\d+)/.exec(caret.className)?.[1]);
        const color = PEER_COLORS[index];
        const { borderLeftColor, borderLeftWidth, borderLeftStyle } = getComputedStyle(caret, '::before');
        expect(borderLeftColor).toBe(rgb(color?.[theme === DARK_THEME ? 'dark' : 'light'] ?? ''));
        expect([borderLeftWidth, borderLeftStyle]).toEqual(['2px', 'solid']);
        expect(distance(borderLeftColor, ownColor)).toBeGreaterThan(75);
      }
    },
  );

  it('draw again only the peers that changed, and not before the next frame', async () => {
    const { a, cursors, peer } = room('alpha\nbeta\ngamma');
    const at = (index: number, offset: number) =>
      peer([[offset, offset]], { presenceId: `p${index}`, colorIndex: index });
    // A decoration that is drawn again has new options.
    const drawn = () =>
      new Map(
        a.model.getAllDecorations().flatMap(({ options }) => {
          const name = options.beforeContentClassName ?? '';
          return name.includes('tutti-peer') ? [[name, options] as const] : [];
        }),
      );
    cursors.setPeers(Array.from({ length: 10 }, (_, index) => at(index, index)));
    await nextFrame();
    const before = drawn();
    expect(before.size).toBe(10);
    for (let step = 0; step < 20; step++) {
      cursors.setPeers(Array.from({ length: 10 }, (_, index) => at(index, index === 3 ? step % 10 : index)));
    }
    expect([...drawn()].every(([name, options]) => before.get(name) === options)).toBe(true);
    await nextFrame();
    const after = drawn();
    const changed = [...after].filter(([name, options]) => before.get(name) !== options).map(([name]) => name);
    expect(changed).toEqual(['tutti-peer-caret tutti-peer-3']);
  });

  it('ignore what is not a selection in this text', async () => {
    const { a, cursors, peer } = room('alpha\nbeta\ngamma');
    const random = createSeededRandom(5);
    const valid = peer([
      [1, 3],
      [4, 4],
    ]).selections;
    const other = new Y.Doc();
    const elsewhere = other.getText('some other root');
    elsewhere.insert(0, 'zz');
    const foreign = encodeSelections([
      {
        anchor: Y.createRelativePositionFromTypeIndex(elsewhere, 2),
        head: Y.createRelativePositionFromTypeIndex(elsewhere, 0),
      },
    ]);
    const roots = a.doc.share.size;
    for (let round = 0; round < 300; round++) {
      const selections = Uint8Array.from(round % 2 ? valid : { length: random.below(40) }, (byte: unknown) =>
        round % 2 && random.chance(0.8) ? Number(byte) : random.below(256),
      );
      cursors.setPeers([peer([], { selections, colorIndex: random.pick([NaN, -3, 1e9, 0.5, Infinity]) })]);
      if (round % 10 === 0) await nextFrame();
    }
    cursors.setPeers([peer([], { selections: foreign })]);
    await nextFrame();
    expect(a.doc.share.size).toBe(roots);
    expect(peerDecorations(a.model)).toEqual([]);
    other.destroy();
  });

  it('leave nothing in the editor when the peer goes and when they are disposed', async () => {
    const { a, editorA, cursors, peer } = room('alpha\nbeta\ngamma');
    const before = a.model.getAllDecorations().length;
    cursors.setPeers([peer([[0, 3]]), peer([[7, 7]], { presenceId: 'p2', name: 'Cy' })]);
    await nextFrame();
    expect(nameTags(editorA)).toEqual(['Bea', 'Cy']);
    cursors.setPeers([peer([[0, 3]])]);
    expect(nameTags(editorA)).toEqual(['Bea']);
    expect(peerDecorations(a.model)).toHaveLength(2);
    cursors.dispose();
    cursors.setPeers([peer([[0, 3]])]);
    await nextFrame();
    expect(nameTags(editorA)).toEqual([]);
    expect(a.model.getAllDecorations()).toHaveLength(before);
  });
});

describe('local selection', () => {
  it('tells the cursors once per frame, only when they changed, and in few bytes', async () => {
    const a = createReplica(10, stateOf('alpha\nbeta\ngamma'));
    const codeEditor = a.addEditor();
    const local = new LocalSelection(codeEditor, a.binding);
    onTestFinished(() => local.dispose());
    const sent: Uint8Array[] = [];
    const listener = local.onDidChange((selections) => sent.push(selections));
    onTestFinished(() => listener.dispose());
    await nextFrame();
    expect(sent).toHaveLength(1);
    for (let column = 1; column < 5; column++) codeEditor.setPosition({ lineNumber: 1, column });
    codeEditor.setSelections([new Selection(1, 2, 1, 4), new Selection(3, 1, 3, 1)]);
    await nextFrame();
    expect(sent).toHaveLength(2);
    expect(sent[1]?.length).toBeLessThan(40);
    expect(decodeSelections(sent[1] ?? new Uint8Array())).toHaveLength(2);
    a.text.insert(0, 'remote ');
    await nextFrame();
    expect(sent).toHaveLength(2);
  });

  it('fits a presence state however many cursors there are', () => {
    const a = createReplica(0xffffffff, stateOf('x\n'.repeat(500)));
    const codeEditor = a.addEditor();
    codeEditor.setSelections(Array.from({ length: 500 }, (_, line) => new Selection(line + 1, 1, line + 1, 2)));
    const local = new LocalSelection(codeEditor, a.binding);
    onTestFinished(() => local.dispose());
    const bytes = local.current() ?? new Uint8Array();
    expect(bytes.length).toBeLessThan(2048);
    expect(decodeSelections(bytes)).toHaveLength(MAX_SHARED_SELECTIONS);
  });
});
