import { errorMessage } from '../lifecycle/index.ts';
import type { DocumentReplicaOptions } from './document-replica-options.ts';

type ReportedKind = 'store-failed' | 'update-refused' | 'document-closed' | 'malformed-document';

/** What went wrong with one document, in words for the person. */
export class ReplicaProblems {
  private readonly options: Pick<DocumentReplicaOptions, 'name' | 'onProblem'>;

  constructor(options: Pick<DocumentReplicaOptions, 'name' | 'onProblem'>) {
    this.options = options;
  }

  report(kind: ReportedKind, explanation: string): void {
    const { name, onProblem } = this.options;
    onProblem({ kind, document: name, explanation });
  }

  storeFailed(error: unknown): void {
    this.report('store-failed', `"${this.options.name}" cannot be stored on this device: ${errorMessage(error)}`);
  }

  storeUnreadable(error: unknown): void {
    this.report('store-failed', `"${this.options.name}" is kept in memory only: ${errorMessage(error)}`);
  }

  updatesDamaged(count: number): void {
    const explanation = `${count} stored updates of "${this.options.name}" are damaged and were left out.`;
    this.report('store-failed', explanation);
  }

  updateRefused(explanation: string): void {
    this.report('update-refused', `An edit of "${this.options.name}" was not taken: ${explanation}`);
  }

  storeRecovered(): void {
    const { name, onProblem } = this.options;
    const explanation = `"${name}" is stored on this device again.`;
    onProblem({ kind: 'store-recovered', document: name, explanation });
  }
}
