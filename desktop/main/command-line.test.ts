import { describe, expect, it } from 'vitest';
import { ownArguments, parseLaunchArguments } from './command-line.ts';

const nothing = { folder: undefined, joinLink: undefined, relayUrl: undefined };

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
