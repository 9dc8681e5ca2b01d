import { randomUUID } from 'node:crypto';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { RoomSession } from '../../../shared/sync/index.ts';
import { CONTENT_TEXT } from '../../../shared/workspace/index.ts';
import { openRoomStorage } from '../session/room-storage.ts';
import { connectWebSocket } from '../session/web-socket.ts';

// Types words into a document until it is killed, and says when it typed which: `node typing-process.ts FILE SYNC_URL DOCUMENT`.
const TYPE_EVERY_MS = 5;

const [, , file = '', syncUrl = '', document = ''] = process.argv;
const { store } = await openRoomStorage(file);
const session = new RoomSession({
  syncUrl,
  tokenSource: { obtain: async () => ({ kind: 'granted', granted: { token: 'none', expiresAtMs: Infinity } }) },
  store,
  connect: connectWebSocket,
  scheduler: systemScheduler,
  random: Math.random,
  client: 'test',
  sessionId: randomUUID(),
});
const { replica } = session.open(document);
await replica.whenLoaded;
const text = replica.doc.getText(CONTENT_TEXT);
let count = 0;
setInterval(() => {
  const word = `<${process.pid} ${count++}>`;
  text.insert(text.length, word);
  process.stdout.write(`${Date.now()} ${word}\n`);
}, TYPE_EVERY_MS);
