import { parseArgs } from 'node:util';
import { errorMessage, reportUnexpectedError, setUnexpectedErrorHandler } from '../../shared/lifecycle/index.ts';
import type { ProblemReport } from '../ipc/index.ts';
import { announceLink } from './announce-link.ts';
import { DesktopRooms } from './session/desktop-rooms.ts';
import { describeDifferences, hasOwnFiles } from './session/folder-differences.ts';
import type { RoomHost } from './session/room-host.ts';
import { REFUSED_PROBLEM, whenPutOut } from './session/when-refused.ts';
import { describeProposals } from '../../shared/sync/index.ts';
import { terminalError, terminalText } from './terminal-text.ts';

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
  if (rooms.startProblem) tell(`${rooms.startProblem.title} ${rooms.startProblem.detail}`);
  const stop = () => {
    isEnding = true;
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
  void whenPutOut(host).then((explanation) => end(rooms, explanation).catch(fail));
}

/** Keeps the room of a link in step with a folder on this device. */
async function mirror(rooms: DesktopRooms, link: string, folder: string | undefined): Promise<void> {
  if (folder === undefined) throw new Error('--join without a window needs --mirror FOLDER');
  const joined = await rooms.join(link, rooms.personName);
  if (!joined.ok) return endRefused(rooms, link, joined.explanation);
  const { host } = joined.value;
  tellProblems(host);
  void whenPutOut(host).then((explanation) => endPutOut(rooms, host, explanation).catch(fail));
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

/** The link does not let anybody in: what this device has of the room may hold edits that the owners should see. */
async function endRefused(rooms: DesktopRooms, link: string, explanation: string): Promise<never> {
  const key = rooms.keyOfJoined(link);
  const opened = key === undefined ? undefined : await rooms.openStored(key);
  if (!opened?.ok) return end(rooms, explanation);
  tellProblems(opened.value.host);
  return endPutOut(rooms, opened.value.host, explanation);
}

/** Says what becomes of what the relay does not have, and ends. */
async function endPutOut(rooms: DesktopRooms, host: RoomHost, explanation: string): Promise<never> {
  const { folder } = host.mirror;
  await host.mirror.takeFolder().catch((error: unknown) => tell(errorMessage(error)));
  const report = await host.proposeUnsent();
  const edits = report.ok ? describeProposals(report.value) : report.explanation;
  const isAnyKept = !report.ok || report.value.kept > 0;
  const parts = [
    explanation,
    edits,
    isAnyKept ? 'Open the room in the window of Tutti to export them as a patch.' : '',
    folder === undefined ? '' : `The folder "${folder}" stays as it is, and does not follow the room any more.`,
  ];
  return end(rooms, parts.filter((part) => part !== '').join(' '));
}

let isEnding = false;

/** Whoever ends it first says why. */
async function end(rooms: DesktopRooms, explanation: string): Promise<never> {
  if (isEnding) return new Promise(() => undefined);
  isEnding = true;
  await rooms.close();
  throw new Error(explanation);
}

function tellProblems(host: RoomHost): void {
  const tellProblem = ({ id, title, detail, isResolved }: ProblemReport) => {
    // It ends then, and says why.
    if (!isResolved && id !== REFUSED_PROBLEM) tell(`${title} ${detail}`);
  };
  host.currentProblems.forEach(tellProblem);
  host.onProblem(tellProblem);
  host.tellDifferences(tell);
}

/** Others may have named what the text is about. */
function tell(text: string): void {
  console.error(terminalText(text));
}

function fail(error: unknown): void {
  tell(errorMessage(error));
  process.exit(1);
}

setUnexpectedErrorHandler((error) => console.error(`Tutti: unexpected error: ${terminalError(error)}`));
run().catch(fail);
