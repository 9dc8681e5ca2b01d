import { parseArgs } from 'node:util';
import { errorMessage, reportUnexpectedError, setUnexpectedErrorHandler } from '../../shared/lifecycle/index.ts';
import type { ProblemReport } from '../ipc/index.ts';
import { announceLink } from './announce-link.ts';
import { DesktopRooms } from './session/desktop-rooms.ts';
import { describeDifferences, hasOwnFiles } from './session/folder-differences.ts';
import type { RoomHost } from './session/room-host.ts';
import { REFUSED_PROBLEM, whenRefused } from './session/when-refused.ts';

/** Shares a folder, or mirrors a room to one, without a window, in plain Node: what the app does, less the app. */
async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      relay: { type: 'string' },
      data: { type: 'string' },
      join: { type: 'string' },
      mirror: { type: 'string' },
      'take-room-files': { type: 'boolean', default: false },
    },
  });
  if (values.relay === undefined || values.data === undefined) {
    throw new Error('--relay URL and --data DIR are needed');
  }
  const rooms = await DesktopRooms.open({
    dataFolder: values.data,
    relayUrl: values.relay,
    operatorToken: process.env['TUTTI_OPERATOR_TOKEN'],
    seal: undefined,
    takesRoomFiles: values['take-room-files'],
  });
  if (rooms.startProblem) console.error(`${rooms.startProblem.title} ${rooms.startProblem.detail}`);
  const stop = () => {
    rooms.close().then(
      () => process.exit(0),
      (error: unknown) => {
        reportUnexpectedError(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const folder = positionals[0];
  if (values.join !== undefined) return mirror(rooms, values.join, values.mirror);
  announceLink(rooms);
  const opened = folder === undefined ? await rooms.openScratchRoom() : await rooms.openFolder(folder);
  if (!opened.ok) throw new Error(opened.explanation);
  const { host } = opened.value;
  if (host.offlineReason !== undefined) return end(rooms, host.offlineReason);
  tellProblems(host);
  await goOnUnasked(rooms, host);
  host.mirror.onDidChangeState(() => void goOnUnasked(rooms, host).catch(fail));
  void whenRefused(host).then((explanation) => end(rooms, explanation).catch(fail));
}

/** Keeps the room of a link in step with a folder on this device. */
async function mirror(rooms: DesktopRooms, link: string, folder: string | undefined): Promise<void> {
  if (folder === undefined) throw new Error('--join without a window needs --mirror FOLDER');
  const joined = await rooms.join(link, rooms.personName);
  if (!joined.ok) throw new Error(joined.explanation);
  const { host } = joined.value;
  tellProblems(host);
  const mirrored = await host.mirror.choose(folder, { isMade: true });
  if (!mirrored.ok) return end(rooms, mirrored.explanation);
  await goOnUnasked(rooms, host);
  console.log(`tutti-link ${link}`);
}

/** Nobody can be asked here: where the folder has files of its own, it says what they are and ends. */
async function goOnUnasked(rooms: DesktopRooms, { mirror }: Pick<RoomHost, 'mirror'>): Promise<void> {
  if (mirror.state.kind !== 'asking') return;
  const { preview } = mirror.state;
  if (hasOwnFiles(preview)) {
    console.error(describeDifferences(preview));
    return end(
      rooms,
      'Nothing was changed. Choose another folder or an empty one, open the room in the window to choose for each file, or start again with --take-room-files: it backs up what the folder has, then takes the room’s text of files that differ, and leaves files that only the folder has there, unshared.',
    );
  }
  const started = await mirror.start({ sharesOthers: false, mine: [], allowsLargeBackup: true });
  if (!started.ok) return end(rooms, started.explanation);
  // The folder has changed meanwhile.
  if (started.value.kind !== 'started') return goOnUnasked(rooms, { mirror });
}

async function end(rooms: DesktopRooms, explanation: string): Promise<never> {
  await rooms.close();
  throw new Error(explanation);
}

function tellProblems(host: RoomHost): void {
  const tell = ({ id, title, detail, isResolved }: ProblemReport) => {
    // It ends then, and says why.
    if (!isResolved && id !== REFUSED_PROBLEM) console.error(`${title} ${detail}`);
  };
  host.currentProblems.forEach(tell);
  host.onProblem(tell);
  host.tellDifferences((text) => console.error(text));
}

function fail(error: unknown): void {
  console.error(errorMessage(error));
  process.exit(1);
}

setUnexpectedErrorHandler((error) => console.error('Tutti: unexpected error:', error));
run().catch(fail);
