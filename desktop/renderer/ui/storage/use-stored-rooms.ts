import { useEffect } from 'react';
import { scheduleEvery } from '../../../../shared/lifecycle/index.ts';
import type { StoredRoomView } from '../storage-model.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';

/** What is sent, and what other windows do, is seen after so long at the latest. */
const LOOK_EVERY_MS = 5_000;

/** The rooms that this device keeps, as they are while they are shown; undefined until that is known. */
export function useStoredRooms(): readonly StoredRoomView[] | undefined {
  const { model, state } = useServices();
  const { storage, connection, workspace, scheduler } = model;
  useEffect(() => {
    let isLooking = false;
    const look = async (tells: boolean) => {
      if (isLooking) return;
      isLooking = true;
      const outcome = await storage.refresh();
      isLooking = false;
      if (tells) state.reportOutcome('What is stored could not be read.', outcome);
    };
    void look(true);
    const again = () => void look(false);
    const owned = [
      scheduleEvery(scheduler, again, LOOK_EVERY_MS),
      connection.state.subscribe(again),
      workspace.state.subscribe(again),
    ];
    return () => owned.forEach((item) => item.dispose());
  }, [storage, connection, workspace, scheduler, state]);
  return useObservable(storage.rooms);
}
