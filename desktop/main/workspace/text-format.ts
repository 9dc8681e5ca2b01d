import { createHash } from 'node:crypto';

/** How a file's text lies on disk. */
export interface TextFormat {
  readonly eol: 'LF' | 'CRLF';
  /** Starts with a UTF-8 byte order mark. */
  readonly bom: boolean;
}

export type DecodedText =
  | {
      readonly kind: 'text';
      /** LF only, without the byte order mark. */
      readonly text: string;
      readonly format: TextFormat;
      /** The text with its line ends, where these are mixed: `format` names the majority then. Else {@link encodeText} gives the same bytes. */
      readonly mixedText?: string;
    }
  | { readonly kind: 'binary' };

const SNIFFED_BYTES = 8 * 1024;
/** Takes about a quarter of a millisecond. */
const HASHED_AT_ONCE_BYTES = 128 * 1024;
const BOM = '\ufeff';
const BOM_BYTES = 3;

/** Reads the bytes of a file. Binary is what has a NUL byte at its beginning or is not UTF-8. */
export function decodeText(bytes: Uint8Array): DecodedText {
  if (bytes.subarray(0, SNIFFED_BYTES).includes(0)) return { kind: 'binary' };
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  let raw: string;
  try {
    raw = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bom ? bytes.subarray(BOM_BYTES) : bytes);
  } catch {
    return { kind: 'binary' };
  }
  const crlf = raw.match(/\r\n/g)?.length ?? 0;
  const cr = (raw.match(/\r/g)?.length ?? 0) - crlf;
  const lf = (raw.match(/\n/g)?.length ?? 0) - crlf;
  const eol = crlf > lf ? 'CRLF' : 'LF';
  const isUniform = cr === 0 && (crlf === 0 || lf === 0);
  const decoded = { kind: 'text', text: toLf(raw), format: { eol, bom } } as const;
  return isUniform ? decoded : { ...decoded, mixedText: raw };
}

/** The bytes of a text in a format. Line ends of any kind become the format's. */
export function encodeText(text: string, format: TextFormat): Buffer {
  const lf = toLf(text);
  const lines = format.eol === 'CRLF' ? lf.replaceAll('\n', '\r\n') : lf;
  return Buffer.from(format.bom ? BOM + lines : lines, 'utf8');
}

/** SHA-256 in hex. */
export function hashBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** As {@link hashBytes}; many bytes do not hold up the thread that everything else needs. */
export async function hashBytesAside(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (bytes.length < HASHED_AT_ONCE_BYTES) return hashBytes(bytes);
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

function toLf(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}
