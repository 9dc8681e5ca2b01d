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
    expect(handles.filter((other) => used.has(other))).toEqual(handles.filter((_, at) => at <= index));
  }
  expect([11, 500].some((other) => used.has(other))).toBe(false);
});

it('take no room when they are counted up, or once what was left out has come', () => {
  const used = new UsedHandles();
  for (let handle = 5; handle < 10_000; handle++) used.add(handle);
  expect(used.scattered).toBe(0);
  for (const handle of [3, 20_000, 10_001]) used.add(handle);
  expect(used.scattered).toBe(3);
  used.add(10_000);
  expect(used.scattered).toBe(2);
});
