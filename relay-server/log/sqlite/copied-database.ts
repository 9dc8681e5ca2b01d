import Database from 'better-sqlite3';
import type { Disposable } from '../../../shared/lifecycle/index.ts';
import type { BlobKey, BlobPart } from '../blob-index.ts';
import { type BlobPartRow, toBlobPart } from '../blob-rows.ts';
import type { DocumentKey } from '../update-log.ts';
import { guardSqlite } from './sqlite-failure.ts';

/** What the database names of a document in the stores of objects. */
export interface NamedObjects {
  readonly key: DocumentKey;
  readonly snapshotId: string | undefined;
  /** Those that are read. */
  readonly segmentIds: readonly string[];
}

interface DocumentRow extends DocumentKey {
  readonly document_id: number;
  readonly snapshot_id: string | null;
}

const PAGE_ROWS = 500;

/** Reads a database of whatever version, and leaves it as it is. Every method throws a `LogFailure`. */
export class CopiedDatabase implements Disposable {
  private readonly path: string;
  private readonly database: Database.Database;

  constructor(path: string) {
    this.path = path;
    this.database = guardSqlite(path, () => new Database(path, { readonly: true, fileMustExist: true }));
  }

  /** Whether it was ever served with a bucket. */
  hasObjectsClaim(): boolean {
    return guardSqlite(
      this.path,
      () => this.hasTable('objects_claim') && this.database.prepare('SELECT 1 FROM objects_claim').get() !== undefined,
    );
  }

  *namedObjects(): Generator<NamedObjects> {
    for (let afterId = 0; ;) {
      const page = guardSqlite(this.path, () => this.readPage(afterId));
      const last = page.at(-1);
      if (!last) return;
      for (const { named } of page) yield named;
      afterId = last.documentId;
    }
  }

  /** The parts of whole blobs, blob by blob. */
  *namedParts(): Generator<{ readonly key: BlobKey; readonly parts: readonly BlobPart[] }> {
    if (!guardSqlite(this.path, () => this.hasTable('blobs'))) return;
    const blobs = guardSqlite(this.path, () =>
      this.database
        .prepare<[], { tenant: string; room: string; sha256: string }>(
          'SELECT tenant, room, sha256 FROM blobs WHERE completed_at_ms IS NOT NULL',
        )
        .all(),
    );
    const parts = this.database.prepare<[string, string, string], BlobPartRow>(
      `SELECT part, part_sha256, size_bytes FROM blob_parts
       WHERE tenant = ? AND room = ? AND sha256 = ? AND state = 'used' ORDER BY part`,
    );
    for (const { tenant, room, sha256: blob } of blobs) {
      const rows = guardSqlite(this.path, () => parts.all(tenant, room, blob));
      yield { key: { tenant, room, blob }, parts: rows.map(toBlobPart) };
    }
  }

  private readPage(afterId: number): { readonly documentId: number; readonly named: NamedObjects }[] {
    const segments = this.hasTable('segments')
      ? this.database
          .prepare<[number], string>('SELECT segment_id FROM segments WHERE document_id = ? AND damage IS NULL')
          .pluck()
      : undefined;
    return this.database
      .prepare<[number, number], DocumentRow>(
        `SELECT document_id, tenant, room, document, snapshot_id FROM documents
         WHERE document_id > ? ORDER BY document_id LIMIT ?`,
      )
      .all(afterId, PAGE_ROWS)
      .map(({ document_id: documentId, tenant, room, document, snapshot_id: snapshotId }) => {
        const segmentIds = segments?.all(documentId) ?? [];
        return {
          documentId,
          named: { key: { tenant, room, document }, snapshotId: snapshotId ?? undefined, segmentIds },
        };
      });
  }

  private hasTable(name: string): boolean {
    return (
      this.database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined
    );
  }

  dispose(): void {
    this.database.close();
  }
}
