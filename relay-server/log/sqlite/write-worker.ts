import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { LogFailure } from '../log-failure.ts';
import { openDatabase } from './open-database.ts';
import { SqliteAccessDirectory } from './sqlite-access-directory.ts';
import { SqliteBlobIndex } from './sqlite-blob-index.ts';
import { SqliteEventDirectory } from './sqlite-event-directory.ts';
import { SqliteSegmentIndex } from './sqlite-segment-index.ts';
import { SqliteUpdateLog } from './sqlite-update-log.ts';
import { packPage, unpackBatch, type WriteCommand, type WriteReply, type WriteRequest } from './write-messages.ts';

// Started by write-thread.ts, the only one that has its port.
if (!isMainThread && parentPort) {
  const port = parentPort;
  const path = String(workerData);
  const database = openDatabase(path, { isChecked: false });
  const writers = {
    log: new SqliteUpdateLog(database, path),
    segments: new SqliteSegmentIndex(database, path),
    access: new SqliteAccessDirectory(database, path),
    events: new SqliteEventDirectory(database, path),
    blobs: new SqliteBlobIndex(database, path),
  };
  let working: Promise<void> = Promise.resolve();
  port.on('message', (command: WriteCommand | 'close') => {
    working = working.then(async () => {
      if (command !== 'close') {
        const reply = await answer(writers, command);
        return port.postMessage(reply, toTransfer(reply));
      }
      database.close();
      port.close();
    });
  });
}

interface Writers {
  readonly log: SqliteUpdateLog;
  readonly segments: SqliteSegmentIndex;
  readonly access: SqliteAccessDirectory;
  readonly events: SqliteEventDirectory;
  readonly blobs: SqliteBlobIndex;
}

async function answer(writers: Writers, { id, request }: WriteCommand): Promise<WriteReply> {
  try {
    return { id, ok: true, result: await perform(writers, request) };
  } catch (error) {
    const { code, message } =
      error instanceof LogFailure ? error : new LogFailure('failed', `The database failed: ${String(error)}.`);
    return { id, ok: false, code, message };
  }
}

async function perform({ log, segments, access, events, blobs }: Writers, request: WriteRequest) {
  switch (request.kind) {
    case 'append':
      return log.append(unpackBatch(request.batch));
    case 'read-updates':
      return packPage(await log.readUpdates(request.key, request.range));
    case 'settle-epoch':
      return log.settleEpoch(request.key, request.epoch);
    case 'replace-epoch':
      return log.replaceEpoch(request.key, request.from, request.to);
    case 'set-snapshot':
      return log.setSnapshot(request.key, request.snapshot, request.replacedId);
    case 'begin-upload':
      return segments.beginUpload(request.key, request.segmentId, request.nowMs);
    case 'commit-segment':
      return segments.commit(request.key, request.segment);
    case 'abandon-uploads':
      return segments.abandonUploads(request.beforeMs);
    case 'forget-upload':
      await segments.forgetUpload(request.upload);
      return true;
    case 'record-visits':
      await access.recordVisits(request.rooms);
      return true;
    case 'add-event':
      return events.addEvent(request.key, request.event, request.bounds);
    case 'announce-part':
      return blobs.announcePart(request.key, request.part, request.limit);
    case 'store-part':
      return blobs.storePart(request.key, request.part);
    case 'complete-blob':
      return blobs.complete(request.key, request.blob);
    case 'lose-part':
      await blobs.losePart(request.key, request.part, request.nowMs);
      return true;
    case 'abandon-parts':
      return blobs.abandonParts(request.since);
    case 'forget-part':
      await blobs.forgetPart(request.abandoned);
      return true;
  }
}

/** Memory that is handed over and not copied. */
function toTransfer(reply: WriteReply): ArrayBuffer[] {
  const isPage = reply.ok && typeof reply.result === 'object' && 'bytes' in reply.result;
  return isPage ? [reply.result.bytes.buffer] : [];
}
