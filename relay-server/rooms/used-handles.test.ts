import { expect, it } from 'vitest';
import { UsedHandles } from './used-handles.ts';

it.each([
  ['counted up', [1, 2, 3, 4]],
  ['counted up from 0', [0, 1, 2]],
  ['counted down', [9, 8, 7, 6]],
  ['with gaps that are filled later', [5, 7, 9, 6, 8, 10, 0, 1_000_000_000]],
])('knows handles that are %s, and no others', (_what, handles) => {
  const used = new UsedHandles();
  for (const [index, handle] of handles.entries()) {
    expect(used.has(handle)).toBe(false);
    used.add(handle);
    expect(used.size).toBe(index + 1);
    expect(handles.filter((other) => used.has(other))).toEqual(handles.filter((_, at) => at <= index));
  }
  expect([11, 500].some((other) => used.has(other))).toBe(false);
});
