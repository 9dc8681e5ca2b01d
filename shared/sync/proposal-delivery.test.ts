import { expect, it } from 'vitest';
import { fromBase64 } from 'lib0/buffer';
import * as Y from 'yjs';
import type { JsonAnswer } from './link-token-source.ts';
import { ProposalDelivery } from './proposal-delivery.ts';
import type { UnsentDocument } from './unsent-texts.ts';

function edits(document: string, ...words: readonly string[]): UnsentDocument {
  const doc = new Y.Doc();
  const unacked: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => void unacked.push(update));
  for (const word of words) doc.getText('content').insert(0, word);
  doc.destroy();
  return { document, acked: [], unacked };
}

function start(
  unsent: readonly UnsentDocument[],
  answer: () => Promise<JsonAnswer>,
  { token }: { readonly token: string | undefined } = { token: 'old' },
) {
  const sent: { readonly url: string; readonly body: unknown }[] = [];
  const ledger = new Set<string>();
  const create = () =>
    new ProposalDelivery({
      relayUrl: 'http://relay',
      room: 'r',
      postJson: async (url, body) => {
        sent.push({ url, body });
        return answer();
      },
      lastToken: () => token,
      readUnsent: async () => unsent,
      ledger,
    });
  return { create, sent };
}

it('sends all edits of a document as one update, once, also after another start', async () => {
  const { create, sent } = start([edits('f1', 'b', 'a')], async () => ({ status: 201, body: { id: 'p' } }));
  const delivery = create();
  const both = await Promise.all([delivery.deliver(), delivery.deliver()]);
  expect(both).toEqual(Array(2).fill({ proposed: 1, kept: 0, explanation: '', mayReturn: false }));
  expect(await create().deliver()).toEqual({ proposed: 1, kept: 0, explanation: '', mayReturn: false });
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({ url: 'http://relay/api/rooms/r/proposals', body: { token: 'old', document: 'f1' } });
  const doc = new Y.Doc();
  Y.applyUpdate(doc, fromBase64(String(Reflect.get(sent[0]?.body as object, 'update'))));
  expect(doc.getText('content').toString()).toBe('ab');
  doc.destroy();
});

it('says why edits are on this device only, and tries again when asked', async () => {
  const refusals: (() => Promise<JsonAnswer>)[] = [
    async () => ({ status: 413, body: { error: 'proposal-too-large', explanation: 'Export a patch instead.' } }),
    async () => Promise.reject(new Error('down')),
    async () => ({ status: 201, body: {} }),
  ];
  const { create } = start([edits('f1', 'a')], () => (refusals.shift() ?? (async () => ({ status: 500, body: {} })))());
  const delivery = create();
  expect(await delivery.deliver()).toEqual({
    proposed: 0,
    kept: 1,
    explanation: 'Export a patch instead.',
    mayReturn: false,
  });
  expect((await delivery.deliver()).explanation).toMatch(/cannot be reached/);
  expect(await delivery.deliver()).toEqual({ proposed: 1, kept: 0, explanation: '', mayReturn: false });
});

it('sends nothing without a token that says whose edits they are', async () => {
  const { create, sent } = start([edits('f1', 'a')], async () => ({ status: 201, body: {} }), { token: undefined });
  expect(await create().deliver()).toMatchObject({ proposed: 0, kept: 1, mayReturn: true });
  expect(sent).toEqual([]);
});

it('asks no more once the relay takes no more, and counts what was sent before', async () => {
  const answers = [201, 429, 201];
  const { create, sent } = start(
    ['f1', 'f2', 'f3', 'f4'].map((name) => edits(name, 'a')),
    async () => ({ status: answers.shift() ?? 500, body: { explanation: 'Too much waits.' } }),
  );
  const delivery = create();
  expect(await delivery.deliver()).toMatchObject({ proposed: 1, kept: 3, explanation: 'Too much waits.' });
  expect(sent).toHaveLength(2);
  expect(await delivery.deliver()).toMatchObject({ proposed: 2, kept: 2 });
});

it('says when owners have dropped the very same edits before', async () => {
  const { create } = start([edits('f1', 'a')], async () => ({ status: 200, body: { id: 'p', state: 'dropped' } }));
  const report = await create().deliver();
  expect(report).toMatchObject({ proposed: 0, kept: 1 });
  expect(report.explanation).toMatch(/dropped/);
});

it('says when nobody has put self out, so that the edits arrive once self is back', async () => {
  for (const [status, error] of [
    [409, 'proposal-not-revoked'],
    [401, 'proposal-unauthenticated'],
  ] as const) {
    const { create } = start([edits('f1', 'a')], async () => ({ status, body: { error, explanation: 'No.' } }));
    expect(await create().deliver()).toMatchObject({ proposed: 0, kept: 1, mayReturn: true });
  }
});
