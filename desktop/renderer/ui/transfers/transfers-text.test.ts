import { describe, expect, it } from 'vitest';
import { percent, transfersText, transferText, troubleText } from './transfers-text.ts';

const NOTHING = { files: 0, doneBytes: 0, totalBytes: 0 };
const MIB = 1024 * 1024;

describe('what is on its way', () => {
  it('is not mentioned when it is nothing', () => {
    expect(transfersText({ up: NOTHING, down: NOTHING, files: [] })).toBeUndefined();
  });

  it('is counted by direction', () => {
    const up = { files: 2, doneBytes: 4.1 * MIB, totalBytes: 10 * MIB };
    expect(transfersText({ up, down: NOTHING, files: [] })).toEqual({
      label: '↑ 2 files, 41 %',
      description: 'Sending 2 files (4.1 MiB of 10.0 MiB)',
    });
    const down = { files: 1, doneBytes: 0, totalBytes: 0 };
    expect(transfersText({ up, down, files: [] })?.label).toBe('↑ 2 files, 41 %  ↓ 1 file, 0 %');
  });

  it('says what keeps it, once', () => {
    const file = { fileId: 'a', direction: 'down', doneBytes: 0, totalBytes: 1, trouble: 'The disk is full.' } as const;
    const state = {
      up: NOTHING,
      down: { files: 2, doneBytes: 0, totalBytes: 2 },
      files: [file, { ...file, fileId: 'b' }],
    };
    expect(transfersText(state)?.description).toBe('Fetching 2 files (0 bytes of 2 bytes)\nThe disk is full.');
  });

  it('says that it waits, why, and until when', () => {
    const nextTryAtMs = new Date(2026, 0, 2, 14, 3, 25).getTime();
    const waiting = { reason: 'The relay does not answer.', nextTryAtMs };
    const file = { fileId: 'a', direction: 'up', doneBytes: 41, totalBytes: 100, waiting } as const;
    const up = { files: 1, doneBytes: 41, totalBytes: 100 };
    const text = transfersText({ up, down: NOTHING, files: [file] });
    const until = `Next try at ${new Date(nextTryAtMs).toLocaleTimeString()}.`;
    expect(text?.label).toBe('↑ 1 file, 41 %  waiting');
    expect(text?.description).toBe(`Sending 1 file (41 bytes of 100 bytes)\nThe relay does not answer. ${until}`);
    expect(transferText(file)).toBe('↑ 41 %, waiting');
    expect(troubleText({ ...file, trouble: 'The disk is full.' })).toBe(`The disk is full. ${until}`);
    const away = { ...file, waiting: { reason: 'You are offline.', nextTryAtMs: undefined } };
    expect(troubleText(away)).toBe('You are offline.');
    const moving = { fileId: 'b', direction: 'up', doneBytes: 1, totalBytes: 2 } as const;
    expect(transfersText({ up, down: NOTHING, files: [file, moving] })?.label).toBe('↑ 1 file, 41 %');
    expect(troubleText(moving)).toBeUndefined();
  });

  it('says what is refused, also when nothing else is on its way', () => {
    const refused = {
      direction: 'up',
      doneBytes: 0,
      totalBytes: 9,
      trouble: 'The room is full.',
      isRefused: true,
    } as const;
    const file = { fileId: 'a', ...refused };
    const text = transfersText({ up: NOTHING, down: NOTHING, files: [file, { ...file, fileId: 'b' }] });
    expect(text).toEqual({ label: '2 files refused', description: 'Not sent to the relay: The room is full.' });
    expect(transferText(file)).toBe('↑ refused');
    expect(troubleText({ ...file, direction: 'down' })).toBe('Not fetched from the relay: The room is full.');
  });

  it('is all only when it is', () => {
    expect(percent({ doneBytes: 999, totalBytes: 1000 })).toBe(99);
    expect(percent({ doneBytes: 1000, totalBytes: 1000 })).toBe(100);
  });
});
