import type { Observable } from '../ui/observable.ts';
import type { LayoutModel, SavedLayout } from '../ui/workbench-model.ts';
import type { OpenRoom } from './open-room.ts';

const KEY_PREFIX = 'tutti.layout.';
/** Layouts of more rooms than this are forgotten, the oldest first. */
const MAX_ROOMS = 20;
const ORDER_KEY = 'tutti.layouts';

/** Keeps the layouts of rooms in the local storage of this window's origin. */
export class LayoutStore implements LayoutModel {
  private readonly room: Observable<OpenRoom | undefined>;

  constructor(room: Observable<OpenRoom | undefined>) {
    this.room = room;
  }

  read(): SavedLayout | undefined {
    const room = this.room.get()?.status.room;
    const value = room === undefined ? undefined : parse(window.localStorage.getItem(KEY_PREFIX + room));
    if (typeof value !== 'object' || value === null) return undefined;
    const expandedIds = 'expandedIds' in value ? texts(value.expandedIds) : [];
    return { tabs: 'tabs' in value ? value.tabs : undefined, expandedIds };
  }

  write(layout: SavedLayout): void {
    const room = this.room.get()?.status.room;
    if (room === undefined) return;
    const order = [room, ...texts(parse(window.localStorage.getItem(ORDER_KEY))).filter((other) => other !== room)];
    for (const old of order.splice(MAX_ROOMS)) window.localStorage.removeItem(KEY_PREFIX + old);
    try {
      window.localStorage.setItem(KEY_PREFIX + room, JSON.stringify(layout));
      window.localStorage.setItem(ORDER_KEY, JSON.stringify(order));
    } catch {
      // No room or no permission to keep it: the layout is a convenience, and the window works without.
      window.localStorage.removeItem(KEY_PREFIX + room);
    }
  }
}

function parse(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
