import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PROJECT_FOLDER } from '../project.ts';
import { hasDisplay } from '../runtimes/display.ts';
import { findElectron } from '../runtimes/electron.ts';
import { OwnedProcess } from './owned-process.ts';

/** Whether a window can open here; if not, `reason` is a sentence for the person who asked. */
export type WindowSupport =
  | { readonly isPossible: true; readonly executablePath: string }
  | { readonly isPossible: false; readonly reason: string };

export async function findWindowSupport(): Promise<WindowSupport> {
  if (!hasDisplay()) {
    return {
      isPossible: false,
      reason: 'There is no display here, so no window opens; use the link in a browser instead.',
    };
  }
  const electron = await findElectron();
  if (electron) return { isPossible: true, executablePath: electron.executablePath };
  return {
    isPossible: false,
    reason:
      'There is no Electron binary here and it cannot be downloaded, so no window opens; use the link in a browser instead.',
  };
}

/** The app, or what stands in for it without a window. */
export interface RunningApp {
  readonly process: OwnedProcess;
  /** A share link of the room that it opened; undefined when it ended before, or may not make one. */
  readonly link: Promise<string | undefined>;
  /**
   * Resolves when the app has started without a room to which a link could lead; with the reason when it could not open
   * what it was asked for.
   */
  readonly withoutRoom: Promise<string | undefined>;
}

/** Starts the built desktop app on its data in `dataFolder`. `args` are the app's own, such as a folder or `--join LINK`. */
export function startDesktop(
  executablePath: string,
  dataFolder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningApp {
  // Chromium refuses to sandbox for root.
  const flags = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const appArgs = [...flags, PROJECT_FOLDER, `--user-data-dir=${dataFolder}`, ...args];
  return run('The desktop app', executablePath, appArgs, { ...env, TUTTI_ANNOUNCE_LINK: '1' });
}

/**
 * Shares a folder, or a room without one, without a window; or mirrors a room to a folder. `args` are the folder to share,
 * or `--join LINK --mirror FOLDER`.
 */
export function startHeadless(
  relayUrl: string,
  dataFolder: string,
  given: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningApp {
  const args = [HEADLESS_MAIN, '--relay', relayUrl, '--data', dataFolder, ...given];
  return run('The folder host', process.execPath, args, env);
}

const HEADLESS_MAIN = join(PROJECT_FOLDER, 'desktop/main/headless.ts');
const REFUSED = /^tutti-link-failed (.*)$/;
const WITHOUT_ROOM = /^tutti-no-room(?: (.*))?$/;
const ANNOUNCED = /^tutti-link (\S+)$/;

function run(
  name: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningApp {
  const owned = new OwnedProcess(name, command, args, {
    cwd: PROJECT_FOLDER,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const withoutRoom = Promise.withResolvers<string | undefined>();
  const link = new Promise<string | undefined>((resolve) => {
    if (owned.child.stdout) {
      createInterface(owned.child.stdout).on('line', (line) => {
        const found = ANNOUNCED.exec(line)?.[1];
        const refusal = REFUSED.exec(line)?.[1];
        const without = WITHOUT_ROOM.exec(line);
        if (found !== undefined) resolve(found);
        else if (without) withoutRoom.resolve(without[1]);
        else if (refusal !== undefined) {
          console.error(`There is no link. ${refusal}`);
          resolve(undefined);
        }
        // Standard output of `npm start` is for the link.
        else console.error(line);
      });
    }
    void owned.ended.then(() => resolve(undefined));
  });
  return { process: owned, link, withoutRoom: withoutRoom.promise };
}
