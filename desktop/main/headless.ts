import { parseArgs } from 'node:util';
import { reportUnexpectedError, setUnexpectedErrorHandler } from '../../shared/lifecycle/index.ts';
import type { ProblemReport } from '../ipc/index.ts';
import { announceLink } from './announce-link.ts';
import { DesktopRooms } from './session/desktop-rooms.ts';
import type { RoomHost } from './session/room-host.ts';

/** Shares a folder, or mirrors a room to one, without a window, in plain Node: what the app does, less the app. */
async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      relay: { type: 'string' },
      data: { type: 'string' },
      join: { type: 'string' },
      mirror: { type: 'string' },
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
    isUnattended: true,
  });
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
  if (host.offlineReason !== undefined) {
    await rooms.close();
    throw new Error(host.offlineReason);
  }
  tellProblems(host);
}

/** Keeps the room of a link in step with a folder on this device. */
async function mirror(rooms: DesktopRooms, link: string, folder: string | undefined): Promise<void> {
  if (folder === undefined) throw new Error('--join without a window needs --mirror FOLDER');
  const joined = await rooms.join(link, rooms.personName);
  if (!joined.ok) throw new Error(joined.explanation);
  const { host } = joined.value;
  tellProblems(host);
  const mirrored = await host.mirror.choose(folder, { isMade: true });
  if (!mirrored.ok) {
    await rooms.close();
    throw new Error(mirrored.explanation);
  }
  console.log(`tutti-link ${link}`);
}

function tellProblems(host: RoomHost): void {
  const tell = ({ title, detail, isResolved }: ProblemReport) => {
    if (!isResolved) console.error(`${title} ${detail}`);
  };
  host.currentProblems.forEach(tell);
  host.onProblem(tell);
  host.tellDifferences((text) => console.error(text));
}

setUnexpectedErrorHandler((error) => console.error('Tutti: unexpected error:', error));
run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
