import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as Y from 'yjs';
import { onTestFinished } from 'vitest';
import { openSqliteStorage } from '../log/sqlite.ts';
import { openRawDatabase } from '../log/testing/raw-database.ts';
import type { DocumentKey } from '../log/update-log.ts';
import { type RepairCommandOptions, runRepair, runRoomRepair } from '../repair-command.ts';
import { createTypist } from './raw-client.ts';
import { type ConnectedClient, RelayUnderTest } from './relay-under-test.ts';

/** The document that the tests damage. */
export const FILE = { tenant: 'default', room: 'room', document: 'file' };
let sessions = 0;
export const OTHER = { ...FILE, document: 'other' };

/** A relay on whose documents `file` and `other` ada has typed, each word an update. */
export async function setUpDocuments(words: readonly string[]) {
  const relay = new RelayUnderTest();
  const path = join(relay.folder, 'relay.db');
  const storage = openSqliteStorage(path);
  const database = openRawDatabase(path);
  onTestFinished(() => {
    database.close();
    storage.dispose();
  });
  const ada = await relay.join('ada.editor');
  const typist = createTypist(1);
  ada.client.open(1, 'file');
  ada.client.open(2, 'other');
  await relay.settle();
  for (const [index, word] of words.entries()) {
    const payload = typist.type(word);
    ada.client.update(1, 2 * index + 1, payload);
    ada.client.update(2, 2 * index + 2, payload);
    await relay.settle();
  }
  await relay.advance(5);
  const { snapshots, segmentStore } = relay;
  const access = { storage, snapshots, segmentStore, place: 'the folder', givesUpMissingObjects: false };
  const repair = (isApplied: boolean, options: Partial<RepairCommandOptions> = {}, key: DocumentKey = FILE) =>
    runRepair({ ...access, isApplied, ...options }, key);
  const repairRoom = async (isApplied: boolean, options: Partial<RepairCommandOptions> = {}, room = 'room') => {
    const lines: string[] = [];
    const write = (text: string) => lines.push(text);
    const areUsable = await runRoomRepair({ ...access, isApplied, ...options }, { tenant: FILE.tenant, room }, write);
    return { areUsable, lines };
  };
  const rows = database.prepare<[Uint8Array, number, string]>(
    'UPDATE updates SET payload = ? WHERE seq = ? AND document_id = (SELECT document_id FROM documents WHERE document = ?)',
  );
  const damageRow = (seq: number, payload: Uint8Array = new Uint8Array([7, 7, 7])) => rows.run(payload, seq, 'file');
  return { relay, storage, database, typist, repair, repairRoom, damageRow };
}

/** Somebody who has a document open, or was told why not. */
export interface Reader extends ConnectedClient {
  readonly handle: number;
  readonly text: () => string;
}

/** Opens a document and waits for the answer, for which files may have to be read. */
export async function openDocument(
  relay: RelayUnderTest,
  connected: ConnectedClient,
  { document = 'file', epoch = '', handle = 1 } = {},
): Promise<Reader> {
  const { client } = connected;
  const isAnswered = () => [...client.all('opened'), ...client.all('document-closed')].some((m) => m.handle === handle);
  client.open(handle, document, { epoch });
  while (!isAnswered()) await relay.settle();
  await relay.settle();
  return { ...connected, handle, text: () => client.textOf(handle) };
}

/** The same, by somebody who has just come. */
export async function openAs(relay: RelayUnderTest, who: string, document = 'file'): Promise<Reader> {
  return openDocument(relay, await relay.join(`${who}.editor`, `session-of-${who}-${++sessions}`), { document });
}

/** Somebody who still has the content opens the document and sends what the relay lacks. */
export async function bringBack(relay: RelayUnderTest, doc: Y.Doc): Promise<void> {
  const ada = await relay.join('ada.editor', `session-of-ada-${++sessions}`);
  await openDocument(relay, ada, { epoch: 'an-old-one' });
  ada.client.update(1, 1, Y.encodeStateAsUpdate(doc, ada.client.last('opened').stateVector));
  await relay.advance(5);
}

/** Makes a snapshot as a compaction does. */
export async function compact(
  { relay, typist }: Awaited<ReturnType<typeof setUpDocuments>>,
  seq: number,
  key: DocumentKey = FILE,
): Promise<string> {
  const bytes = Y.encodeStateAsUpdate(typist.doc);
  const snapshotId = await relay.snapshots.write(key, seq, bytes);
  await relay.log.setSnapshot(key, { seq, snapshotId, byteLength: bytes.byteLength }, undefined);
  return snapshotId;
}

/** Where a snapshot is. */
export function pathOf(relay: RelayUnderTest, snapshotId: string): string {
  const folder = join(relay.folder, 'snapshots');
  const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) => path.endsWith(snapshotId));
  return join(folder, name ?? 'missing');
}
