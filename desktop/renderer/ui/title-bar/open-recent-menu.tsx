import { Menu } from '@base-ui/react/menu';
import { type ReactElement, useEffect } from 'react';
import { Icon } from '../primitives/icon.tsx';
import { titleOf } from '../storage/storage-text.ts';
import type { StoredRoomView } from '../storage-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';

const MAX_SHOWN = 10;

/** The rooms that were open last, in a menu beside the one that it is in, and the way to all that is stored. */
export function OpenRecentMenu(): ReactElement {
  const { model, commands, state } = useServices();
  const { storage } = model;
  const rooms = (useObservable(storage.rooms) ?? []).filter(({ canOpen }) => canOpen);
  useEffect(() => {
    void storage.refresh().then((outcome) => state.reportOutcome('What is stored could not be read.', outcome));
  }, [storage, state]);
  const open = async (room: StoredRoomView) => {
    const title = titleOf(room);
    state.reportOutcome(`"${title}" could not be opened.`, await storage.open(room.key), [title]);
  };
  return (
    <Menu.SubmenuRoot>
      <Menu.SubmenuTrigger className="menu-item">
        <span className="menu-item-label">Open Recent</span>
        <Icon name="chevron-right" />
      </Menu.SubmenuTrigger>
      <Menu.Portal>
        <Menu.Positioner className="tutti-layer layer-menu" sideOffset={2}>
          <Menu.Popup className="menu">
            {rooms.slice(0, MAX_SHOWN).map((room) => (
              <Menu.Item key={room.key} className="menu-item" onClick={() => void open(room)}>
                <span className="menu-item-label">
                  <bdi>{titleOf(room)}</bdi>
                </span>
              </Menu.Item>
            ))}
            {rooms.length > 0 && <Menu.Separator className="menu-separator" />}
            <Menu.Item className="menu-item" onClick={() => commands.run('room.storage')}>
              <span className="menu-item-label">More…</span>
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.SubmenuRoot>
  );
}
