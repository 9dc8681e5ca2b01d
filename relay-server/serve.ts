import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { DisposableStore, systemScheduler } from '../shared/lifecycle/index.ts';
import { type AccessServices, type AccessServicesOptions, openAccessServices } from './access-services.ts';
import { type BackendOptions, type Backends, openBackends } from './backends.ts';
import { type BlobLimits, type BlobServices, createBlobServices } from './blobs/index.ts';
import { OperatorError } from './data-folder.ts';
import { createOriginCheck } from './gateway/allowed-origins.ts';
import { RequestSources } from './gateway/client-address.ts';
import { createHttpHandler } from './gateway/http-handler.ts';
import { Readiness } from './gateway/readiness.ts';
import { StaticFiles } from './gateway/static-files.ts';
import { serveWebSockets } from './gateway/websocket-endpoint.ts';
import { createHttpServer } from './http-server.ts';
import type { ArchiveOptions } from './log/archiver.ts';
import { createRelayCore, type RelayCore } from './relay-core.ts';
import { TlsCertificate, type TlsFiles } from './tls-certificate.ts';

export interface ServeOptions extends BackendOptions, AccessServicesOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly staticFolder: string | undefined;
  /** Under which people reach the relay, when it is not the address it listens at. */
  readonly publicUrl: string | undefined;
  /** How long it may take to say goodbye to everybody. */
  readonly drainMs: number;
  readonly archiving: ArchiveOptions;
  readonly blobLimits: BlobLimits;
  /** Without them it speaks plain HTTP, for a proxy or for this machine. */
  readonly tls: TlsFiles | undefined;
  /** Proxies whose word on where requests come from counts. */
  readonly trustedProxies: BlockList | undefined;
}

/** A relay at work. */
export interface RunningRelay {
  readonly url: string;
  /** Says goodbye to everybody, commits what is on its way and stops. */
  stop(): Promise<void>;
}

/** While a document is typed in, its whole state is written anew but rarely; once it rests, its next opening is made quick. */
const COMPACTION = {
  afterUpdates: 4_000,
  afterBytes: 1024 * 1024,
  delayMs: 2_000,
  atRest: { afterUpdates: 100, restMs: 2_000 },
};
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
  const certificate = await openCertificate(options, owned);
  const backends = owned.add(await openBackends(options));
  const access = await openAccessServices(options, backends.storage, owned);
  const core = owned.add(createCore(options, backends, access));
  const readiness = new Readiness(backends.storage.log, systemScheduler);
  const sources = createSources(options);
  const ipAddressOf = (request: IncomingMessage) => sources.of(request).address;
  const isAllowedOrigin = createOriginCheck(
    options.publicUrl === undefined ? [] : [options.publicUrl],
    (request) => sources.of(request).isSecure,
  );
  let publicUrl = options.publicUrl ?? '';
  const handler = createHttpHandler({
    api: access.createApi(core, owned.add(createBlobs(options, backends, core)), () => publicUrl),
    staticFiles,
    isAllowedOrigin,
    ipAddressOf,
    limits: access.limits,
    health: () => ({ status: 'ok', connections: core.connectionCount }),
    readiness,
    reportProblem,
  });
  const http = owned.add(createHttpServer(handler, certificate));
  const endpoint = owned.add(
    serveWebSockets({
      server: http.server,
      isAllowedOrigin,
      ipAddressOf,
      accept: (socket, room, ipAddress) => core.accept(socket, room, ipAddress),
      acceptYjs: (upgrade) => core.acceptYjs(upgrade),
      maxYjsMessageBytes: core.maxYjsMessageBytes,
      scheduler: systemScheduler,
    }),
  );
  const url = await http.listen(options.host, options.port);
  publicUrl ||= url;
  await data.recordAddress(publicUrl);
  return {
    url,
    async stop() {
      readiness.drain();
      endpoint.dispose();
      const finished = http.finish(options.drainMs + GOODBYE_MS);
      await core.drain(options.drainMs);
      await goneWithin(() => core.connectionCount === 0, GOODBYE_MS);
      // Their answers need the storage.
      await finished;
      core.dispose();
      await access.visits.flush();
      await data.forgetAddress();
      await backends.close();
      owned.dispose();
    },
  };
}

function createCore(
  { archiving, reportProblem }: ServeOptions,
  {
    storage,
    snapshots,
    segmentStore,
    mayRemoveObjects,
    backplane,
    headPollIntervalMs,
  }: Awaited<ReturnType<typeof openBackends>>,
  access: AccessServices,
): RelayCore {
  return createRelayCore({
    log: storage.log,
    snapshots,
    archive: { index: storage.segments, store: segmentStore, archiving },
    mayRemoveObjects,
    doorkeeper: access.doorkeeper,
    access: access.watch,
    noteJoined: (admitted) => access.visits.joined(admitted),
    compaction: COMPACTION,
    reportProblem,
    ...(backplane && { backplane }),
    ...(headPollIntervalMs !== undefined && { headPollIntervalMs }),
  });
}

function createBlobs(
  { blobLimits: limits }: ServeOptions,
  { storage, blobParts: parts }: Backends,
  core: RelayCore,
): BlobServices {
  return createBlobServices({ index: storage.blobs, parts, limits, scheduler: systemScheduler, core });
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

async function openCertificate(
  { tls, reportProblem }: ServeOptions,
  owned: DisposableStore,
): Promise<TlsCertificate | undefined> {
  if (!tls) return undefined;
  return owned.add(await TlsCertificate.open({ files: tls, scheduler: systemScheduler, reportProblem }));
}

function createSources({ trustedProxies, reportProblem }: ServeOptions): RequestSources {
  return new RequestSources({
    trustedProxies: trustedProxies ?? new BlockList(),
    onUntrustedProxy: (address) =>
      reportProblem(
        new OperatorError(
          `Requests from ${address} say that they are forwarded. Everybody behind it counts as one client until --trusted-proxies names it.`,
        ),
      ),
  });
}

async function goneWithin(isGone: () => boolean, withinMs: number): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!isGone() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 10));
}
