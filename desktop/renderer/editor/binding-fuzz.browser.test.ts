import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom, type SeededRandom } from '../../../shared/testing/seeded-random.ts';
import {
  createReplica,
  type EditorReplica,
  failOnUnexpectedErrors,
  NETWORK,
  stateOf,
} from '../testing/editor-replica.ts';
import { editor, Range, Selection } from './monaco.ts';

const PIECES = [
  'a',
  'xyz',
  ' ',
  '\n',
  '\r\n',
  '\r',
  '😀',
  '👩‍👩‍👧',
  '\t',
  '(',
  '{\n}',
  'é',
  '漢字',
  '\ud83d',
  '\u2028',
  'long '.repeat(40),
];
const START = 'function main() {\n  return "😀";\n}\n\nconst x = [1, 2, 3];\n';

interface Peer extends EditorReplica {
  readonly codeEditor: editor.IStandaloneCodeEditor;
  /** What the network still owes this peer, from each of the others in order. */
  readonly inbox: Map<number, Uint8Array[]>;
}

function randomPosition(random: SeededRandom, model: editor.ITextModel) {
  const lineNumber = 1 + random.below(model.getLineCount());
  return model.validatePosition({ lineNumber, column: 1 + random.below(model.getLineMaxColumn(lineNumber)) });
}

function randomRange(random: SeededRandom, model: editor.ITextModel): Range {
  const start = randomPosition(random, model);
  if (random.chance(0.4)) return Range.fromPositions(start, start);
  const end = model.getPositionAt(model.getOffsetAt(start) + random.below(12));
  return Range.lift(model.validateRange(Range.fromPositions(start, end)));
}

function edit(
  random: SeededRandom,
  { codeEditor, model, undo, binding, holds }: Peer & { holds: { dispose(): void }[] },
): void {
  const type = (text: string) => codeEditor.trigger('keyboard', 'type', { text });
  const press = (command: string) => {
    codeEditor.focus();
    codeEditor.trigger('keyboard', command, undefined);
  };
  const actions: (() => void)[] = [
    () => type(random.pick(PIECES)),
    () => type('word'),
    () => codeEditor.executeEdits('fuzz', [{ range: randomRange(random, model), text: random.pick(PIECES) }]),
    () => model.applyEdits([{ range: randomRange(random, model), text: random.pick(PIECES) }]),
    () => codeEditor.trigger('keyboard', 'deleteLeft', undefined),
    () => codeEditor.trigger('keyboard', 'deleteRight', undefined),
    () =>
      codeEditor.trigger('keyboard', 'paste', {
        text: random.pick(PIECES) + random.pick(PIECES),
        pasteOnNewLine: false,
      }),
    () => codeEditor.setPosition(randomPosition(random, model)),
    () => codeEditor.setSelection(randomRange(random, model)),
    () => {
      const selections = Array.from({ length: 3 }, () => {
        const range = randomRange(random, model);
        return new Selection(range.startLineNumber, range.startColumn, range.endLineNumber, range.endColumn);
      });
      codeEditor.setSelections(selections);
      type(random.pick(PIECES));
    },
    () => codeEditor.trigger('keyboard', 'editor.action.moveLinesDownAction', undefined),
    () => codeEditor.trigger('keyboard', 'editor.action.commentLine', undefined),
    () => press('undo'),
    () => press('undo'),
    () => press('redo'),
    () => undo.undo(),
    () => undo.redo(),
    () => model.pushStackElement(),
    () => model.pushEOL(editor.EndOfLineSequence.CRLF),
    () => holds.push(binding.hold()),
    () => holds.splice(0).forEach((hold) => hold.dispose()),
    () => model.setValue(`${model.getValue()}${random.pick(PIECES)}`),
  ];
  random.pick(actions)();
}

function expectInStep({ model, text }: EditorReplica, label: string): void {
  if (model.getValue() === text.toJSON()) return;
  throw new Error(
    `${label}: the model has\n${JSON.stringify(model.getValue())}\nand the text\n${JSON.stringify(text.toJSON())}`,
  );
}

function run(seed: number, steps: number): void {
  const random = createSeededRandom(seed);
  const initial = stateOf(START);
  const peers = [10, 11, 12].map((clientID) => {
    const replica = createReplica(clientID, initial);
    return {
      ...replica,
      codeEditor: replica.addEditor(),
      inbox: new Map<number, Uint8Array[]>(),
      holds: [] as { dispose(): void }[],
    };
  });
  for (const peer of peers) {
    peer.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === NETWORK) return;
      for (const other of peers) {
        if (other === peer) continue;
        other.inbox.set(peer.doc.clientID, [...(other.inbox.get(peer.doc.clientID) ?? []), update]);
      }
    });
    // A listener that edits inside of announcements, as formatters and linked editing do.
    let budget = 0;
    const listener = peer.model.onDidChangeContent(() => {
      if (budget > 0) {
        budget -= 1;
        peer.model.applyEdits([{ range: randomRange(random, peer.model), text: random.pick(PIECES) }]);
      } else if (random.chance(0.05)) {
        budget = 1 + random.below(2);
      }
    });
    onTestFinished(() => listener.dispose());
  }
  const deliver = (peer: (typeof peers)[number], limit: number): void => {
    for (const queue of peer.inbox.values()) {
      const batch = queue.splice(0, limit);
      if (batch.length > 0 && random.chance(0.5)) Y.applyUpdate(peer.doc, Y.mergeUpdates(batch), NETWORK);
      else for (const update of batch) Y.applyUpdate(peer.doc, update, NETWORK);
    }
  };
  for (let step = 0; step < steps; step++) {
    const peer = random.pick(peers);
    if (random.chance(0.6)) edit(random, peer);
    else deliver(peer, 1 + random.below(6));
    if (peer.holds.length === 0) expectInStep(peer, `seed ${seed}, step ${step}`);
  }
  for (const peer of peers) peer.holds.splice(0).forEach((hold) => hold.dispose());
  while (peers.some(({ inbox }) => [...inbox.values()].some((queue) => queue.length > 0))) {
    for (const peer of peers) deliver(peer, Number.MAX_SAFE_INTEGER);
  }
  const [first] = peers;
  for (const peer of peers) {
    expectInStep(peer, `seed ${seed}, at the end`);
    expect(peer.text.toJSON()).toBe(first?.text.toJSON());
    expect(peer.model.getEOL()).toBe('\n');
  }
}

describe('three editors on one text', () => {
  failOnUnexpectedErrors();

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'never differ, whatever is typed, undone, held and delayed (seed %i)',
    (seed) => {
      run(seed, 360);
    },
  );
});
