import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Disposable, DisposableStore, systemScheduler, toDisposable } from '../shared/lifecycle/index.ts';
import { loadRelayIdentity, readRelayIdentity, type RelayIdentity } from './access/relay-identity.ts';
import { RoomDoorkeeper } from './access/room-doorkeeper.ts';
import { ShareLinks } from './access/share-links.ts';
import { TokenAuthority } from './access/token-authority.ts';
import { type BackendOptions, openBackends } from './backends.ts';
import { OperatorError } from './data-folder.ts';
import { createOriginCheck } from './gateway/allowed-origins.ts';
import { createHttpHandler, type HttpHandlerOptions } from './gateway/http-handler.ts';
import { Readiness } from './gateway/readiness.ts';
import { StaticFiles } from './gateway/static-files.ts';
import { serveWebSockets } from './gateway/websocket-endpoint.ts';
import type { ArchiveOptions } from './log/archiver.ts';
import { createRelayCore } from './relay-core.ts';

export interface ServeOptions extends BackendOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly staticFolder: string | undefined;
  /** Under which people reach the relay, when it is not the address it listens at. */
  readonly publicUrl: string | undefined;
  /** Holds the key when it is not to be made and kept in the data folder. */
  readonly keyFile: string | undefined;
  /** How long it may take to say goodbye to everybody. */
  readonly drainMs: number;
  readonly archiving: ArchiveOptions;
}

/** A relay at work. */
export interface RunningRelay {
  readonly url: string;
  /** Says goodbye to everybody, commits what is on its way and stops. */
  stop(): Promise<void>;
}

/** While a document is typed in, its whole state is written anew but rarely; once it rests, its next opening is made quick. */
const COMPACTION = { afterUpdates: 4_000, afterBytes: 1024 * 1024, atRest: { afterUpdates: 100, restMs: 2_000 } };
const GOODBYE_MS = 1_000;

/** Starts a relay. Rejects with {@link OperatorError} when it cannot. */
export async function serve(options: ServeOptions): Promise<RunningRelay> {
  const owned = new DisposableStore();
  try {
    return await start(options, owned);
  } catch (error) {
    owned.dispose();
    throw error;
  }
}

async function start(options: ServeOptions, owned: DisposableStore): Promise<RunningRelay> {
  const { data, reportProblem } = options;
  const staticFiles = options.staticFolder === undefined ? undefined : await openStatic(options.staticFolder);
  const backends = owned.add(await openBackends(options));
  const { snapshots, segmentStore, backplane, headPollIntervalMs } = backends;
  const { log, segments, directory } = backends.storage;
  const archive = { index: segments, store: segmentStore, archiving: options.archiving };
  const authority = new TokenAuthority(await loadIdentity(options), systemScheduler);
  const doorkeeper = new RoomDoorkeeper(authority, directory);
  const shareLinks = new ShareLinks(directory, authority, systemScheduler);
  const shared = { ...(backplane && { backplane }), ...(headPollIntervalMs !== undefined && { headPollIntervalMs }) };
  const core = owned.add(
    createRelayCore({ log, snapshots, archive, doorkeeper, compaction: COMPACTION, reportProblem, ...shared }),
  );
  const readiness = new Readiness(log, systemScheduler);
  const isAllowedOrigin = createOriginCheck(options.publicUrl === undefined ? [] : [options.publicUrl]);
  let publicUrl = options.publicUrl ?? '';
  const server = owned.add(
    createHttpServer({
      api: { authority, doorkeeper, directory, shareLinks, scheduler: systemScheduler, publicUrl: () => publicUrl },
      staticFiles,
      isAllowedOrigin,
      health: () => ({ status: 'ok', connections: core.connectionCount }),
      readiness,
      reportProblem,
    }),
  ).server;
  const endpoint = owned.add(
    serveWebSockets({
      server,
      isAllowedOrigin,
      accept: (socket, room) => core.accept(socket, room),
      acceptYjs: (upgrade) => core.acceptYjs(upgrade),
      maxYjsMessageBytes: core.maxYjsMessageBytes,
    }),
  );
  const url = await listen(server, options.host, options.port);
  publicUrl ||= url;
  await data.recordAddress(publicUrl);
  return {
    url,
    async stop() {
      readiness.drain();
      endpoint.dispose();
      server.close();
      server.closeIdleConnections();
      await core.drain(options.drainMs);
      await goneWithin(() => core.connectionCount === 0, GOODBYE_MS);
      core.dispose();
      await data.forgetAddress();
      await backends.close();
      owned.dispose();
    },
  };
}

/** Disposing ends the server and its connections. */
function createHttpServer(options: HttpHandlerOptions): Disposable & { readonly server: Server } {
  // Slow or idle requests must not pile up.
  const limits = { headersTimeout: 10_000, requestTimeout: 20_000, keepAliveTimeout: 5_000, maxHeaderSize: 16 * 1024 };
  const server = createServer(limits, createHttpHandler(options));
  const owner = toDisposable(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, dispose: () => owner.dispose() };
}

/** The relay's own key, or the one that all nodes were given. Rejects with an `IdentityError`. */
export function loadIdentity({ data, keyFile }: Pick<ServeOptions, 'data' | 'keyFile'>): Promise<RelayIdentity> {
  return keyFile === undefined ? loadRelayIdentity(data.path) : readRelayIdentity(keyFile);
}

async function openStatic(folder: string): Promise<StaticFiles> {
  try {
    return await StaticFiles.open(folder);
  } catch (error) {
    throw new OperatorError(
      `The browser client cannot be served: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(explainListenError(error, host, port)));
    server.listen({ host, port }, () => {
      // Always an AddressInfo for a TCP server.
      const { port: actualPort, family, address } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${actualPort}`);
    });
  });
}

function explainListenError(error: Error, host: string, port: number): OperatorError {
  const code = 'code' in error ? error.code : undefined;
  const cause = { cause: error };
  if (code === 'EADDRINUSE') {
    return new OperatorError(
      `The port ${port} on ${host} is in use. End the program that uses it, or choose another with --port.`,
      cause,
    );
  }
  if (code === 'EACCES')
    return new OperatorError(`The port ${port} may not be used without more rights. Choose one from 1024.`, cause);
  return new OperatorError(`The relay cannot listen at ${host}:${port} (${error.message}). Check --host.`, cause);
}

async function goneWithin(isGone: () => boolean, withinMs: number): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!isGone() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 10));
}
