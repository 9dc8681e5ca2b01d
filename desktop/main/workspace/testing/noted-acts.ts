import type { BulkLedger } from '../bulk-recognition.ts';
import type { GitState } from '../git-state.ts';

/** A ledger that notes what the acts were called; how many files were changed is set by the test. */
export class NotedActs implements BulkLedger {
  readonly labels: string[] = [];
  git: GitState | undefined;
  changedFiles = 0;

  expectBulk(): void {}

  expectContent(): void {}

  closeLoose(): void {}

  close(label: string | undefined, git: GitState | undefined): void {
    if (label !== undefined) this.labels.push(label);
    this.git = git ?? this.git;
    this.changedFiles = 0;
  }
}
