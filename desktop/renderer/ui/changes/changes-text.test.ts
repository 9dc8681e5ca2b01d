import { expect, it } from 'vitest';
import { createAwayFile, createAwayPerson } from '../testing/fake-away.ts';
import {
  announceReturn,
  announceTakenBack,
  changeLetter,
  describeAbsence,
  describeChange,
  describeDuration,
  describeEarlier,
  describeSizes,
  quotedIn,
} from './changes-text.ts';

const ben = createAwayPerson('Ben');
const people = ['Ben', 'Cleo', 'Dora', 'Emil', 'Fred'].map((name) => createAwayPerson(name));

it.each([
  [400, 'less than 1 s'],
  [5_000, '5 s'],
  [125_000, '2 min 5 s'],
  [3_600_000, '1 h'],
  [7_500_000, '2 h 5 min'],
  [8 * 24 * 3_600_000 + 3_600_000, '8 d 1 h'],
])('%d ms are %s', (durationMs, text) => {
  expect(describeDuration(durationMs)).toBe(text);
});

it.each([
  ['M', 'Ben edited it', { people: [ben] }],
  ['M', 'Others edited it', { people: [], text: 'unread' }],
  ['M', 'Ben, Cleo, Dora, and 2 more edited it', { people }],
  ['!', 'You and Ben edited it, 1 place overlaps', { text: 'both', overlapCount: 1, people: [ben] }],
  ['!', 'You and others edited it', { text: 'both', people: [] }],
  [
    '!',
    'You, Ben, and Cleo edited it, 2 places overlap',
    { text: 'both', overlapCount: 2, people: people.slice(0, 2) },
  ],
  ['A', 'Ben created it', { list: { kind: 'created' }, people: [ben] }],
  ['A', 'Cleo created it', { list: { kind: 'created' }, people, listPeople: people.slice(1, 2) }],
  ['D', 'Ben deleted it', { list: { kind: 'deleted' }, text: undefined, listPeople: [ben], isListed: false }],
  ['D', 'Others deleted it', { list: { kind: 'deleted' }, text: undefined, people: [ben], isListed: false }],
  [
    'M',
    'Ben deleted it, and it was brought back',
    { list: { kind: 'deleted' }, text: undefined, listPeople: [ben], isListed: true },
  ],
  [
    '!',
    'Ben deleted it, you edited it',
    { list: { kind: 'deleted' }, text: 'both', people: [], listPeople: [ben], isListed: false },
  ],
  ['!', 'You deleted it, Ben edited it', { list: { kind: 'removed' }, text: 'unread', people: [ben], isListed: false }],
  [
    '!',
    'You deleted it, others edited it, and it was brought back',
    { list: { kind: 'removed' }, text: 'theirs', people: [], isListed: true },
  ],
  ['D', 'Ben edited it, and it was deleted since', { people: [ben], isListed: false }],
  ['R', 'Ben renamed it, it was b.ts', { list: { kind: 'renamed', from: 'b.ts' }, text: undefined, listPeople: [ben] }],
  ['M', 'Ben edited it, it was b.ts', { list: { kind: 'renamed', from: 'b.ts' }, people: [ben] }],
  [
    'R',
    'It has another name than b.ts, because another file has the same',
    { list: { kind: 'renamed', from: 'b.ts', isByClash: true }, text: undefined, people: [] },
  ],
  [
    '!',
    'You and Ben edited it, it has another name than b.ts, because another file has the same',
    { list: { kind: 'renamed', from: 'b.ts', isByClash: true }, text: 'both', people: [ben] },
  ],
  ['M', 'Ben edited it, and it was made anew since', { people: [ben], isListed: false, anewId: 'g' }],
  ['M', 'Ben undid your edits', { text: undefined, people: [], takenBack: [ben] }],
  ['!', 'You and Ben edited it, and Somebody undid your edits', { text: 'both', people: [ben], takenBack: [] }],
  ['M', 'Ben replaced it', { list: { kind: 'replaced' }, text: undefined, people: [], listPeople: [ben] }],
  [
    '!',
    'You and Ben replaced it, the later version counts',
    { list: { kind: 'replaced', isByBoth: true }, text: undefined, people: [], listPeople: [ben] },
  ],
] as const)('%s: %s', (letter, text, rest) => {
  const file = createAwayFile('f', 'a.ts', rest);
  expect([changeLetter(file), describeChange(file)]).toEqual([letter, text]);
});

it('sets names and paths of others apart, and tells how much was edited as far as that is known', () => {
  expect(quotedIn(createAwayFile('f', 'a.ts', { people: [ben], list: { kind: 'renamed', from: 'b.ts' } }))).toEqual([
    'Ben',
    'b.ts',
  ]);
  expect(describeSizes(createAwayFile('f', 'a.ts', { text: 'unread' }))).toBe('');
  expect(describeSizes(createAwayFile('f', 'a.ts', { text: 'both', mine: { inserted: 1_200, deleted: 0 } }))).toBe(
    'Others: 12 characters added, 3 deleted. You: 1,200 characters added, 0 deleted.',
  );
});

it('announces how many files others changed, and in how many of them self did', () => {
  const rest = { leftMs: 0, lastLeftMs: 0, returnedMs: 1, absenceMs: 1, ownCount: 0 };
  const [one, both] = [createAwayFile('f', 'a.ts'), createAwayFile('g', 'b.ts', { text: 'both' })];
  expect(announceReturn({ ...rest, files: [one], unlistedCount: 0 })).toBe(
    'While you were away, others changed 1 file.',
  );
  expect(announceReturn({ ...rest, files: [both, one], unlistedCount: 3 })).toBe(
    'While you were away, others changed 5 files. You edited 1 of them too.',
  );
  const removed = createAwayFile('h', 'c.ts', { list: { kind: 'removed' }, isListed: false });
  const earlier = createAwayFile('i', 'd.ts', { isEarlier: true });
  expect(announceReturn({ ...rest, files: [removed, one, earlier], unlistedCount: 0 })).toBe(
    'While you were away, others changed 1 file. Others edited 1 file that you had deleted.',
  );
  expect(announceReturn({ ...rest, files: [removed, earlier], unlistedCount: 0 })).toBe(
    'Others edited 1 file that you had deleted.',
  );
});

it('tells the last absence by itself, and that there were earlier ones', () => {
  const leftMs = new Date(2026, 4, 3, 14, 44).getTime();
  const lastLeftMs = leftMs + 600_000;
  const summary = { leftMs, lastLeftMs, returnedMs: lastLeftMs + 20_000, absenceMs: 20_000 };
  const rest = { files: [], unlistedCount: 0, ownCount: 0 };
  expect(describeAbsence({ ...summary, ...rest }, leftMs)).toMatch(/^Since \S*54.*, for 20 s$/);
  expect(describeEarlier({ ...summary, ...rest }, leftMs)).toMatch(/^From earlier absences, since \S*44/);
});

it('announces whose edits others undid, by itself', () => {
  const rest = { leftMs: 0, lastLeftMs: 0, returnedMs: 1, absenceMs: 1, ownCount: 0, unlistedCount: 0 };
  const undone = createAwayFile('f', 'src/a.ts', { text: undefined, people: [], takenBack: [ben] });
  expect(announceReturn({ ...rest, files: [undone] })).toBe('Others undid your edits in 1 file.');
  expect(announceReturn({ ...rest, files: [undone, createAwayFile('g', 'b.ts')] })).toBe(
    'While you were away, others changed 1 file. Others undid your edits in 1 file.',
  );
  expect(announceTakenBack(undone)).toBe('Ben undid your edits in a.ts.');
  expect(quotedIn(undone)).toEqual(['Ben']);
});
