import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from '../build/ensure-built.ts';
import { defaultDataFolder } from './data-folder.ts';
import { findWindowSupport, type RunningApp, startDesktop, startHeadless } from './desktop.ts';
import { createOperatorToken, startEmbeddedRelay } from './embedded-relay.ts';
import type { StartOptions } from './options.ts';
import type { OwnedProcess } from './owned-process.ts';
import { waitForStopRequest } from './stop-request.ts';

const OPERATOR_TOKEN_TTL = '30d';

/**
 * Runs Tutti until it is asked to stop, its window is closed or its relay ends.
 * Everything that it started has stopped, in order, when it returns.
 * @throws when it cannot start; the message is for the person at the terminal
 */
export async function runTutti(options: StartOptions): Promise<void> {
  if (options.folder !== undefined) requireFolder(options.folder);
  const stopRequest = waitForStopRequest();
  await ensureBuilt();
  const processes: OwnedProcess[] = [];
  const dataFolder = options.dataFolder ?? defaultDataFolder();
  try {
    const relay = options.relayUrl ? undefined : await startEmbeddedRelay(join(dataFolder, 'relay'), options.port);
    if (relay) processes.push(relay.process);
    const relayUrl = options.relayUrl ?? relay?.url ?? '';
    const app = options.isRelayOnly ? undefined : await startApp(options, relayUrl, dataFolder, relay !== undefined);
    if (app) processes.push(app.process);
    void announceReadiness(app, relayUrl, options.joinLink);
    const failure = await Promise.race([stopRequest, ...processes.map(waitForFailure)]);
    if (failure) throw new Error(failure);
  } finally {
    // The app first, so that the relay still takes what it has to say.
    for (const owned of processes.reverse()) await owned.stop();
  }
}

async function announceReadiness(
  app: RunningApp | undefined,
  relayUrl: string,
  joinLink: string | undefined,
): Promise<void> {
  const link = joinLink ?? (app ? await app.link : `${relayUrl}/`);
  if (link !== undefined) console.log(`Tutti is ready: ${link}`);
}

/** Settles when the process is gone, with a sentence if it did not mean to. */
async function waitForFailure({ name, ended }: OwnedProcess): Promise<string | undefined> {
  const { code, signal } = await ended;
  return code === 0 ? undefined : `${name} ended unexpectedly (${signal ?? `exit code ${code}`}).`;
}

async function startApp(
  { folder, joinLink, isWindowless }: StartOptions,
  relayUrl: string,
  dataFolder: string,
  isEmbedded: boolean,
): Promise<RunningApp | undefined> {
  const appData = join(dataFolder, 'desktop');
  const given = process.env['TUTTI_OPERATOR_TOKEN'];
  const env: Record<string, string> = {};
  if (given !== undefined) env['TUTTI_OPERATOR_TOKEN'] = given;
  if (isEmbedded) {
    const relayData = join(dataFolder, 'relay');
    env['TUTTI_OPERATOR_TOKEN'] = await createOperatorToken(relayData, ['--create-rooms', '--ttl', OPERATOR_TOKEN_TTL]);
  }
  if (!isWindowless) {
    const support = await findWindowSupport();
    if (support.isPossible) {
      const joining = joinLink === undefined ? [] : ['--join', joinLink];
      const args = ['--relay', relayUrl, ...joining, ...(folder === undefined ? [] : [folder])];
      return startDesktop(support.executablePath, appData, args, env);
    }
    console.error(support.reason);
  }
  // A guest needs nothing but the link.
  return joinLink === undefined ? startHeadless(relayUrl, appData, folder, env) : undefined;
}

function requireFolder(folder: string): void {
  if (!existsSync(folder)) throw new Error(`There is no folder ${folder}. Name one that exists, or none.`);
  if (!statSync(folder).isDirectory()) throw new Error(`${folder} is a file. Name the folder that holds it.`);
}
