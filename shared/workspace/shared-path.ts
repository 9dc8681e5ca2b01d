/** What {@link parseSharedPath} made of a path. `reason` completes the sentence "this path cannot be used: …". */
export type ParsedSharedPath =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly reason: string };

const MAX_PATH_BYTES = 1024;
const MAX_SEGMENT_BYTES = 255;
const RESERVED_ON_WINDOWS = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])$/;
/** File systems that normalise Unicode skip these, so `.g<ZWNJ>it` would open `.git`. */
const IGNORABLE = /[\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** They turn around what is shown after them: `exe.txt` may be `…txt.exe`. */
const TURNS_TEXT_AROUND = /[\u202a-\u202e\u2066-\u2069]/;

/**
 * Checks a path that came from somebody else: relative, `/`-separated, safe and possible on every platform.
 * The result is in Unicode normal form C. It says nothing about links on this disk.
 */
export function parseSharedPath(value: string): ParsedSharedPath {
  const path = value.normalize('NFC');
  const reason = findPathFault(path);
  return reason === undefined ? { ok: true, path } : { ok: false, reason };
}

function findPathFault(path: string): string | undefined {
  if (path === '') return 'it is empty';
  if (path.startsWith('/')) return 'it is absolute';
  if (path.includes('\\')) return 'it contains a backslash';
  if (path.includes(':')) return 'it contains a colon';
  if (LONE_SURROGATE.test(path)) return 'it is not valid Unicode';
  if (hasControlCharacter(path)) return 'it contains a control character';
  if (TURNS_TEXT_AROUND.test(path)) return 'it contains a character that turns the text around it the other way';
  if (utf8Length(path) > MAX_PATH_BYTES) return `it is longer than ${MAX_PATH_BYTES} bytes`;
  for (const segment of path.split('/')) {
    const fault = findSegmentFault(segment);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function findSegmentFault(segment: string): string | undefined {
  if (segment === '') return 'it has an empty segment';
  if (segment === '.' || segment === '..') return `it has a segment "${segment}"`;
  if (/[. ]$/.test(segment)) return `"${segment}" ends with a dot or a space`;
  if (utf8Length(segment) > MAX_SEGMENT_BYTES) return `a segment is longer than ${MAX_SEGMENT_BYTES} bytes`;
  const folded = segment.replace(IGNORABLE, '').toLowerCase();
  if (/^(?:\.git|git~[0-9]+)$/.test(folded)) return `"${segment}" belongs to Git`;
  const stem = (folded.split('.', 1)[0] ?? '').trimEnd();
  if (RESERVED_ON_WINDOWS.test(stem)) return `"${segment}" is a reserved name on Windows`;
  return undefined;
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return true;
  }
  return false;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (codePoint < 0x80) bytes += 1;
    else if (codePoint < 0x800) bytes += 2;
    else if (codePoint < 0x10000) bytes += 3;
    else bytes += 4;
  }
  return bytes;
}
