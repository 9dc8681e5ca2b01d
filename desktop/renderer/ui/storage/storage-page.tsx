import type { ReactElement } from 'react';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { RoomRow } from './room-row.tsx';
import { formatBytes } from './storage-text.ts';
import { useStoredRooms } from './use-stored-rooms.ts';
import './storage.css';

/** What this device keeps of its rooms, and how large it is. */
export function StoragePage(): ReactElement {
  const { storage } = useServices().model;
  const rooms = useStoredRooms();
  const sizeBytes = useObservable(storage.sizeBytes);
  return (
    <div className="access-page">
      <header className="access-page-header">
        <h2 className="access-page-title">
          {sizeBytes === undefined ? 'Rooms on this device' : `Rooms on this device: ${formatBytes(sizeBytes)} in all`}
        </h2>
        <button type="button" className="button button-secondary" onClick={() => void storage.refresh()}>
          Refresh
        </button>
      </header>
      <div className="access-page-body" tabIndex={0} aria-busy={rooms === undefined}>
        {rooms?.length === 0 && <p className="form-note">Nothing is stored.</p>}
        <ul className="stored-rooms" aria-label="Rooms on this device">
          {rooms?.map((room) => (
            <RoomRow key={room.key} room={room} />
          ))}
        </ul>
      </div>
    </div>
  );
}
