import { expect, it } from 'vitest';
import type { SharedFile } from '../../shared/workspace/index.ts';
import { ListedBlobs } from './listed-blobs.ts';

const KEY = { tenant: 't', room: 'r', blob: 'a'.repeat(64) };

it('knows which blobs lie at which paths, also when the list changes', async () => {
  let files: readonly SharedFile[] = [];
  const listed = new ListedBlobs({ readFiles: async () => files });
  const list = (...paths: string[]) => {
    files = paths.map((path) => ({ fileId: path, path, eol: 'LF', bom: false, kind: 'binary', blob: KEY.blob }));
  };
  const isListed = (blob = KEY.blob) => listed.isListed({ ...KEY, blob }, ['src/**']);
  expect(await isListed()).toBe(false);
  list('secret/a.png', 'src/a.png');
  expect(await isListed()).toBe(true);
  expect(await isListed('b'.repeat(64))).toBe(false);
  expect(await listed.isListed(KEY, ['docs/**'])).toBe(false);
  list('secret/a.png');
  expect(await isListed()).toBe(false);
});
