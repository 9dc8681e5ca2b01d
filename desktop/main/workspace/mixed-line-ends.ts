import { lineEdits } from '../../../shared/workspace/index.ts';
import { decodeText, encodeText, type TextFormat } from './text-format.ts';

const LINES = /[^\r\n]*(?:\r\n?|\n)|[^\r\n]+$/g;

/**
 * The bytes of a text that replaces one of mixed line ends: lines that stay keep theirs, and new ones get the format's.
 * Where the format would not be that of most lines any more, or another text would be read, all get it.
 */
export function encodeOverMixed(text: string, format: TextFormat, mixedText: string): Buffer {
  const lines = mixedText.match(LINES) ?? [];
  const plainLines = lines.map((line) => line.replace(/\r\n?$/, '\n'));
  const eol = format.eol === 'CRLF' ? '\r\n' : '\n';
  let mixed = '';
  let line = 0;
  let position = 0;
  const skipTo = (offset: number, isKept: boolean) => {
    for (; position < offset; line++) {
      if (isKept) mixed += lines[line] ?? '';
      position += plainLines[line]?.length ?? offset;
    }
  };
  const plain = plainLines.join('');
  for (const { offset, deleteLength, insert } of lineEdits(plain, text)) {
    skipTo(offset, true);
    mixed += insert.replaceAll('\n', eol);
    skipTo(offset + deleteLength, false);
  }
  skipTo(plain.length, true);
  const bytes = Buffer.from(format.bom ? `\ufeff${mixed}` : mixed, 'utf8');
  const decoded = decodeText(bytes);
  // A line end that begins what comes after a CR would become one with it.
  const isSame = decoded.kind === 'text' && decoded.text === text && decoded.format.eol === format.eol;
  return isSame ? bytes : encodeText(text, format);
}
