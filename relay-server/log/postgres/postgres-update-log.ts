import { LogFailure } from '../log-failure.ts';
import type {
  DocumentAppend,
  DocumentAppended,
  DocumentHead,
  DocumentKey,
  DocumentRecord,
  LoggedUpdate,
  ReadRange,
  SessionKey,
  SnapshotPointer,
  UpdateLog,
} from '../update-log.ts';
import { type AppendedRow, AppendRequest } from './append-request.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { isConflict } from './postgres-failure.ts';
import {
  ADD_DOCUMENTS,
  ADD_SESSIONS,
  APPEND,
  READ_DOCUMENT,
  READ_EPOCH,
  READ_HEADS,
  READ_LAST_OF_SESSION,
  READ_UPDATES,
  REPLACE_EPOCH,
  SET_SNAPSHOT,
  SETTLE_EPOCH,
} from './statements.ts';
import { type UpdateRow, parametersOf, snapshotOf, toLoggedUpdate } from '../database-rows.ts';

interface DocumentRow {
  readonly epoch: string;
  readonly head: number;
  readonly snapshot_seq: number | null;
  readonly snapshot_id: string | null;
  readonly snapshot_bytes: number | null;
}

/** Each repetition needs another node to have committed the same update meanwhile, so a few are many. */
const APPEND_ATTEMPTS = 8;
const PAGE_ROWS = 5_000;

/** The update log in a Postgres database, which any number of nodes share. */
export class PostgresUpdateLog implements UpdateLog {
  readonly maxConcurrentAppends: number;
  private readonly appends: ConnectionPool;
  private readonly reads: ConnectionPool;

  /** Appends have connections of their own, so that no crowd of readers is in their way. The caller owns both pools. */
  constructor(appends: ConnectionPool, reads: ConnectionPool, maxConcurrentAppends: number) {
    this.appends = appends;
    this.reads = reads;
    this.maxConcurrentAppends = maxConcurrentAppends;
  }

  async append(batch: readonly DocumentAppend[]): Promise<readonly DocumentAppended[]> {
    if (batch.every(({ updates }) => updates.length === 0)) return this.answerNothing(batch);
    const request = new AppendRequest(batch);
    return this.appends.guard(async () => request.answer(await this.appendRequest(request)));
  }

  async readDocument(key: DocumentKey): Promise<DocumentRecord | undefined> {
    const [row] = await this.reads.guard(() => this.reads.query<DocumentRow>(READ_DOCUMENT, parametersOf(key)));
    return row && { epoch: row.epoch, headSeq: row.head, snapshot: snapshotOf(row) };
  }

  async readHeads(keys: readonly DocumentKey[]): Promise<readonly (DocumentHead | undefined)[]> {
    if (keys.length === 0) return [];
    const columns = [keys.map(({ tenant }) => tenant), keys.map(({ room }) => room), keys.map((key) => key.document)];
    const rows = await this.reads.guard(() =>
      this.reads.query<{ epoch: string | null; head: number | null }>(READ_HEADS, columns),
    );
    return rows.map(({ epoch, head }) => (epoch === null || head === null ? undefined : { epoch, headSeq: head }));
  }

  async readUpdates(key: DocumentKey, { afterSeq, throughSeq, maxBytes }: ReadRange): Promise<readonly LoggedUpdate[]> {
    const updates: LoggedUpdate[] = [];
    let bytesLeft = maxBytes;
    let isComplete = false;
    while (!isComplete) {
      const from = updates.at(-1)?.seq ?? afterSeq;
      const parameters = [...parametersOf(key), from, throughSeq, PAGE_ROWS, Math.max(bytesLeft, 1)];
      const page = await this.reads.guard(() => this.reads.query<UpdateRow>(READ_UPDATES, parameters));
      for (const row of page) {
        updates.push(toLoggedUpdate(row));
        bytesLeft -= row.payload.byteLength;
      }
      isComplete = page.length < PAGE_ROWS || bytesLeft <= 0;
    }
    return updates;
  }

  async readLastOfSession(key: DocumentKey, { subject, sessionId }: SessionKey) {
    const [row] = await this.reads.guard(() =>
      this.reads.query<{ client_seq: number; seq: number }>(READ_LAST_OF_SESSION, [
        ...parametersOf(key),
        subject,
        sessionId,
      ]),
    );
    return row && { clientSeq: row.client_seq, seq: row.seq };
  }

  async settleEpoch(key: DocumentKey, epoch: string): Promise<DocumentHead> {
    const parameters = [...parametersOf(key), epoch];
    const [row] = await this.reads.guard(() => this.reads.query<DocumentRow>(SETTLE_EPOCH, parameters));
    if (!row) throw new LogFailure('failed', 'The update log did not answer which epoch a document is in.');
    return { epoch: row.epoch, headSeq: row.head };
  }

  async replaceEpoch(key: DocumentKey, from: string, to: string): Promise<string> {
    return this.reads.guard(async () => {
      await this.reads.query(REPLACE_EPOCH, [...parametersOf(key), from, to]);
      // In a statement of its own, which sees what another node did while the first one waited.
      const [row] = await this.reads.query<{ epoch: string }>(READ_EPOCH, parametersOf(key));
      return row?.epoch ?? to;
    });
  }

  async setSnapshot(
    key: DocumentKey,
    { seq, snapshotId, byteLength }: SnapshotPointer,
    replacedId: string | undefined,
  ): Promise<boolean> {
    const parameters = [...parametersOf(key), seq, snapshotId, byteLength, replacedId ?? null];
    const rows = await this.reads.guard(() => this.reads.query(SET_SNAPSHOT, parameters));
    return rows.length === 1;
  }

  private async answerNothing(batch: readonly DocumentAppend[]): Promise<readonly DocumentAppended[]> {
    const heads = await this.readHeads(batch.map(({ key }) => key));
    return batch.map(({ epochWhenNew }, index) => ({
      ...(heads[index] ?? { epoch: epochWhenNew, headSeq: 0 }),
      seqs: [],
    }));
  }

  private async appendRequest(request: AppendRequest): Promise<AppendedRow[]> {
    const [tenants, rooms, documents, epochs] = request.documentColumns();
    const sessions = request.sessionColumns();
    const parameters = [tenants, rooms, documents, ...sessions, ...request.updateColumns()];
    for (let attempt = 1; ; attempt++) {
      try {
        const rows = await this.appends.query<AppendedRow>(APPEND, parameters);
        if (rows.length > 0) return rows;
      } catch (error) {
        if (!isConflict(error) || attempt === APPEND_ATTEMPTS) throw error;
        continue;
      }
      await this.appends.query(ADD_DOCUMENTS, [tenants, rooms, documents, epochs]);
      await this.appends.query(ADD_SESSIONS, sessions);
    }
  }
}
