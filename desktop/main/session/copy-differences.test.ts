import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { DIGEST_FEATURE } from '../../../shared/protocol/index.ts';
import { hashCopy } from '../../../shared/sync/copy-digest.ts';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import { startSession } from '../../../shared/testing/session-under-test.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { tellDifferences } from './copy-differences.ts';

const BEN = { subject: 'ben', name: 'Ben', role: 'editor' } as const;

it('says once that a file is not the same, with whom, and again when it comes back', async () => {
  const { session, relay, scheduler } = await startSession();
  const list = session.open(INDEX_DOCUMENT);
  const index = new WorkspaceIndex(list.replica.doc, { random: Math.random, nowMs: () => 0 });
  const [fileId = ''] = index.add([{ path: 'src/a.ts', eol: 'LF', bom: false, kind: 'text' }]);
  const file = session.open(fileId);
  const told: string[] = [];
  const telling = tellDifferences(session, index, (text) => told.push(text));
  onTestFinished(() => {
    telling.dispose();
    file.dispose();
    index.dispose();
    list.dispose();
  });
  await settle();
  const { latest } = relay;
  latest.welcome({ features: [DIGEST_FEATURE] });
  latest.send({ type: 'presence', entries: [{ presenceId: 2, isGone: false, identity: BEN, state: undefined }] });
  const state = new Y.Doc();
  state.getText('content').insert(0, 'text');
  const { handle } = latest.ofType('open').find(({ document }) => document === fileId) ?? { handle: 0 };
  latest.send(
    { type: 'opened', handle, epoch: 'e', headSeq: 1, stateVector: Y.encodeStateVector(state), access: 'write' },
    { type: 'sync', handle, throughSeq: 1, isLast: true, payload: Y.encodeStateAsUpdate(state) },
  );
  await settle();
  const same = hashCopy(state);
  const hear = async (text: Uint8Array) => {
    latest.send({
      type: 'digests',
      handle,
      entries: [{ presenceId: 2, digest: { seq: 1, state: same.state, text } }],
    });
    scheduler.advance(2_000);
    await settle();
  };
  await hear(same.text);
  expect(told).toEqual([]);
  await hear(same.text.map((byte) => byte ^ 1));
  await hear(same.text.map((byte) => byte ^ 2));
  expect(told).toEqual([expect.stringMatching(/^"src\/a\.ts" is not the same here and with Ben\. /)]);
  await hear(same.text);
  await hear(same.text.map((byte) => byte ^ 1));
  expect(told).toHaveLength(2);
});
