import { expect, it } from 'vitest';
import { recentMenu } from './recent-menu.ts';

const MORE = { label: 'More…' };

it('lists what was open last, then the way to all of it', () => {
  const opened: string[] = [];
  const rooms = [
    { key: 'a', name: 'Fish & Chips', place: '/home/ana/fish' },
    { key: 'b', name: 'gpj\u202Eexe\n', place: 'tutti.example.org' },
  ];
  const menu = recentMenu(rooms, (key) => opened.push(key), MORE);
  expect(menu.map(({ label, type }) => label ?? type)).toEqual([
    'Fish && Chips — /home/ana/fish',
    'gpj\ufffdexe\ufffd — tutti.example.org',
    'separator',
    'More…',
  ]);
  for (const { click } of menu) Reflect.apply(click ?? (() => undefined), undefined, []);
  expect(opened).toEqual(['a', 'b']);
});

it('is no longer than a menu can be', () => {
  const rooms = Array.from({ length: 50 }, (_unused, index) => ({
    key: `${index}`,
    name: 'x'.repeat(5_000),
    place: 'y',
  }));
  const menu = recentMenu(rooms, () => undefined, MORE);
  expect(menu).toHaveLength(12);
  expect(Math.max(...menu.map(({ label }) => label?.length ?? 0))).toBeLessThan(200);
  expect(recentMenu([], () => undefined, MORE)).toEqual([MORE]);
});
