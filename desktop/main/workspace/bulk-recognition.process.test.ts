import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { GitRepository } from '../../testing/git-repository.ts';
import { BulkRecognition } from './bulk-recognition.ts';
import { NotedActs } from './testing/noted-acts.ts';

async function createRepository() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tutti-git-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const repository = await GitRepository.create(folder, { 'a.txt': 'a' });
  const acts = new NotedActs();
  const recognition = new BulkRecognition(folder, acts, () => Date.now());
  recognition.notice();
  await recognition.finish({ isFirst: true });
  const finish = (changedFiles: number) => {
    acts.changedFiles = changedFiles;
    recognition.notice();
    return recognition.finish({ isFirst: false });
  };
  return { repository, acts, finish };
}

it('an act of Git is told of the files whose changes are noticed only after something else was', async () => {
  const { repository, acts, finish } = await createRepository();
  await repository.git('switch', '--quiet', '--create', 'feature');
  await finish(0);
  await finish(30);
  await finish(30);
  expect(acts.labels).toEqual(['Switched to branch feature', 'Changed 30 files on disk']);
});
