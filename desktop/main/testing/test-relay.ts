import { onTestFinished } from 'vitest';
import { RelayProcess } from '../../testing/relay-process.ts';

/** Starts a relay that is killed with the test, if it still runs then. */
export async function startTestRelay(dataFolder: string, port = 0): Promise<RelayProcess> {
  const relay = await RelayProcess.start(dataFolder, { port });
  onTestFinished(() => relay.stop('SIGKILL'));
  return relay;
}
