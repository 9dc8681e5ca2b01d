import { expect, it } from 'vitest';
import { describeReplacements, readReplacement, readReplacements, writeReplacement } from './replaced-content.ts';

const ONE = {
  fileId: 'f1',
  from: { blob: 'a'.repeat(64), sizeBytes: 1 },
  to: { blob: 'b'.repeat(64), sizeBytes: undefined },
};
const OTHER = { ...ONE, fileId: 'f2', isConcurrent: true };

it('says of one file, or of several, which content took the place of which', () => {
  for (const replaced of [ONE, OTHER]) {
    expect(readReplacement(writeReplacement(replaced))).toEqual(replaced);
    expect(readReplacements(writeReplacement(replaced))).toEqual([replaced]);
  }
  expect(readReplacements(describeReplacements([ONE, OTHER]))).toEqual([ONE, OTHER]);
  expect(readReplacements(describeReplacements([]))).toEqual([]);
});

it('takes what somebody else has said for nothing where it is no such thing', () => {
  const wrong = ['', '{', 'null', '7', '{}', '{"replaced":{}}', '{"replaced":[7,null,{"fileId":"f"}]}'];
  for (const detail of wrong) expect(readReplacements(detail)).toEqual([]);
  const mixed = `{"replaced":[{"fileId":7},${writeReplacement(ONE)}]}`;
  expect(readReplacements(mixed)).toEqual([ONE]);
  expect(readReplacements(writeReplacement(ONE).replace('a'.repeat(64), 'A'.repeat(64)))).toEqual([]);
  const unsure = JSON.stringify({ ...ONE, isConcurrent: 'yes' });
  expect(readReplacement(unsure)).not.toHaveProperty('isConcurrent');
});
