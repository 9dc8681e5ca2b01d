import { isBlobId } from '../../workspace/index.ts';

export interface NamedContent {
  /** SHA-256 in lowercase hexadecimal digits. */
  readonly blob: string;
  /** As far as it was known. */
  readonly sizeBytes: number | undefined;
}

/** A file that is no text has got another content: what the `detail` of an event of the kind `blob` says. */
export interface ReplacedContent {
  readonly fileId: string;
  readonly from: NamedContent;
  readonly to: NamedContent;
  /** `from` was never the room's: whoever changed the file to it did not know of `to`, which was written later. */
  readonly isConcurrent?: boolean;
}

/** As an event's `detail`. */
export function writeReplacement({ fileId, from, to, isConcurrent }: ReplacedContent): string {
  return JSON.stringify({ fileId, from: pick(from), to: pick(to), ...(isConcurrent ? { isConcurrent } : {}) });
}

/** As the `detail` of an event of many files: those among them that are no text and were replaced. */
export function describeReplacements(replaced: readonly ReplacedContent[]): string {
  return `{"replaced":[${replaced.map(writeReplacement).join(',')}]}`;
}

/** Undefined for what is no such thing: events are other people's words. */
export function readReplacement(detail: string): ReplacedContent | undefined {
  return read(parse(detail));
}

/** Of an event of whatever kind. */
export function readReplacements(detail: string): readonly ReplacedContent[] {
  const said = parse(detail);
  const listed = field(said, 'replaced');
  const entries: readonly unknown[] = Array.isArray(listed) ? listed : [said];
  return entries.flatMap((entry) => read(entry) ?? []);
}

function read(said: unknown): ReplacedContent | undefined {
  const fileId = field(said, 'fileId');
  const from = readContent(field(said, 'from'));
  const to = readContent(field(said, 'to'));
  if (typeof fileId !== 'string' || !from || !to) return undefined;
  return { fileId, from, to, ...(field(said, 'isConcurrent') === true ? { isConcurrent: true } : {}) };
}

function pick({ blob, sizeBytes }: NamedContent) {
  return { blob, sizeBytes };
}

function readContent(value: unknown): NamedContent | undefined {
  const blob = field(value, 'blob');
  const sizeBytes = field(value, 'sizeBytes');
  const isSize = typeof sizeBytes === 'number' && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0;
  return isBlobId(blob) ? { blob, sizeBytes: isSize ? sizeBytes : undefined } : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
