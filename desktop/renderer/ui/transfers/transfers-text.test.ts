import { describe, expect, it } from 'vitest';
import { percent, transfersText } from './transfers-text.ts';

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

  it('is all only when it is', () => {
    expect(percent({ doneBytes: 999, totalBytes: 1000 })).toBe(99);
    expect(percent({ doneBytes: 1000, totalBytes: 1000 })).toBe(100);
  });
});
