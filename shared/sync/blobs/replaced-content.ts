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
}

/** As an event's `detail`. */
export function writeReplacement({ fileId, from, to }: ReplacedContent): string {
  return JSON.stringify({ fileId, from: pick(from), to: pick(to) });
}

/** Undefined for what is no such thing: events are other people's words. */
export function readReplacement(detail: string): ReplacedContent | undefined {
  const said = parse(detail);
  const fileId = field(said, 'fileId');
  const from = readContent(field(said, 'from'));
  const to = readContent(field(said, 'to'));
  return typeof fileId === 'string' && from && to ? { fileId, from, to } : undefined;
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
