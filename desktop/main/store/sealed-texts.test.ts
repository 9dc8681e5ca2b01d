import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { openDatabase } from './open-database.ts';
import { SEALED_TEXTS_SQL, SealedTexts } from './sealed-texts.ts';
import type { SecretSeal } from './secret-seal.ts';

const SEAL: SecretSeal = {
  seal: (text) => new TextEncoder().encode(`sealed ${text}`),
  unseal: (bytes) => {
    const text = new TextDecoder().decode(bytes);
    if (!text.startsWith('sealed ')) throw new Error('sealed elsewhere');
    return text.slice('sealed '.length);
  },
};

function open() {
  const database = openDatabase(join(temporaryFolder(), 'a.sqlite'), { steps: [SEALED_TEXTS_SQL] });
  onTestFinished(() => void database.close());
  return database;
}

it('keeps texts by kind, room and name, and seals them', () => {
  const database = open();
  const links = new SealedTexts(database, SEAL, 'link');
  links.remember('r', 'l1', 'first');
  links.remember('r', 'l1', 'second');
  links.remember('other', 'l2', 'third');
  expect(links.find('r', 'l1')).toBe('second');
  expect(links.list('r')).toEqual(new Set(['l1']));
  expect(new SealedTexts(database, SEAL, 'token').find('r', 'l1')).toBeUndefined();
  const stored = database.prepare('SELECT content FROM sealed_texts WHERE name = ?').pluck().get('l1');
  expect(String(stored)).toBe('sealed second');
  links.forget('r', 'l1');
  expect(links.find('r', 'l1')).toBeUndefined();
});

it('does without what was sealed elsewhere', () => {
  const database = open();
  new SealedTexts(database, SEAL, 'link').remember('r', 'l1', 'secret');
  const strange = new SealedTexts(
    database,
    {
      ...SEAL,
      unseal: () => {
        throw new Error('no');
      },
    },
    'link',
  );
  expect(strange.find('r', 'l1')).toBeUndefined();
  expect(strange.list('r')).toEqual(new Set());
  expect(new SealedTexts(database, undefined, 'link').find('r', 'l1')).toBeUndefined();
});
