import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { type DocumentReplica, RoomSession } from '../../../shared/sync/index.ts';
import { CONTENT_TEXT } from '../../../shared/workspace/index.ts';
import { directByLines } from '../../testing/merging-person.ts';
import { openRoomStorage } from '../session/room-storage.ts';
import { connectWebSocket } from '../session/web-socket.ts';
import { fixedToken } from './fixed-token.ts';

// An engine with its SQLite store in a process of its own, for benchmarks: `node merging-process.ts --url URL --token
// TOKEN --store FILE --documents COUNT`. It opens the documents and is then directed by lines.

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    token: { type: 'string', default: '' },
    store: { type: 'string', default: '' },
    documents: { type: 'string', default: '' },
  },
});

const storage = await openRoomStorage(values.store);
const session = new RoomSession({
  syncUrl: values.url,
  tokenSource: fixedToken(values.token),
  store: storage.store,
  connect: connectWebSocket,
  scheduler: systemScheduler,
  random: Math.random,
  client: 'bench',
  sessionId: randomUUID(),
});
const replicas = Array.from(
  { length: Number(values.documents) },
  (_unused, document) => session.open(`document-${document}`).replica,
);
await Promise.all(replicas.map((replica) => replica.whenLoaded));

async function whenStatus(replica: DocumentReplica, holds: () => boolean): Promise<void> {
  if (holds()) return;
  await new Promise<void>((resolve) => {
    const following = replica.onDidChangeStatus(() => {
      if (!holds()) return;
      following.dispose();
      resolve();
    });
  });
}

async function whenEach(holds: (replica: DocumentReplica) => boolean): Promise<void> {
  await Promise.all(replicas.map((replica) => whenStatus(replica, () => holds(replica))));
}

directByLines({
  texts: replicas.map(({ doc }) => doc.getText(CONTENT_TEXT)),
  whenSynced: () => whenEach((replica) => replica.isSynced),
  // On the disk of the relay.
  whenSaved: () => whenEach((replica) => replica.isSynced && !replica.hasUnsent),
  disconnect: () => whenEach((replica) => !replica.isSynced),
  connect: () => session.retryNow(),
  async close() {
    await session.leave();
    await storage.close();
  },
});
