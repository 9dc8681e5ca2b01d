import { parseArgs } from 'node:util';
import { reportUnexpectedError, setUnexpectedErrorHandler } from '../../shared/lifecycle/index.ts';
import type { ProblemReport } from '../ipc/index.ts';
import { announceLink } from './announce-link.ts';
import { DesktopRooms } from './session/desktop-rooms.ts';

/** Shares a folder without a window, in plain Node: what the app does, less the app. */
async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { relay: { type: 'string' }, data: { type: 'string' } },
  });
  if (values.relay === undefined || values.data === undefined) {
    throw new Error('--relay URL and --data DIR are needed');
  }
  const rooms = await DesktopRooms.open({
    dataFolder: values.data,
    relayUrl: values.relay,
    operatorToken: process.env['TUTTI_OPERATOR_TOKEN'],
    seal: undefined,
  });
  announceLink(rooms);
  const folder = positionals[0];
  const opened = folder === undefined ? await rooms.openScratchRoom() : await rooms.openFolder(folder);
  if (!opened.ok) throw new Error(opened.explanation);
  const { host } = opened.value;
  if (host.offlineReason !== undefined) {
    await rooms.close();
    throw new Error(host.offlineReason);
  }
  const tell = ({ title, detail, isResolved }: ProblemReport) => {
    if (!isResolved) console.error(`${title} ${detail}`);
  };
  host.currentProblems.forEach(tell);
  host.onProblem(tell);
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
}

setUnexpectedErrorHandler((error) => console.error('Tutti: unexpected error:', error));
run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
