import { describe, expect, it } from 'vitest';
import { visibleRange } from './use-visible-rows.ts';

describe('visibleRange', () => {
  it('takes what is in sight and a few rows around', () => {
    expect(visibleRange(2_200, 220, 22, 2_000)).toEqual({ first: 92, end: 118 });
  });

  it('stays within the list', () => {
    expect(visibleRange(0, 220, 22, 5)).toEqual({ first: 0, end: 5 });
    expect(visibleRange(44_000, 220, 22, 3)).toEqual({ first: 3, end: 3 });
    expect(visibleRange(0, 220, 22, 0)).toEqual({ first: 0, end: 0 });
  });
});
