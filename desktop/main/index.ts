import { join, resolve } from 'node:path';
import { app, powerMonitor, safeStorage, session } from 'electron';
import {
  errorMessage,
  reportUnexpectedError,
  setUnexpectedErrorHandler,
  systemScheduler,
} from '../../shared/lifecycle/index.ts';
import { registerAppScheme, serveApp } from './app-scheme.ts';
import { Application } from './application.ts';
import {
  type LaunchRequest,
  ownArguments,
  parseLaunchArguments,
  readSecondStart,
  type SecondStart,
} from './command-line.ts';
import { LaunchQueue } from './launch-queue.ts';
import { installMenu } from './menu.ts';
import { refusePermissions } from './permissions.ts';
import { watchPower } from './power-events.ts';
import { announceLink } from './announce-link.ts';
import { DesktopRooms } from './session/desktop-rooms.ts';
import { createSeal } from './store/safe-storage-seal.ts';
import { terminalError, terminalText } from './terminal-text.ts';

const APP_FOLDER = resolve(import.meta.dirname, '..');
/** The relay that `npm start` runs when none is named. */
const DEFAULT_RELAY_URL = 'http://127.0.0.1:4444';

const read = (argv: readonly string[]) => parseLaunchArguments(ownArguments(argv, app.isPackaged));

function absoluteFolders(request: LaunchRequest, workingFolder: string): LaunchRequest {
  const absolute = (folder: string | undefined) => (folder === undefined ? undefined : resolve(workingFolder, folder));
  return { ...request, folder: absolute(request.folder), mirrorFolder: absolute(request.mirrorFolder) };
}

/** Takes what the system asks for from the start: macOS hands over a link before the app is ready. */
function queueLaunches(): LaunchQueue {
  const queue = new LaunchQueue();
  app.on('second-instance', (_event, argv, workingFolder, data) => {
    queue.push(absoluteFolders(read(readSecondStart(data)?.argv ?? argv), workingFolder));
  });
  app.on('open-url', (event, url) => {
    event.preventDefault();
    queue.push({ folder: undefined, joinLink: url, mirrorFolder: undefined, relayUrl: undefined });
  });
  return queue;
}

async function run(request: LaunchRequest, launches: LaunchQueue): Promise<void> {
  await app.whenReady();
  session.defaultSession.setSpellCheckerEnabled(false);
  refusePermissions(session.defaultSession);
  serveApp(session.defaultSession, join(APP_FOLDER, 'renderer'));
  const rooms = await DesktopRooms.open({
    dataFolder: app.getPath('userData'),
    relayUrl: (request.relayUrl ?? DEFAULT_RELAY_URL).replace(/\/+$/, ''),
    operatorToken: process.env['TUTTI_OPERATOR_TOKEN'],
    seal: createSeal(safeStorage),
  });
  const application = new Application(rooms, APP_FOLDER);
  followRecent(application, rooms);
  const power = watchPower(powerMonitor, systemScheduler, (asleepMs) => rooms.nudge('woke', asleepMs));
  app.once('will-quit', () => power.dispose());
  app.on('activate', () => void application.activate().catch(reportUnexpectedError));
  closeBeforeQuit(application, rooms);
  const started = Promise.withResolvers<string | undefined>();
  if (process.env['TUTTI_ANNOUNCE_LINK'] !== undefined) {
    const announcing = announceLink(rooms, started.promise);
    app.once('will-quit', () => announcing.dispose());
  }
  const isPlain = request.folder === undefined && request.joinLink === undefined;
  const first = application.launch((isPlain ? launches.take() : undefined) ?? absoluteFolders(request, process.cwd()));
  launches.start((next) => void application.launchAgain(next).catch(reportUnexpectedError));
  await first;
  started.resolve(application.failure);
}

/** Keeps the rooms in the menu as they are. */
function followRecent(application: Application, rooms: DesktopRooms): void {
  const options = {
    sendCommand: (commandId: string) => application.sendCommand(commandId),
    openRecent: (key: string) => void application.openRecent(key).catch(reportUnexpectedError),
  };
  let shown: string | undefined;
  const follow = () => {
    const recent = rooms.listRecent();
    const next = JSON.stringify(recent);
    // A menu that is open closes when another takes its place.
    if (next !== shown) installMenu(options, recent);
    shown = next;
  };
  follow();
  rooms.onDidChangeRecentFolders(follow);
}

/** Quitting waits until everything is stored. */
function closeBeforeQuit(application: Application, rooms: DesktopRooms): void {
  let isClosed = false;
  app.on('before-quit', (event) => {
    if (isClosed) return;
    event.preventDefault();
    application.dispose();
    void rooms
      .close()
      .catch(reportUnexpectedError)
      .finally(() => {
        isClosed = true;
        app.quit();
      });
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => app.quit());
}

setUnexpectedErrorHandler((error) => console.error(`Tutti: unexpected error: ${terminalError(error)}`));
process.on('uncaughtException', reportUnexpectedError);
process.on('unhandledRejection', reportUnexpectedError);
registerAppScheme();
app.setName('Tutti');
const secondStart: SecondStart = { argv: process.argv };
if (!app.requestSingleInstanceLock({ ...secondStart })) {
  // The first instance opens what this one was asked for.
  app.exit(0);
} else {
  if (app.isPackaged) app.setAsDefaultProtocolClient('tutti');
  run(read(process.argv), queueLaunches()).catch((error: unknown) => {
    console.error(`Tutti cannot start: ${terminalText(errorMessage(error))}`);
    app.exit(1);
  });
}
