import { describe, expect, it } from 'vitest';
import { isTalkText, MAX_TALK_CHARACTERS, readStoredEntries, readStoredEntry, toStoredEntry } from './talk-entry.ts';

const ENTRY = { id: 'e1', text: 'Hello', atMs: 5, claimedSubject: 's1', claimedName: 'Ana' };

describe('a stored entry', () => {
  it('is read as it was written', () => {
    expect(readStoredEntry(toStoredEntry(ENTRY))).toEqual(ENTRY);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'Hello'],
    ['a list', [1]],
    ['without an id', { ...toStoredEntry(ENTRY), id: undefined }],
    ['an id that is none', { ...toStoredEntry(ENTRY), id: '<b>' }],
    ['an id that is too long', { ...toStoredEntry(ENTRY), id: 'x'.repeat(65) }],
    ['a text that is none', { ...toStoredEntry(ENTRY), text: 5 }],
    ['an empty text', { ...toStoredEntry(ENTRY), text: ' \n' }],
    ['a text that is too long', { ...toStoredEntry(ENTRY), text: 'x'.repeat(MAX_TALK_CHARACTERS + 1) }],
    ['a time that is none', { ...toStoredEntry(ENTRY), atMs: '5' }],
    ['a time without end', { ...toStoredEntry(ENTRY), atMs: Infinity }],
    ['a time that no calendar has', { ...toStoredEntry(ENTRY), atMs: 8.7e15 }],
    ['no subject', { ...toStoredEntry(ENTRY), subject: {} }],
    ['a subject that is too long', { ...toStoredEntry(ENTRY), subject: 'x'.repeat(257) }],
    ['no name', { ...toStoredEntry(ENTRY), name: ['Ana'] }],
    ['fields that it only inherits', Object.create(toStoredEntry(ENTRY))],
  ])('that makes no sense is left out: %s', (_, value: unknown) => {
    expect(readStoredEntry(value)).toBeUndefined();
  });

  it('has a name that fits on a line and turns nothing around', () => {
    const name = `A\u202en\na\u2066 ${'é'.repeat(200)}`;
    const shown = readStoredEntry({ ...toStoredEntry(ENTRY), name })?.claimedName ?? '';
    expect(shown).toMatch(/^Ana é+$/);
    expect([...shown]).toHaveLength(64);
  });

  it('counts once when its id comes again', () => {
    const again = { ...toStoredEntry(ENTRY), text: 'other' };
    expect(readStoredEntries([toStoredEntry(ENTRY), again, 7])).toEqual([ENTRY]);
  });
});

it('a text can be sent when it says something and is not too long', () => {
  expect([' ', 'x', 'x'.repeat(MAX_TALK_CHARACTERS), 'x'.repeat(MAX_TALK_CHARACTERS + 1)].map(isTalkText)).toEqual([
    false,
    true,
    true,
    false,
  ]);
});
