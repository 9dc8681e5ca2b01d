import type { Disposable } from '../../../shared/lifecycle/index.ts';
import { PROTOCOL_LIMITS } from '../../../shared/protocol/index.ts';
import type { WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { ProblemReport } from '../../ipc/index.ts';
import { ToldProblems } from './told-problems.ts';

/** The list, the comments, the chat, and what windows have open besides. */
const OTHER_DOCUMENTS = 10;
const MAX_TEXTS = PROTOCOL_LIMITS.maxOpenDocuments - OTHER_DOCUMENTS;

const PROBLEM: ProblemReport = {
  id: 'too-many-files',
  severity: 'warning',
  title: 'This room has more files than Tutti can keep in step.',
  detail: `A folder follows at most ${MAX_TEXTS} texts of a room. What is written in the others stays where it is written, and those of other people may not come here. Leave out what need not be shared with a .gitignore, or share parts of the folder as rooms of their own.`,
  canRetry: false,
};

/** Tells the person, while it is so, that a room has more texts than can be open at once: a mirror needs all of them. */
export function tellTooManyFiles(index: WorkspaceIndex, onProblem: (problem: ProblemReport) => void): Disposable {
  const problems = new ToldProblems(onProblem);
  const look = () => {
    const { files } = index;
    const isTooMany = files.length > MAX_TEXTS && files.filter(({ kind }) => kind === 'text').length > MAX_TEXTS;
    if (isTooMany) problems.tell(PROBLEM);
    else problems.resolve(PROBLEM.id);
  };
  look();
  return index.onDidChange(look);
}
