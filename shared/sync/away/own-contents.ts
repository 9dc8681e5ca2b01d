import * as Y from 'yjs';
import type { SyncCursor } from '../offline-store.ts';
import { blobOfField, readListedContent } from '../../workspace/index.ts';

/** Of more files, the ones that self replaced first are forgotten. */
const MAX_FILES = 1_000;

/** A file that self and others gave a content without knowledge of each other, of which that of the others counts. */
export interface ContendedFile {
  readonly fileId: string;
  readonly path: string;
  /** When the content was written that counts, by the clock of the device that did. */
  readonly writtenMs: number;
  /** How far the list was before that was known. */
  readonly since: SyncCursor | undefined;
}

export interface OwnContentsOptions {
  readonly nowMs: () => number;
  /** How far the list is known to be complete. */
  readonly cursor: () => SyncCursor | undefined;
}

interface OwnContent {
  readonly blob: string;
  readonly listedMs: number;
}

/**
 * What self gave to files that are no texts, since the start. What others wrote before that was listed, and brought
 * later, they wrote without knowledge of it, as far as clocks tell.
 */
export class OwnContents {
  private readonly options: OwnContentsOptions;
  private readonly contents = new Map<string, OwnContent>();

  constructor(options: OwnContentsOptions) {
    this.options = options;
  }

  /** Gives files for which a change of the list, by self or by others, shows that both replaced them. */
  notice(event: Y.YEvent<Y.AbstractType<unknown>>, isLocal: boolean): readonly ContendedFile[] {
    const [fileId] = event.path;
    const entry: unknown = event.target;
    if (typeof fileId !== 'string' || event.path.length !== 1 || !(entry instanceof Y.Map)) return [];
    const blobs = [...event.keys].flatMap(([field, { action }]) =>
      action === 'delete' ? [] : (blobOfField(field) ?? []),
    );
    const [blob] = blobs;
    if (blob === undefined) return [];
    if (isLocal) this.add(fileId, blob);
    const own = this.contents.get(fileId);
    const path: unknown = entry.get('path');
    const counted = readListedContent(entry);
    if (!own || !counted || counted.blob === own.blob || typeof path !== 'string') return [];
    this.contents.delete(fileId);
    if (!isLocal && counted.writtenMs >= own.listedMs) return [];
    return [{ fileId, path, writtenMs: counted.writtenMs, since: this.options.cursor() }];
  }

  private add(fileId: string, blob: string): void {
    this.contents.delete(fileId);
    this.contents.set(fileId, { blob, listedMs: this.options.nowMs() });
    const [first] = this.contents.keys();
    if (first !== undefined && this.contents.size > MAX_FILES) this.contents.delete(first);
  }
}
