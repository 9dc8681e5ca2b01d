import type { Scheduler } from '../../shared/lifecycle/index.ts';
import type { DocumentKey } from '../log/update-log.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { GroupCommit } from './group-commit.ts';
import type { CommittedSource } from './read-committed.ts';

/** What all documents of a node use. */
export interface DocumentServices extends CommittedSource {
  readonly commits: GroupCommit;
  readonly answers: AnswerCache;
  readonly scheduler: Scheduler;
  readonly maxUpdateBytes: number;
  /** Whether other nodes write to the same log. */
  readonly isLogShared: boolean;
  /** A fresh epoch, for a document that has none. */
  createEpoch(): string;
  /** A number that this node has not used yet; rising. */
  nextUpdateId(): number;
  /** The log has grown; a snapshot may be due. */
  noteGrowth(key: DocumentKey, updates: number, bytes: number): void;
  /** An error of storage that an operator should see. */
  reportProblem(error: unknown): void;
}
