import { type ReactElement, useEffect, useRef } from 'react';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { RoomRow } from './room-row.tsx';
import './storage.css';

/** All rooms that this device keeps, where there is no tab for them. Shown when it is asked for, and takes the focus then. */
export function DeviceRooms(): ReactElement | null {
  const { model, state } = useServices();
  const isShown = useObservable(state.isStorageListed);
  const rooms = useObservable(model.storage.rooms) ?? [];
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isShown) return undefined;
    section.current?.focus();
    section.current?.scrollIntoView({ block: 'nearest' });
    return () => state.isStorageListed.set(false);
  }, [isShown, state]);
  if (!isShown) return null;
  return (
    <section className="device-rooms" tabIndex={-1} ref={section} aria-label="Rooms on This Device">
      <h2>Rooms on This Device</h2>
      {rooms.length === 0 && <p className="welcome-empty">Nothing is stored.</p>}
      <ul className="stored-rooms" aria-label="Rooms on this device">
        {rooms.map((room) => (
          <RoomRow key={room.key} room={room} />
        ))}
      </ul>
    </section>
  );
}
