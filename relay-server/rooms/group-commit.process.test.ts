import { expect, it, onTestFinished } from 'vitest';
import { systemScheduler } from '../../shared/lifecycle/index.ts';
import { openPostgresStorage } from '../log/postgres.ts';
import { PostgresServer } from '../testing/postgres-server.ts';
import { type CommitTarget, GroupCommit, type PendingUpdate } from './group-commit.ts';

const DOCUMENTS = 5;
const EDITS = 120;
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

/** Somebody who types on, whether or not the relay has stored what was typed before. */
class Typist implements CommitTarget {
  readonly key;
  readonly epoch = 'e';
  readonly committedClientSeqs: number[] = [];
  readonly refused: number[] = [];
  private readonly commits: GroupCommit;
  private lastClientSeq = 0;

  constructor(commits: GroupCommit, document: string) {
    this.commits = commits;
    this.key = { tenant: 't', room: 'r', document };
  }

  type(): void {
    const clientSeq = ++this.lastClientSeq;
    this.commits.enqueue(this, {
      pendingId: clientSeq,
      session: { subject: 's', sessionId: this.key.document },
      clientSeq,
      clientSeqs: [clientSeq],
      name: 'n',
      timeMs: systemScheduler.now(),
      payload: Buffer.from(`edit ${clientSeq}`),
    });
  }

  committed(updates: readonly PendingUpdate[]): void {
    this.committedClientSeqs.push(...updates.map(({ clientSeq }) => clientSeq));
  }

  failed(updates: readonly PendingUpdate[]): void {
    this.refused.push(...updates.map(({ clientSeq }) => clientSeq));
  }
}

it('loses, refuses and doubles nothing while Postgres is killed and started, and stalls for a while', async () => {
  const server = await PostgresServer.start();
  onTestFinished(() => server.dispose());
  const storage = await openPostgresStorage(await server.createDatabase(), {
    reportProblem: () => {},
    statementTimeoutMs: 500,
    connectTimeoutMs: 500,
  });
  onTestFinished(() => storage.close());
  const commits = new GroupCommit(storage.log, systemScheduler);
  onTestFinished(() => commits.dispose());
  const typists = Array.from({ length: DOCUMENTS }, (_, index) => new Typist(commits, `d${index}`));

  for (let edit = 0; edit < EDITS; edit++) {
    for (const typist of typists) typist.type();
    // One more commit, so that the faults meet appends that are under way.
    if (edit % 10 === 0) await commits.settled(typists[0]);
    if (edit === 41) await server.kill();
    if (edit === 49) await server.start();
    if (edit === 81) await server.stall();
    if (edit === 89) {
      await expect(storage.log.readHeads([{ tenant: 't', room: 'r', document: 'd0' }])).rejects.toMatchObject({
        code: 'busy',
      });
      await server.resume();
    }
  }
  await commits.drain();

  const inOrder = Array.from({ length: EDITS }, (_, index) => index + 1);
  for (const { key, committedClientSeqs, refused } of typists) {
    expect(refused).toEqual([]);
    expect(committedClientSeqs).toEqual(inOrder);
    expect((await storage.log.readUpdates(key, ALL)).map(({ clientSeq }) => clientSeq)).toEqual(inOrder);
  }
});
