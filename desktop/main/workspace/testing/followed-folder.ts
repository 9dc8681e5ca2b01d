import { onTestFinished } from 'vitest';
import { systemScheduler } from '../../../../shared/lifecycle/index.ts';
import { FolderMirror } from '../folder-mirror.ts';
import { MemoryMirrorBases, MemorySharedFiles } from './memory-shared-files.ts';
import { openProblemsOf, type TestFolder } from './mirror-under-test.ts';
import type { MirrorProblem } from '../shared-files.ts';

/** Starts a mirror on the real clock, following the real disk. */
export async function follow<Folder extends Pick<TestFolder, 'path'>>(folder: Folder) {
  const files = new MemorySharedFiles();
  const problems: MirrorProblem[] = [];
  const reported = new Set<() => void>();
  const mirror = new FolderMirror({
    folder: folder.path,
    files,
    bases: new MemoryMirrorBases(),
    scheduler: systemScheduler,
    onProblem: (problem) => {
      problems.push(problem);
      for (const listener of reported) listener();
    },
  });
  onTestFinished(async () => {
    mirror.dispose();
    await mirror.whenIdle();
  });
  await mirror.start();
  /** Resolves as soon as an event of room or mirror makes it true. */
  const until = (isTrue: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!isTrue()) return;
        list.dispose();
        text.dispose();
        reported.delete(check);
        resolve();
      };
      const list = files.onDidChangeFiles(check);
      const text = files.onDidChangeText(check);
      reported.add(check);
      check();
    });
  return {
    folder,
    files,
    mirror,
    problems,
    until,
    textOf: (path: string) => files.contents[path],
    get openProblems() {
      return openProblemsOf(problems);
    },
  };
}
