import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { encodeOverMixed } from './mixed-line-ends.ts';
import { startMirror } from './testing/mirror-under-test.ts';
import { decodeText } from './text-format.ts';

const CRLF = { eol: 'CRLF', bom: false } as const;
const LF = { eol: 'LF', bom: false } as const;

describe('encodeOverMixed', () => {
  it.each([
    ['a changed line', 'a\r\nb\nc\r\n', 'a\nB\nc\n', CRLF, 'a\r\nB\r\nc\r\n'],
    ['a line more', 'a\r\nb\nc\r\n', 'a\nb\nnew\nc\n', CRLF, 'a\r\nb\nnew\r\nc\r\n'],
    ['a line less', 'a\r\nb\nc\r\nd\r\n', 'b\nc\nd\n', CRLF, 'b\nc\r\nd\r\n'],
    ['no last line end any more', 'a\nb\r\nc\n', 'a\nb\nc', LF, 'a\nb\r\nc'],
    ['a lone CR', 'a\rb\nc\nd\n', 'a\nb\nc\nmore\nd\n', LF, 'a\rb\nc\nmore\nd\n'],
    ['nothing', 'a\r\nb\nc\r\n', 'a\nb\nc\n', CRLF, 'a\r\nb\nc\r\n'],
    ['another majority', 'a\nb\r\nc\r\n', 'a\nb\n', CRLF, 'a\r\nb\r\n'],
  ] as const)('keeps the line ends of lines that stay: %s', (_what, mixed, text, format, expected) => {
    expect(encodeOverMixed(text, format, mixed).toString()).toBe(expected);
  });

  it('gives the text in its format, 500 random changes', () => {
    const random = createSeededRandom(3);
    for (let round = 0; round < 500; round++) {
      const lines = Array.from({ length: 1 + random.below(8) }, () => random.pick(['a', 'b', '', 'word']));
      const mixed = lines.map((line) => line + random.pick(['\n', '\r\n', '\r'])).join('');
      const { format } = decodedFrom(Buffer.from(mixed));
      const changed = lines.flatMap((line) => random.pick([[line], [line, 'new'], [], [`${line}!`]]));
      const text = changed.join('\n') + random.pick(['', '\n']);
      const bytes = encodeOverMixed(text, { ...format, bom: random.chance(0.5) }, mixed);
      const decoded = decodedFrom(bytes);
      expect(decoded.text).toBe(text);
      if (/\r\n|\n/.test(bytes.toString())) expect(decoded.format.eol).toBe(format.eol);
    }
  });
});

describe('a file of mixed line ends', () => {
  it('keeps those of the lines that are not edited', async () => {
    const test = await startMirror({ 'mixed.txt': 'a\r\nb\nc\r\n' });
    const id = test.files.idOf('mixed.txt');
    test.files.insert(id, 0, 'new\n');
    await test.current.flush();
    expect(await test.folder.read('mixed.txt')).toBe('new\r\na\r\nb\nc\r\n');
    await test.settle();
    test.files.insert(id, test.files.readText(id).length, 'end\n');
    await test.current.flush();
    expect(await test.folder.read('mixed.txt')).toBe('new\r\na\r\nb\nc\r\nend\r\n');
    expect(test.files.files[0]).toMatchObject({ eol: 'CRLF' });
  });

  it('gets the one kind that the room chooses for it', async () => {
    const test = await startMirror({ 'mixed.txt': 'a\r\nb\nc\r\n' });
    test.files.update(test.files.idOf('mixed.txt'), { eol: 'LF' });
    await test.settle();
    expect(await test.folder.read('mixed.txt')).toBe('a\nb\nc\n');
  });
});

function decodedFrom(bytes: Uint8Array) {
  const decoded = decodeText(bytes);
  if (decoded.kind !== 'text') throw new Error('this is text');
  return decoded;
}
