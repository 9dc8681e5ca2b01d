import { applyPatch } from 'diff';
import { expect, it } from 'vitest';
import { createPatch } from './file-actions.ts';

it('makes a patch that brings what the relay had to what is here, a new file included', () => {
  const changed = { fileId: 'f1', before: 'one\ntwo\nthree\n', after: 'one\n2\nthree\n' };
  const added = { fileId: 'f2', before: undefined, after: 'new\n' };
  const patch = createPatch([changed, added], (fileId) => (fileId === 'f1' ? 'src/a.ts' : undefined));
  expect(patch).toContain('--- a/src/a.ts');
  expect(patch).toContain('+++ b/src/a.ts');
  expect(patch).toContain('--- /dev/null');
  expect(patch).toContain('+++ b/unlisted/f2');
  const [first = '', second = ''] = patch.split(/(?=^={10,}$)/m).filter((part) => part.trim() !== '');
  expect(applyPatch(changed.before, first)).toBe(changed.after);
  expect(applyPatch('', second)).toBe(added.after);
  expect(createPatch([], () => undefined)).toBe('');
});
