/** Name of the document that lists a room's files. */
export const INDEX_DOCUMENT = 'index';

/** Documents of a room that are no files: their names can be no ids of files. */
export function isReservedDocument(name: string): boolean {
  return name === INDEX_DOCUMENT || name === 'chat' || name === 'comments' || name.startsWith('view-');
}

/** Name of a file document's text. */
export const CONTENT_TEXT = 'content';

export type FileKind = 'text' | 'binary' | 'oversized';

/** A file of the shared workspace. Its text lives in the document named by its id. */
export interface SharedFile {
  readonly fileId: string;
  /** As stored: relative, `/`-separated. Untrusted until {@link parseSharedPath} has seen it. */
  readonly path: string;
  readonly eol: 'LF' | 'CRLF';
  readonly bom: boolean;
  readonly kind: FileKind;
  /** Whether it may be run, where a system tells; absent: it may not, or nobody has said. */
  readonly executable?: boolean;
  /** Size when it was last listed; only for files whose content is no shared text. */
  readonly sizeBytes?: number;
  /** Its content, as {@link isBlobId} says; only for such files, and only once it has been uploaded. */
  readonly blob?: string;
  /** When that content was written, by the clock of the device that did: the one written last counts. Absent: unknown. */
  readonly writtenMs?: number;
}
