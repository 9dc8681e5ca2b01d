import { parseArgs } from 'node:util';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { directByLines } from '../../testing/merging-person.ts';

// The same person with the stock provider, one for each document, and nothing on the disk: `node y-websocket-process.ts
// --url URL --documents COUNT`.

const { values } = parseArgs({
  options: { url: { type: 'string', default: '' }, documents: { type: 'string', default: '' } },
});

// Each provider listens for the end of the process.
process.setMaxListeners(0);
const documents = Array.from({ length: Number(values.documents) }, (_unused, document) => {
  const doc = new Y.Doc();
  // The broadcast channel would reach other pages of a browser.
  const provider = new WebsocketProvider(values.url, `document-${document}`, doc, { disableBc: true });
  return { text: doc.getText('content'), provider };
});

async function whenSynced(): Promise<void> {
  await Promise.all(
    documents.map(async ({ provider }) => {
      if (provider.synced) return;
      await new Promise<void>((resolve) => {
        const notice = (isSynced: boolean) => {
          if (!isSynced) return;
          provider.off('sync', notice);
          resolve();
        };
        provider.on('sync', notice);
      });
    }),
  );
}

directByLines({
  texts: documents.map(({ text }) => text),
  whenSynced,
  // The protocol confirms no edit: this is when the server has answered.
  whenSaved: whenSynced,
  disconnect: async () => documents.forEach(({ provider }) => provider.disconnect()),
  connect: () => documents.forEach(({ provider }) => provider.connect()),
  close() {
    for (const { provider } of documents) provider.destroy();
    return Promise.resolve();
  },
});
