import { rename, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { startMirror } from './testing/mirror-under-test.ts';

const LICENCE = 'licence\n'.repeat(20);

describe.each([
  ['of one content', LICENCE],
  ['without a character', ''],
])('files %s that lie in several folders', (_name, init) => {
  it.each(['while the mirror runs', 'between two starts'])(
    'go with theirs when those are renamed, %s',
    async (when) => {
      const test = await startMirror({
        'e/__init__.py': init,
        'e/main.py': 'main e\n',
        'f/__init__.py': init,
        'f/main.py': 'main f\n',
      });
      const [e, f] = ['e/__init__.py', 'f/__init__.py'].map((path) => test.files.idOf(path));
      if (when === 'between two starts') await test.stop();
      await rename(test.folder.at('e'), test.folder.at('x'));
      await rename(test.folder.at('f'), test.folder.at('w'));
      test.files.insert(e ?? '', 0, 'edited e\n');
      test.files.insert(f ?? '', 0, 'edited f\n');
      if (when === 'between two starts') await test.start();
      await test.settle();
      const expected = {
        'w/__init__.py': `edited f\n${init}`,
        'w/main.py': 'main f\n',
        'x/__init__.py': `edited e\n${init}`,
        'x/main.py': 'main e\n',
      };
      expect(await test.folder.contents()).toEqual(expected);
      expect(test.files.contents).toEqual(expected);
      expect(test.problems).toEqual([]);
    },
  );

  it('stay apart when one folder is deleted and the other renamed', async () => {
    const test = await startMirror({
      'g/__init__.py': init,
      'g/main.py': 'main g\n',
      'h/__init__.py': init,
      'h/main.py': 'main h\n',
    });
    const [g, h] = ['g/__init__.py', 'h/__init__.py'].map((path) => test.files.idOf(path));
    await rename(test.folder.at('h'), test.folder.at('v'));
    await rm(test.folder.at('g'), { recursive: true });
    test.files.insert(g ?? '', 0, 'edited g\n');
    test.files.insert(h ?? '', 0, 'edited h\n');
    await test.settle();
    const expected = {
      // Edited while it was deleted.
      'g/__init__.py': `edited g\n${init}`,
      'v/__init__.py': `edited h\n${init}`,
      'v/main.py': 'main h\n',
    };
    expect(await test.folder.contents()).toEqual(expected);
    expect(test.files.contents).toEqual(expected);
  });
});
