import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { createDirectPorts } from '../../../shared/sync/attachment/index.ts';
import { ObservableValue } from '../ui/observable.ts';
import { LayoutStore } from './layout-store.ts';
import { OpenRoom } from './open-room.ts';
import { rememberedRoomName, rememberRoomName } from './room-names.ts';

beforeEach(() => window.localStorage.clear());
afterEach(() => window.localStorage.clear());

function enter(room: string): LayoutStore {
  const [engine, port] = createDirectPorts();
  const open = new OpenRoom(port, { kind: 'open', room, folderPath: '/f', isOwner: true });
  onTestFinished(() => (open.dispose(), engine.dispose()));
  return new LayoutStore(new ObservableValue<OpenRoom | undefined>(open));
}

it('keeps one layout for each room, and none without a room', () => {
  enter('a').write({ tabs: { grid: 1 }, expandedIds: ['folder:src'] });
  expect(enter('a').read()).toEqual({ tabs: { grid: 1 }, expandedIds: ['folder:src'] });
  expect(enter('b').read()).toBeUndefined();
  const without = new LayoutStore(new ObservableValue<OpenRoom | undefined>(undefined));
  without.write({ tabs: {}, expandedIds: [] });
  expect(without.read()).toBeUndefined();
});

it.each(['', '{', '3', 'null', '[]'])('takes %j for no layout', (kept) => {
  window.localStorage.setItem('tutti.layout.a', kept);
  window.localStorage.setItem('tutti.layouts', kept);
  expect(enter('a').read()?.tabs).toBeUndefined();
  enter('a').write({ tabs: 1, expandedIds: [] });
  expect(enter('a').read()).toEqual({ tabs: 1, expandedIds: [] });
});

it('forgets the rooms that were not open for the longest time', () => {
  for (let index = 0; index < 25; index++) enter(`room${index}`).write({ tabs: index, expandedIds: [] });
  expect(enter('room4').read()).toBeUndefined();
  expect(enter('room5').read()?.tabs).toBe(5);
});

it('remembers what rooms are called', () => {
  window.localStorage.setItem('tutti.room-names', '[["x"],7]');
  expect(rememberedRoomName('x')).toBeUndefined();
  rememberRoomName('x', 'tutti-demo');
  rememberRoomName('y', 'other');
  rememberRoomName('x', 'renamed');
  expect([rememberedRoomName('x'), rememberedRoomName('y')]).toEqual(['renamed', 'other']);
});
