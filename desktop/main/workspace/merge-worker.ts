import { isMainThread, parentPort } from 'node:worker_threads';
import { errorMessage } from '../../../shared/lifecycle/index.ts';
import { diskEdits } from '../../../shared/workspace/index.ts';
import type { DifferenceCommand, DifferenceReply } from './merge-messages.ts';

// Started by merge-thread.ts, the only one that has its port.
if (!isMainThread && parentPort) {
  const port = parentPort;
  port.on('message', (command: DifferenceCommand) => port.postMessage(answer(command)));
}

function answer({ id, base, text }: DifferenceCommand): DifferenceReply {
  try {
    return { id, kind: 'edits', edits: diskEdits(base, text) };
  } catch (error) {
    return { id, kind: 'failed', reason: errorMessage(error) };
  }
}
