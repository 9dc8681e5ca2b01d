import { describe, expect, it, vi } from 'vitest';
import { parseStartOptions } from './options.ts';

const NOTHING = {
  folder: undefined,
  joinLink: undefined,
  mirrorFolder: undefined,
  takesRoomFiles: false,
  relayUrl: undefined,
  isRelayOnly: false,
  isWindowless: false,
  port: undefined,
  dataFolder: undefined,
};

describe('parseStartOptions', () => {
  it('needs nothing', () => {
    expect(parseStartOptions([], '/work')).toEqual(NOTHING);
  });

  it('reads every option and resolves paths', () => {
    const args = [
      'code',
      '--join',
      'http://host/join/r#secret-0123456789',
      '--mirror',
      '../mine',
      '--no-window',
      '--port',
      '8080',
      '--data',
      '../data',
    ];
    expect(parseStartOptions(args, '/work')).toEqual({
      ...NOTHING,
      folder: '/work/code',
      joinLink: 'http://host/join/r#secret-0123456789',
      mirrorFolder: '/mine',
      isWindowless: true,
      port: 8080,
      dataFolder: '/data',
    });
    const link = 'https://host/join/r#secret-0123456789';
    expect(parseStartOptions([link], '/work')).toEqual({ ...NOTHING, joinLink: link });
    expect(parseStartOptions(['--relay-only'], '/work').isRelayOnly).toBe(true);
    expect(parseStartOptions(['--no-window', '--take-room-files', 'code'], '/work').takesRoomFiles).toBe(true);
    expect(parseStartOptions(['--relay', 'https://host/tutti/'], '/work').relayUrl).toBe('https://host/tutti');
  });

  it.each([
    [['--port', '70000'], 'a number from 0 to 65535'],
    [['--port', 'x'], 'a number from 0 to 65535'],
    [['--relay', 'host'], 'needs an address'],
    [['--relay', 'http://host', '--relay-only'], 'exclude each other'],
    [['--relay-only', 'code'], 'opens no folder'],
    [['--take-room-files', 'code'], 'goes with --no-window'],
    [['--take-room-files', '--no-window'], 'and a folder'],
    [['--join', 'notalink'], '--join: '],
    [['https://host/join/r'], '--join: '],
    [['--mirror', 'mine'], '--join LINK'],
    [['--wat'], "unknown option '--wat'"],
    [['one', 'two'], 'too many arguments'],
  ])('refuses %s', (args, message) => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      expect(() => parseStartOptions(args, '/work')).toThrow();
      expect(said.mock.calls.join('')).toContain(message);
    } finally {
      said.mockRestore();
    }
  });
});
