import { expect, it } from 'vitest';
import { splitAtQuotes } from './quoted-text.tsx';

it('finds the words of others in a sentence', () => {
  const split = (text: string, ...quoted: string[]) =>
    splitAtQuotes(text, quoted).map((part) => (part.isQuoted ? `<${part.text}>` : part.text));
  expect(split('Remove Ben?', 'Ben')).toEqual(['Remove ', '<Ben>', '?']);
  expect(split('Ben and Ben Jr go', 'Ben', 'Ben Jr')).toEqual(['<Ben>', ' and ', '<Ben Jr>', ' go']);
  expect(split('\u202eevil wants in', '\u202eevil')).toEqual(['<\u202eevil>', ' wants in']);
  expect(split('nothing', '', 'x')).toEqual(['nothing']);
  expect(split('', 'x')).toEqual([]);
});
