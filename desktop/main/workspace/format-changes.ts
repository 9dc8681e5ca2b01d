import { encodeOverMixed } from './mixed-line-ends.ts';
import type { MirrorBase } from './shared-files.ts';
import type { DiskFile } from './text-file.ts';
import { encodeText, hashBytes, type TextFormat } from './text-format.ts';

type DiskTextFile = Extract<DiskFile, { kind: 'text' }>;

/** What is on disk where a file is written. */
export type Replaced = Pick<DiskTextFile, 'hash'> & Partial<Pick<DiskTextFile, 'text' | 'format' | 'mixedText'>>;

/** A text without line ends has the format of any. */
export function isSameFormat({ text, format }: DiskTextFile, listed: TextFormat): boolean {
  return format.bom === listed.bom && (format.eol === listed.eol || !text.includes('\n'));
}

/** Whether the room has given a file another format than it had on disk last. */
export function hasRoomChangedFormat(listed: TextFormat, base: MirrorBase): boolean {
  const formats = (['LF', 'CRLF'] as const).flatMap((eol) => [true, false].map((bom) => ({ eol, bom })));
  const matches = formats.filter((format) => hashBytes(encodeText(base.text, format)) === base.hash);
  // None matches where line ends were mixed.
  return matches.length > 0 && !matches.some(({ eol, bom }) => eol === listed.eol && bom === listed.bom);
}

/** The bytes of a text in a format; lines that stay keep their line ends where the file mixed them. */
export function encodeOver(text: string, format: TextFormat, replaced: Replaced | undefined): Buffer {
  if (replaced?.mixedText === undefined || replaced.format?.eol !== format.eol) return encodeText(text, format);
  return encodeOverMixed(text, format, replaced.mixedText);
}
