import { expect, it } from 'vitest';
import { RelayUnderTest } from './testing/relay-under-test.ts';
import { createTypist } from './testing/raw-client.ts';
import { YjsClient } from './testing/yjs-client.ts';

const KEY = { tenant: 'default', room: 'room', document: 'file' };

/** Holds up each reading of a document until the result is called. */
function holdUpReading({ log }: RelayUnderTest): () => void {
  const read = log.readDocument.bind(log);
  const gate = Promise.withResolvers<void>();
  log.readDocument = async (key) => {
    await gate.promise;
    return read(key);
  };
  return gate.resolve;
}

async function startWithDocument(): Promise<RelayUnderTest> {
  const relay = new RelayUnderTest();
  const { client } = await relay.join('ada.editor');
  client.open(1, KEY.document);
  client.update(1, 1, createTypist(1).type('text'));
  await relay.advance(10);
  expect(client.last('ack').seq).toBe(1);
  relay.restart();
  return relay;
}

it('[CC1] whoever waits for a document when the relay ends is told to come back, and nothing of its insides', async () => {
  const relay = await startWithDocument();
  const release = holdUpReading(relay);
  const { client, closes } = await relay.join('bob.editor');
  client.open(1, KEY.document);
  const yjs = new YjsClient(relay, { token: 'cleo.editor', document: KEY.document });
  await relay.settle();
  const drained = relay.core.drain(0);
  await relay.settle();
  await drained;
  expect(client.last('goodbye')).toMatchObject({ closeCode: 1012, explanation: 'The relay is restarting.' });
  expect(closes).toEqual([1012]);
  expect(yjs.closes).toEqual([{ code: 1012, reason: 'The relay is restarting.' }]);
  relay.restart();
  release();
  await relay.settle();
  expect(client.all('document-closed')).toEqual([]);
  expect(yjs.denials).toEqual([]);
  expect(relay.problems).toEqual([]);
});

it('[CC1] whoever is cut off by a relay that ends at once is told nothing of its insides', async () => {
  const relay = await startWithDocument();
  const release = holdUpReading(relay);
  const { client } = await relay.join('bob.editor');
  client.open(1, KEY.document);
  await relay.settle();
  relay.restart();
  release();
  await relay.settle();
  expect(client.received.map(({ type }) => type).filter((type) => !['welcome', 'presence'].includes(type))).toEqual([]);
  expect(relay.problems).toEqual([]);
});
