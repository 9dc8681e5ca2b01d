import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseShareLink } from '../../shared/access/index.ts';
import { ensureBuilt } from '../build/ensure-built.ts';
import { defaultDataFolder } from './data-folder.ts';
import { findWindowSupport, type RunningApp, startDesktop, startHeadless } from './desktop.ts';
import { createOperatorToken, EmbeddedRelay } from './embedded-relay.ts';
import type { StartOptions } from './options.ts';
import type { OwnedProcess } from './owned-process.ts';
import { waitForStopRequest } from './stop-request.ts';

const OPERATOR_TOKEN_TTL = '30d';
const LINK_PATIENCE_MS = 5_000;
/** Files may take a moment to come; only what lasts is told. */
const FILES_PATIENCE_MS = 10_000;

/** Something that runs until it is stopped. */
type Part = Pick<OwnedProcess, 'name' | 'ended' | 'stop'>;

/**
 * Runs Tutti until it is asked to stop, its window is closed or its relay ends.
 * Everything that it started has stopped, in order, when it returns.
 * @throws when it cannot start; the message is for the person at the terminal
 */
export async function runTutti(options: StartOptions): Promise<void> {
  if (options.folder !== undefined) requireFolder(options.folder);
  if (options.joinLink !== undefined) await requireRelay(options.joinLink);
  const stopRequest = waitForStopRequest();
  await ensureBuilt();
  const parts: Part[] = [];
  const dataFolder = options.dataFolder ?? defaultDataFolder();
  try {
    const relay = options.relayUrl ? undefined : await EmbeddedRelay.start(join(dataFolder, 'relay'), options.port);
    if (relay) parts.push(relay);
    const relayUrl = options.relayUrl ?? relay?.url ?? '';
    const app = options.isRelayOnly ? undefined : await startApp(options, relayUrl, dataFolder, relay !== undefined);
    if (app) parts.push(app.process);
    void announceReadiness(app, relayUrl, options);
    const failure = await Promise.race([stopRequest, ...parts.map(waitForFailure)]);
    if (failure) throw new Error(failure);
  } finally {
    // The app first, so that the relay still takes what it has to say.
    for (const part of parts.reverse()) await part.stop();
  }
}

async function announceReadiness(
  app: RunningApp | undefined,
  relayUrl: string,
  { joinLink, mirrorFolder, isWindowless }: StartOptions,
): Promise<void> {
  const timer = setTimeout(
    () => {
      console.error(
        joinLink === undefined
          ? `The relay at ${relayUrl} does not answer, so there is no link yet. Tutti goes on trying.`
          : 'The files of the room are not all there yet. Tutti goes on trying.',
      );
    },
    joinLink === undefined ? LINK_PATIENCE_MS : FILES_PATIENCE_MS,
  );
  // Without a window the room is ready once it is in its folder.
  const isAwaited = joinLink === undefined || (app !== undefined && isWindowless && mirrorFolder !== undefined);
  if (isAwaited) {
    void app?.withoutRoom.then((failure) => {
      clearTimeout(timer);
      console.log(`Tutti is ready: ${relayUrl}/`);
      console.error(
        failure === undefined
          ? 'No room of yours is open yet. Open a folder in the window: its link is printed here then.'
          : `${failure} Nothing is shared yet. Open another folder in the window: its link is printed here then.`,
      );
    });
  }
  const link = isAwaited ? await (app ? app.link : `${relayUrl}/`) : joinLink;
  clearTimeout(timer);
  if (link !== undefined) console.log(`Tutti is ready: ${link}`);
}

/** Settles when the process is gone, with a sentence if it did not mean to. */
async function waitForFailure({ name, ended }: Part): Promise<string | undefined> {
  const { code, signal } = await ended;
  if (code === 0) return undefined;
  // What ends by itself has said why.
  return signal === null ? `${name} has stopped: see above.` : `${name} ended unexpectedly (${signal}).`;
}

async function startApp(
  { folder, joinLink, mirrorFolder, takesRoomFiles, isWindowless }: StartOptions,
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
  const mirroring = mirrorFolder === undefined ? [] : ['--mirror', mirrorFolder];
  if (!isWindowless) {
    const support = await findWindowSupport();
    if (support.isPossible) {
      const joining = joinLink === undefined ? [] : ['--join', joinLink];
      const args = ['--relay', relayUrl, ...joining, ...mirroring, ...(folder === undefined ? [] : [folder])];
      return startDesktop(support.executablePath, appData, args, env);
    }
    console.error(support.reason);
  }
  // A guest who wants no files here needs nothing but the link.
  if (joinLink !== undefined && mirrorFolder === undefined) return undefined;
  const sharing = folder === undefined ? [] : [folder];
  const taking = takesRoomFiles ? ['--take-room-files'] : [];
  const wanted = joinLink === undefined ? sharing : ['--join', joinLink, ...mirroring];
  return startHeadless(relayUrl, appData, [...wanted, ...taking], env);
}

/** Without its relay a link opens nothing, unless this device was there before. */
async function requireRelay(joinLink: string): Promise<void> {
  const parsed = parseShareLink(joinLink);
  if (!parsed.ok) throw new Error(parsed.explanation);
  const { relayUrl } = parsed.link;
  try {
    await fetch(`${relayUrl}/healthz`, { signal: AbortSignal.timeout(LINK_PATIENCE_MS) });
  } catch {
    console.error(`No relay answers at ${relayUrl} now; what this device has of the room is shown until it does.`);
  }
}

function requireFolder(folder: string): void {
  if (!existsSync(folder)) throw new Error(`There is no folder ${folder}. Name one that exists, or none.`);
  if (!statSync(folder).isDirectory()) throw new Error(`${folder} is a file. Name the folder that holds it.`);
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
  } catch {
    throw new Error(`The folder ${folder} cannot be read. Check its permissions.`);
  }
}
