import type { ReactElement } from 'react';
import { describeDistance } from '../access/times.ts';
import { IconButton } from '../primitives/icon-button.tsx';
import type { StoredRoomView } from '../storage-model.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { confirmForget } from './forget-room.ts';
import { formatBytes, placeOf, titleOf, unsentText } from './storage-text.ts';
import './storage.css';

/** One room that this device keeps, to be opened or forgotten. */
export function RoomRow({ room }: { readonly room: StoredRoomView }): ReactElement {
  const services = useServices();
  const { model, state } = services;
  const title = titleOf(room);
  const unsent = unsentText(room);
  const open = async () => state.reportOutcome('The room could not be opened.', await model.storage.open(room.key));
  return (
    <li className="stored-room">
      <div className="stored-room-name">
        {room.canOpen ? (
          <button type="button" className="welcome-action ellipsis" title={`Open ${title}`} onClick={() => void open()}>
            <bdi>{title}</bdi>
          </button>
        ) : (
          <bdi className="ellipsis">{title}</bdi>
        )}
        <span className="stored-room-place ellipsis" title={placeOf(room)}>
          {placeOf(room)}
        </span>
      </div>
      {unsent !== undefined && <span className="stored-room-unsent">{unsent}</span>}
      {room.isOpen && <span className="stored-room-badge">Open now</span>}
      {!room.isOpen && room.openedMs > 0 && (
        <span className="stored-room-note">{describeDistance(room.openedMs, model.scheduler.now())}</span>
      )}
      {room.sizeBytes !== undefined && <span className="stored-room-size">{formatBytes(room.sizeBytes)}</span>}
      <IconButton icon="trash" label={`Forget ${title}…`} onPress={() => confirmForget(services, room)} />
    </li>
  );
}
