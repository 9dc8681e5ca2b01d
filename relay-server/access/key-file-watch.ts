import { stat } from 'node:fs/promises';
import { type Disposable, scheduleEvery, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { RelayIdentity } from './relay-identity.ts';

/** How often the file is looked at. */
export const KEY_FILE_INTERVAL_MS = 2_000;

export interface KeyFileWatchOptions {
  readonly path: string;
  readonly scheduler: Scheduler;
  readonly load: () => Promise<RelayIdentity>;
  readonly onIdentity: (identity: RelayIdentity) => void;
  readonly reportProblem: (error: unknown) => void;
}

/** Reads the relay's key file again when it was replaced. One that cannot be read changes nothing. Dispose to end. */
export function watchKeyFile({ path, scheduler, load, onIdentity, reportProblem }: KeyFileWatchOptions): Disposable {
  let known: string | undefined;
  let isFailing = false;
  const look = async () => {
    try {
      const { ino, mtimeMs } = await stat(path);
      const now = `${ino} ${mtimeMs}`;
      if (known !== undefined && known !== now) onIdentity(await load());
      known = now;
      isFailing = false;
    } catch (error) {
      if (!isFailing) reportProblem(error);
      isFailing = true;
    }
  };
  void look();
  return scheduleEvery(scheduler, () => void look(), KEY_FILE_INTERVAL_MS);
}
