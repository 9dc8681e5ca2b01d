import { isMainThread, parentPort } from 'node:worker_threads';
import { errorMessage } from '../../shared/lifecycle/index.ts';
import { SnapshotBuilder } from './snapshot-builder.ts';
import { type SnapshotCommand, type SnapshotReply, unpackParts } from './snapshot-messages.ts';

// Started by snapshot-thread.ts, the only one that has its port.
if (!isMainThread && parentPort) {
  const port = parentPort;
  let builder = new SnapshotBuilder();
  port.on('message', (command: SnapshotCommand) => {
    if (command.kind === 'begin') builder = new SnapshotBuilder();
    const reply = answer(builder, command);
    port.postMessage(reply, reply.kind === 'finished' ? [reply.snapshot.buffer as ArrayBuffer] : []);
    // A large document does not wait in memory for the next one.
    if (reply.kind !== 'done') builder = new SnapshotBuilder();
  });
}

function answer(builder: SnapshotBuilder, command: SnapshotCommand): SnapshotReply {
  try {
    if (command.kind === 'finish') return { kind: 'finished', snapshot: builder.finish().slice() };
    if (command.kind === 'add') builder.add(unpackParts(command.bytes, command.lengths));
    return { kind: 'done' };
  } catch (error) {
    const reason = errorMessage(error);
    return { kind: 'failed', partIndex: builder.partCount, reason };
  }
}
