import { describe, expect, it } from 'vitest';
import { ownArguments, parseLaunchArguments, readSecondStart } from './command-line.ts';

const nothing = { folder: undefined, joinLink: undefined, mirrorFolder: undefined, relayUrl: undefined };

describe('parseLaunchArguments', () => {
  it.each([
    [[], nothing],
    [['/home/a/project'], { ...nothing, folder: '/home/a/project' }],
    [
      ['--no-sandbox', '--relay', 'http://127.0.0.1:4444', 'p'],
      { ...nothing, relayUrl: 'http://127.0.0.1:4444', folder: 'p' },
    ],
    [['--relay=http://r'], { ...nothing, relayUrl: 'http://r' }],
    [['--join', 'https://r/join/x#y'], { ...nothing, joinLink: 'https://r/join/x#y' }],
    [['tutti://join?relay=r&room=x#y'], { ...nothing, joinLink: 'tutti://join?relay=r&room=x#y' }],
    [['--join'], nothing],
    [['https://r/join/x#y'], { ...nothing, joinLink: 'https://r/join/x#y' }],
    [['HTTP://r:4444/join/x#y', 'p'], { ...nothing, joinLink: 'HTTP://r:4444/join/x#y', folder: 'p' }],
    // With something missing: asked about all the same, to be put right.
    [['https://r/join/x'], { ...nothing, joinLink: 'https://r/join/x' }],
    [['--join', '--no-sandbox', 'https://r/join/x#y'], { ...nothing, joinLink: 'https://r/join/x#y' }],
    [
      ['--join', '--relay', 'http://r', 'https://r/join/x#y'],
      { ...nothing, relayUrl: 'http://r', joinLink: 'https://r/join/x#y' },
    ],
    [['--relay', '--no-sandbox', 'p'], { ...nothing, folder: 'p' }],
    [['--user-data-dir=/tmp/x', '--inspect', 'a', 'b'], { ...nothing, folder: 'a' }],
  ])('%j', (argv, expected) => {
    expect(parseLaunchArguments(argv)).toEqual(expected);
  });
});

describe('ownArguments', () => {
  it.each([
    [['electron', '--inspect=0', '/app', '/app'], false, ['--inspect=0', '/app']],
    [['electron', '/app', '--no-sandbox', 'folder'], false, ['--no-sandbox', 'folder']],
    [['Tutti', 'folder'], true, ['folder']],
  ])('%j, packaged: %j', (argv, isPackaged, expected) => {
    expect(ownArguments(argv, isPackaged)).toEqual(expected);
  });
});

describe('readSecondStart', () => {
  it('takes arguments of another process for what they are, and nothing else', () => {
    expect(readSecondStart({ argv: ['a', '--join', 'b'] })).toEqual({ argv: ['a', '--join', 'b'] });
    for (const data of [undefined, null, 'x', {}, { argv: 'a' }, { argv: ['a', 1] }, { argv: Array(1_001).fill('a') }])
      expect([JSON.stringify(data), readSecondStart(data)]).toEqual([JSON.stringify(data), undefined]);
  });
});
