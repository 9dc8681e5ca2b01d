import type { ReactElement } from 'react';
import { placeOf, titleOf, unsentText } from '../storage/storage-text.ts';
import { useStoredRooms } from '../storage/use-stored-rooms.ts';
import type { Outcome } from '../workbench-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';

const MAX_SHOWN = 8;

interface RecentEntry {
  readonly id: string;
  readonly name: string;
  readonly place: string;
  /** What of it the relay does not have. */
  readonly unsent: string | undefined;
  readonly open: () => Promise<Outcome>;
}

/** The folders and rooms that were open last, and the way to all of them. */
export function Recent(): ReactElement {
  const { model, state } = useServices();
  const entries = useRecentEntries();
  const what = model.workspace.canOpenFolder ? 'Folders and rooms that you open' : 'Rooms that you join';
  return (
    <section>
      <h2>Recent</h2>
      {entries.length === 0 && <p className="welcome-empty">{what} will be listed here.</p>}
      <ul className="welcome-recent" aria-label="Recent">
        {entries.slice(0, MAX_SHOWN).map((entry) => (
          <RecentRow key={entry.id} entry={entry} />
        ))}
      </ul>
      {entries.length > 0 && (
        <button type="button" className="welcome-action" onClick={() => state.isStorageListed.set(true)}>
          More…
        </button>
      )}
    </section>
  );
}

/** Folders are known at once; what else is stored has to be looked up. */
function useRecentEntries(): readonly RecentEntry[] {
  const { model } = useServices();
  const folders = useObservable(model.workspace.recentFolders);
  const rooms = useStoredRooms();
  if (rooms === undefined) {
    return folders.map(({ folder, name }) => ({
      id: folder,
      name,
      place: folder,
      unsent: undefined,
      open: () => model.workspace.openFolder(folder),
    }));
  }
  return rooms
    .filter(({ canOpen }) => canOpen)
    .map((room) => ({
      id: room.key,
      name: titleOf(room),
      place: placeOf(room),
      unsent: unsentText(room),
      open: () => model.storage.open(room.key),
    }));
}

function RecentRow({ entry }: { readonly entry: RecentEntry }): ReactElement {
  const { state } = useServices();
  const { name, place, unsent } = entry;
  const open = async () => state.reportOutcome(`"${name}" could not be opened.`, await entry.open(), [name]);
  return (
    <li title={place}>
      <div className="welcome-recent-line">
        <button type="button" className="welcome-action" onClick={() => void open()}>
          <bdi>{name}</bdi>
        </button>
        <span className="welcome-folder ellipsis">
          <bdi>{place}</bdi>
        </span>
      </div>
      {unsent !== undefined && <p className="welcome-unsent">{unsent}</p>}
    </li>
  );
}
