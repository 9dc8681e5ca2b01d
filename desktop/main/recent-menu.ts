import type { MenuItemConstructorOptions } from 'electron';
import type { RecentRoom } from './session/stored-rooms.ts';

const MAX_SHOWN = 10;
const MAX_LABEL_LENGTH = 80;

/** The rooms that were opened last, and `more`, the way to all of them. */
export function recentMenu(
  recent: readonly RecentRoom[],
  open: (key: string) => void,
  more: MenuItemConstructorOptions,
): MenuItemConstructorOptions[] {
  const rooms = recent.slice(0, MAX_SHOWN).map((room) => ({ label: labelOf(room), click: () => open(room.key) }));
  return rooms.length === 0 ? [more] : [...rooms, { type: 'separator' }, more];
}

/** Names come from others: they must not reorder the line, fill the screen, or underline a letter as their own. */
function labelOf({ name, place }: RecentRoom): string {
  return [name, place]
    .map((text) => text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd'))
    .map((text) => (text.length > MAX_LABEL_LENGTH ? `${text.slice(0, MAX_LABEL_LENGTH)}…` : text))
    .join(' — ')
    .replaceAll('&', '&&');
}
