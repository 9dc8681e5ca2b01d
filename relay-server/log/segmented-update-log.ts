import type { SegmentIndex, SegmentPointer } from './segment-index.ts';
import { emptyUpdates, type SegmentReader } from './segment-reader.ts';
import type {
  DocumentAppend,
  DocumentKey,
  LoggedUpdate,
  ReadRange,
  SessionKey,
  SnapshotPointer,
  UpdateLog,
} from './update-log.ts';

/** What a page of updates that only change nothing has at most. */
const EMPTY_PAGE_UPDATES = 1_000;

/**
 * A log whose older updates may be in segments: it reads them from wherever they are. They move only from the database
 * to a segment, in one step, so what is no longer found in the one is then found in the other.
 */
export class SegmentedUpdateLog implements UpdateLog {
  private readonly rows: UpdateLog;
  private readonly index: Pick<SegmentIndex, 'findAfter'>;
  private readonly segments: Pick<SegmentReader, 'read'>;
  readonly maxConcurrentAppends: number;

  /** `rows` is the log in the database. The caller keeps the ownership of everything. */
  constructor(rows: UpdateLog, index: Pick<SegmentIndex, 'findAfter'>, segments: Pick<SegmentReader, 'read'>) {
    this.rows = rows;
    this.index = index;
    this.segments = segments;
    this.maxConcurrentAppends = rows.maxConcurrentAppends;
  }

  async readUpdates(key: DocumentKey, range: ReadRange): Promise<readonly LoggedUpdate[]> {
    const rows = await this.rows.readUpdates(key, range);
    const [first] = rows;
    if (first?.seq === range.afterSeq + 1) return withoutGap(rows);
    const segment = await this.index.findAfter(key, range.afterSeq);
    // A row before a segment, or within one, is of a repair and is what counts.
    const throughSeq = Math.min(range.throughSeq, first ? first.seq - 1 : Infinity);
    const found =
      segment && segment.fromSeq <= throughSeq ? await this.readSegment(key, segment, range, throughSeq) : [];
    return found.length > 0 ? found : withoutGap(rows);
  }

  private async readSegment(key: DocumentKey, segment: SegmentPointer, range: ReadRange, throughSeq: number) {
    const firstSeq = Math.max(segment.fromSeq, range.afterSeq + 1);
    const lastSeq = Math.min(segment.toSeq, throughSeq);
    if (segment.damage !== undefined)
      return emptyUpdates(segment, firstSeq, Math.min(lastSeq, firstSeq + EMPTY_PAGE_UPDATES - 1));
    const updates = await this.segments.read(key, segment);
    const page: LoggedUpdate[] = [];
    let byteLength = 0;
    for (let seq = firstSeq; seq <= lastSeq; seq++) {
      const update = updates[seq - segment.fromSeq];
      if (!update) break;
      page.push(update);
      byteLength += update.payload.byteLength;
      if (byteLength >= range.maxBytes) break;
    }
    return page;
  }

  append(batch: readonly DocumentAppend[]) {
    return this.rows.append(batch);
  }

  readDocument(key: DocumentKey) {
    return this.rows.readDocument(key);
  }

  readHeads(keys: readonly DocumentKey[]) {
    return this.rows.readHeads(keys);
  }

  readLastOfSession(key: DocumentKey, session: SessionKey) {
    return this.rows.readLastOfSession(key, session);
  }

  settleEpoch(key: DocumentKey, epoch: string) {
    return this.rows.settleEpoch(key, epoch);
  }

  replaceEpoch(key: DocumentKey, from: string, to: string) {
    return this.rows.replaceEpoch(key, from, to);
  }

  setSnapshot(key: DocumentKey, snapshot: SnapshotPointer, replacedId: string | undefined) {
    return this.rows.setSnapshot(key, snapshot, replacedId);
  }
}

/** The rows up to the first one that does not follow the one before it: what is between may be in a segment. */
function withoutGap(rows: readonly LoggedUpdate[]): readonly LoggedUpdate[] {
  const firstSeq = rows[0]?.seq ?? 0;
  if (rows.length === 0 || rows.at(-1)?.seq === firstSeq + rows.length - 1) return rows;
  return rows.slice(
    0,
    rows.findIndex(({ seq }, index) => seq !== firstSeq + index),
  );
}
