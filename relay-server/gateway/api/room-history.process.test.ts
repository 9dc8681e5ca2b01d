import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { RoomChanges, RoomEvents, type SendRequest } from '../../../shared/sync/administration/index.ts';
import { archiveSegment } from '../../log/archive-segment.ts';
import { FolderSegmentStore } from '../../log/folder.ts';
import { shareApiRelay } from '../../testing/api-relay.ts';
import { createApiRoom } from '../../testing/api-room.ts';
import { LOGGED_EPOCH as epoch, LoggedFiles } from '../../testing/logged-files.ts';

const relay = shareApiRelay();

const send: SendRequest = async ({ method, url, bearerToken, body }) => {
  const answer = await relay().ask(`${method} ${url.slice(relay().url.length)}`, { token: bearerToken, body });
  return { status: answer.status, body: answer.body };
};

/** A room, and what somebody's device asks of it. */
async function start() {
  const { room, owner } = await createApiRoom(relay());
  const files = new LoggedFiles(relay().storage.log, { tenant: 'default', room });
  const clients = (token: string) => {
    const obtain = async () => ({ kind: 'granted', granted: { token, expiresAtMs: Infinity } }) as const;
    const options = { relayUrl: relay().url, room, tokens: { obtain }, send };
    return { events: new RoomEvents(options), changes: new RoomChanges(options) };
  };
  /** Moves the first updates of a document out of the database. */
  const archive = async (document: string, throughSeq: number) => {
    const key = { tenant: 'default', room, document };
    const { log, segments: index } = relay().storage;
    await log.setSnapshot(key, { seq: throughSeq, snapshotId: 'x', byteLength: 1 }, undefined);
    const store = new FolderSegmentStore(join(relay().data, 'segments'));
    const services = { log, index, store, scheduler: new ManualScheduler() };
    const limits = { maxUpdates: throughSeq, maxBytes: 1e6 };
    const candidate = { key, epoch, fromSeq: 1, throughSeq };
    expect(await archiveSegment(services, candidate, limits, new AbortController().signal)).toBe('archived');
    expect((await log.readUpdates(key, { afterSeq: 0, throughSeq: 1e9, maxBytes: 1 }))[0]?.seq).toBe(throughSeq + 1);
  };
  return { room, files, clients, archive, ana: clients(owner) };
}

it('keeps events that a device sends, and gives them to another', async () => {
  const { room, clients, ana } = await start();
  const viewer = clients(await relay().sign({ room, role: 'viewer' }));
  const spans = Array.from({ length: 500 }, (_, index) => ({ document: `file-${index}`, epoch, fromSeq: 1, toSeq: 2 }));
  const event = {
    id: 'event-0123456789',
    kind: 'bulk',
    label: 'Changed 500 files',
    files: 500,
    atMs: 5,
    spans,
  } as const;
  expect(await ana.events.post(event)).toEqual({ ok: true, value: 1 });
  expect(await ana.events.post(event)).toEqual({ ok: true, value: 1 });
  expect(await viewer.events.post({ ...event, id: 'event-of-a-viewer' })).toMatchObject({
    ok: false,
    isTransient: false,
  });
  expect(await viewer.events.listDocuments(1)).toEqual({ ok: true, value: spans.map(({ document }) => document) });
  expect(await viewer.events.listDocuments(2)).toMatchObject({ ok: false, isTransient: false });
  const listed = await viewer.events.list({ limit: 10 });
  expect(listed).toMatchObject({ ok: true, value: { events: [{ ...event, seq: 1, actor: 'ana' }], next: undefined } });
});

it('says who changed what, in the database and in segments', async () => {
  const { files, archive, ana } = await start();
  const [plan, code] = ['plan', 'code'];
  await files.write(plan, 'ana', 'abc', 1_000);
  await files.write(plan, 'ben', 'de', 2_000);
  await files.write(plan, 'cleo', 'f', 3_000);
  await files.write(code, 'ben', 'x', 4_000);
  await archive(plan, 2);
  const outcome = await ana.changes.read({ document: plan, epoch, afterSeq: 0 });
  const runs = outcome.ok ? outcome.value.changes : [];
  expect(runs.map(({ subject, clients }) => [subject, clients.map(([, from, to]) => [from, to])])).toEqual([
    ['ana', [[0, 3]]],
    ['ben', [[3, 5]]],
    ['cleo', [[5, 6]]],
  ]);
  const since = [
    { document: code, epoch, afterSeq: 1 },
    { document: plan, epoch, afterSeq: 1 },
  ];
  const changed = await ana.changes.readAll(since);
  const names = changed.ok && changed.value.map(({ document, people }) => [document, people.map(({ name }) => name)]);
  expect(names).toEqual([[plan, ['BEN', 'CLEO']]]);
});
