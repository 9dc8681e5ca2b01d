import { type ReactElement, useEffect } from 'react';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { RoomRow } from './room-row.tsx';
import './storage.css';

/** The rooms that open again without a link, on the welcome page. Folders are listed there already. */
export function RecentRooms(): ReactElement | null {
  const { model, state } = useServices();
  const { storage } = model;
  const rooms = (useObservable(storage.rooms) ?? []).filter(({ folder, isOwner }) => folder === undefined || !isOwner);
  useEffect(() => {
    void storage.refresh().then((outcome) => state.reportOutcome('What is stored could not be read.', outcome));
  }, [storage, state]);
  if (rooms.length === 0) return null;
  return (
    <section className="recent-rooms">
      <h2>Rooms on This Device</h2>
      <ul className="stored-rooms" aria-label="Rooms on this device">
        {rooms.map((room) => (
          <RoomRow key={room.key} room={room} />
        ))}
      </ul>
    </section>
  );
}
