import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { type AwayBudget, AwayTracker, MAX_FOLLOWED_LENGTH } from './away-tracker.ts';
import type { Draft } from './draft.ts';
import { noteTakenBack, type RestoredCopy, watchTakenBack } from './restored-copies.ts';

const REMOTE = 'remote';

function follow(
  content: string | Uint8Array,
  options: { readonly budget?: AwayBudget; readonly draft?: Draft; readonly isNew?: boolean } = {},
) {
  const doc = new Y.Doc();
  const drafts: (Draft | undefined)[] = [];
  const budget = options.budget ?? { leftLength: 10 * MAX_FOLLOWED_LENGTH };
  if (typeof content === 'string') doc.transact(() => doc.getText('content').insert(0, content), 'stored');
  else Y.applyUpdate(doc, content, 'stored');
  const tracker = new AwayTracker({
    document: 'file',
    doc,
    sourceOf: (origin) => (origin === REMOTE ? 'remote' : origin === 'stored' ? 'stored' : 'local'),
    cursor: () => (options.isNew ? undefined : { epoch: 'e', seq: 1 }),
    budget,
    keepDraft: (draft) => drafts.push(draft),
  });
  onTestFinished(() => {
    tracker.close();
    doc.destroy();
  });
  tracker.loaded(options.draft, []);
  const text = doc.getText('content');
  return { doc, text, tracker, drafts, budget, remotely: (task: () => void) => doc.transact(task, REMOTE) };
}

it('copies nothing of what nobody changes, whatever syncs bring nothing', () => {
  const { doc, tracker, drafts, budget, remotely } = follow('base');
  const before = budget.leftLength;
  remotely(() => undefined);
  remotely(() => Y.applyUpdate(doc, Y.encodeStateAsUpdate(doc), REMOTE));
  doc.transact(() => undefined);
  expect(tracker.returned()).toBeUndefined();
  expect([drafts, budget.leftLength]).toEqual([[], before]);
});

it('follows nothing once the device is back, and from the next loss on', () => {
  const { text, tracker, drafts, remotely } = follow('base');
  expect(tracker.returned()).toBeUndefined();
  remotely(() => text.insert(0, 'live '));
  tracker.left();
  remotely(() => text.insert(0, 'away '));
  const change = tracker.returned();
  expect([change?.layers?.base, change?.layers?.merged]).toEqual(['live base', 'away live base']);
  expect(change).toMatchObject({ isByOthers: true, isByMe: false, since: { epoch: 'e', seq: 1 } });
  expect(drafts).toHaveLength(1);
  tracker.discardDraft();
  tracker.discardDraft();
  expect(drafts).toHaveLength(2);
});

it('tells only that a text has changed that is too large, or for which there is no room', () => {
  const large = follow('x'.repeat(MAX_FOLLOWED_LENGTH + 1));
  large.remotely(() => large.text.insert(0, 'theirs'));
  large.text.insert(0, 'mine');
  expect(large.tracker.returned()).toMatchObject({ layers: undefined, isByOthers: true, isByMe: true });
  expect(large.drafts).toEqual([]);
  const budget = { leftLength: 100 };
  const first = follow('y'.repeat(80), { budget });
  first.text.insert(0, 'mine');
  const second = follow('z'.repeat(80), { budget });
  second.remotely(() => second.text.insert(0, 'theirs'));
  expect(second.tracker.returned()).toMatchObject({ layers: undefined, isByOthers: true, isByMe: false });
  expect(first.tracker.returned()?.layers?.base).toBe('y'.repeat(80));
  expect(budget.leftLength).toBe(100);
});

it('goes on from a draft, and does without a damaged one', () => {
  const first = follow('base');
  first.text.insert(0, 'mine ');
  first.remotely(() => first.text.insert(first.text.length, ' theirs'));
  first.tracker.close();
  const draft = first.drafts.at(-1);
  if (!draft) throw new Error('no draft was kept');
  // As it was when others' changes had just come, and what came after.
  first.text.insert(first.text.length, ' more');
  const second = follow(Y.encodeStateAsUpdate(first.doc), { draft });
  const layers = second.tracker.returned()?.layers;
  expect([layers?.base, layers?.only('mine'), layers?.only('theirs')]).toEqual([
    'base',
    'mine base more',
    'base theirs',
  ]);
  const damaged = follow('base', { draft: { summary: '{', body: '[]' } });
  expect(damaged.drafts).toEqual([undefined]);
  expect(damaged.tracker.returned()).toBeUndefined();
  const lost = follow('', { draft });
  expect(lost.tracker.returned()).toBeUndefined();
});

it('tells apart what both did in a document of many structs', () => {
  const { doc, text, tracker, remotely } = follow('end');
  doc.transact(() => {
    for (let count = 0; count < 6_000; count++) text.insert(0, 'x');
  }, 'stored');
  const base = text.toString();
  tracker.left();
  text.insert(base.length, ' mine');
  text.insert(0, 'me ');
  remotely(() => text.insert(text.length, ' theirs'));
  text.insert(0, 'late ');
  const layers = tracker.returned()?.layers;
  expect(layers?.base).toBe(base);
  expect(layers?.only('mine')).toBe(`late me ${base} mine`);
  expect(layers?.only('theirs')).toBe(`${base} theirs`);
});

it.each([
  ['nothing', ''],
  ['a part of it', 'BA'],
  ['what self wrote at an earlier start', 'mine '],
])('what was never complete here has been changed by nobody when it comes: there was %s', (_what, content) => {
  const { doc, text, tracker, remotely, drafts } = follow(content, { isNew: true });
  text.insert(0, 'typed ');
  remotely(() => text.insert(text.length, 'BASE'));
  remotely(() => text.insert(text.length, ' and more'));
  const change = tracker.returned();
  expect(change).toMatchObject({ isByOthers: false, isByMe: true });
  expect([change?.layers?.base, change?.layers?.merged]).toEqual([
    `${content}BASE and more`,
    `typed ${content}BASE and more`,
  ]);
  // Kept while it was coming, it cannot tell what is whose.
  const again = follow(Y.encodeStateAsUpdate(doc), {
    isNew: true,
    draft: drafts.findLast((draft) => draft !== undefined) ?? fail(),
  });
  again.remotely(() => again.text.insert(0, 'rest '));
  expect(again.tracker.returned()).toBeUndefined();
  tracker.left();
  remotely(() => text.insert(0, 'theirs '));
  expect(tracker.returned()).toMatchObject({ isByOthers: true, isByMe: false });
});

/** Ada, of client 1, has the text that is followed at Bob's, and does things while he is away. */
function ada(content: string) {
  const doc = new Y.Doc();
  doc.clientID = 1;
  onTestFinished(() => doc.destroy());
  const text = doc.getText('content');
  text.insert(0, content);
  const bob = follow(Y.encodeStateAsUpdate(doc));
  onTestFinished(watchTakenBack(bob.doc, () => undefined));
  const bring = () => Y.applyUpdate(bob.doc, Y.encodeStateAsUpdate(doc), REMOTE);
  const act = (task: () => readonly RestoredCopy[]) =>
    doc.transact(() => noteTakenBack(doc, { what: 'theirs', of: [], copies: task() }));
  return { doc, text, act, bring, ...{ tracker: bob.tracker, bobs: bob.text } };
}

const FOX_AND_DOG = 'a fox\na dog\n';

it('[FI3] tells nothing of what somebody took back and brought back, and all that they deleted besides', () => {
  const { text, act, bring, tracker } = ada(FOX_AND_DOG);
  tracker.left();
  act(() => {
    text.delete(2, 3);
    return [];
  });
  bring();
  expect(tracker.returned()).toBeUndefined();
  tracker.left();
  act(() => {
    text.insert(2, 'fox');
    return [{ client: 1, clock: FOX_AND_DOG.length + 1, length: 3, fromClient: 1, fromClock: 2 }];
  });
  text.delete(text.toString().indexOf('a dog'), 6);
  bring();
  const change = tracker.returned();
  expect([change?.isByOthers, change?.layers?.base, change?.layers?.only('theirs')]).toEqual([
    true,
    FOX_AND_DOG,
    'a fox\n',
  ]);
});

it('[FI3] tells of what is deleted beside an act that says nothing of it', () => {
  const { text, act, bring, tracker } = ada(FOX_AND_DOG);
  tracker.left();
  act(() => []);
  text.delete(0, 6);
  bring();
  expect(tracker.settle()).toMatchObject({ isByOthers: true, isNews: true });
  expect(tracker.returned()?.layers?.base).toBe(FOX_AND_DOG);
});

it.each([
  ['has another text', 'cat', 2],
  ['is still there', 'dog', 8],
  ['is known to nobody', 'fox', 99],
])('[FI3] takes for written what is said to be a copy of a text that %s', (_what, written, fromClock) => {
  const { text, act, bring, tracker } = ada(FOX_AND_DOG);
  text.delete(2, 3);
  bring();
  tracker.returned();
  tracker.left();
  act(() => {
    text.insert(2, written);
    return [{ client: 1, clock: FOX_AND_DOG.length, length: 3, fromClient: 1, fromClock }];
  });
  bring();
  const change = tracker.returned();
  expect([change?.isByOthers, change?.layers?.base]).toEqual([true, 'a \na dog\n']);
});

it.each(['a', [1], [1, 0], [1, 0, -1], [1, 2 ** 60, 1], { length: 3 }, Array(60_000).fill(2)])(
  '[FI3] bears what makes no sense as what an act deletes',
  (deleted) => {
    const { doc, text, bring, tracker, bobs } = ada(FOX_AND_DOG);
    tracker.left();
    doc.transact(() => {
      text.delete(0, 6);
      doc.getArray('takenBack').push([{ what: 'theirs', of: [], copies: [], deleted }]);
    });
    bring();
    expect(bobs.toString()).toBe('a dog\n');
    expect(tracker.returned()?.layers?.base).toBe(FOX_AND_DOG);
  },
);

function fail(): never {
  throw new Error('no draft was kept');
}
