import type { ProblemReport } from '../../ipc/index.ts';

/** Problems that are told once each, and taken back when they are over. */
export class ToldProblems {
  private readonly told = new Map<string, ProblemReport>();
  private readonly tellPerson: (problem: ProblemReport) => void;

  constructor(tellPerson: (problem: ProblemReport) => void) {
    this.tellPerson = tellPerson;
  }

  tell(problem: ProblemReport): void {
    const { title, detail } = this.told.get(problem.id) ?? {};
    this.told.set(problem.id, problem);
    if (title !== problem.title || detail !== problem.detail) this.tellPerson(problem);
  }

  resolve(id: string): void {
    const problem = this.told.get(id);
    if (!problem) return;
    this.told.delete(id);
    this.tellPerson({ ...problem, isResolved: true });
  }
}
