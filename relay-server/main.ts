import { Command, Option } from 'commander';
import type { BlockList } from 'node:net';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROLES, type Role } from '../shared/access/index.ts';
import { setUnexpectedErrorHandler, systemScheduler } from '../shared/lifecycle/index.ts';
import { IDENTITY_FILE, IdentityError } from './access/relay-identity.ts';
import { addAccessCommands, type OpenedRelay, type StorageOptions, tenantOption } from './access-commands.ts';
import { cleanPersonName } from './access/person-name.ts';
import { OPERATOR } from './access/room-manager.ts';
import { TokenAuthority } from './access/token-authority.ts';
import { openStorage } from './backends.ts';
import { DEFAULT_MAX_BLOB_BYTES, DEFAULT_MAX_ROOM_BLOB_BYTES } from './blobs/index.ts';
import { RedisFailure } from './backplane/redis/redis-failure.ts';
import { DEFAULT_MAX_FAILURES, DEFAULT_MAX_REQUESTS } from './access/address-limits.ts';
import {
  parseBlobSize,
  parseCount,
  parseDuration,
  parseKeptUpdates,
  parseNetworks,
  parsePort,
  parsePostgresUrl,
  parsePublicUrl,
  parseRedisUrl,
  parseRoom,
  parseSize,
  type S3Location,
} from './config.ts';
import { DataFolder, OperatorError } from './data-folder.ts';
import { MAX_TOKEN_AGE_MS } from './log/access-directory.ts';
import { LogFailure } from './log/log-failure.ts';
import { addMaintenanceCommands, s3Option } from './maintenance-commands.ts';
import { addOidcOptions, type OidcOptionValues, readOidcOptions } from './oidc-options.ts';
import { loadIdentity } from './access-services.ts';
import { serve } from './serve.ts';
import type { TlsFiles } from './tls-certificate.ts';

/** Where the relay keeps what several nodes share. */
interface SharedOptions {
  readonly data: string;
  readonly key?: string;
  readonly postgres?: string;
}

interface ServeCommand extends SharedOptions, OidcOptionValues {
  readonly port: number;
  readonly host: string;
  readonly static?: string;
  readonly publicUrl?: string;
  readonly redis?: string;
  readonly s3?: S3Location;
  readonly drain: number;
  readonly archiveAfterUpdates: number;
  readonly archiveAfter: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly trustedProxies?: BlockList;
  readonly maxRequests: number;
  readonly maxFailures: number;
  readonly maxBlobBytes: number;
  readonly maxRoomBlobBytes: number;
}

interface TokenCommand extends SharedOptions {
  readonly tenant: string;
  readonly room?: string;
  readonly role: Role;
  readonly ttl: number;
  readonly name: string;
  readonly subject?: string;
  readonly createRooms?: boolean;
}

const STOP_WITHIN_MS = 5_000;
const END_WITHIN_MS = 1_000;
const DEFAULT_ROOM_TTL = '1h';
const DEFAULT_DRAIN = '1s';
const DEFAULT_ARCHIVE_AFTER_UPDATES = 10_000;
const DEFAULT_ARCHIVE_AFTER = '1d';

/** What says by itself what is wrong and what to do; anything else needs the place that it comes from. */
const EXPLAINED = [LogFailure, OperatorError, IdentityError, RedisFailure] as const;

function explain(error: unknown): string {
  const isExplained = EXPLAINED.some((kind) => error instanceof kind);
  return error instanceof Error ? ((isExplained ? undefined : error.stack) ?? error.message) : String(error);
}

function reportProblem(error: unknown): void {
  process.stderr.write(`tutti-relay: ${explain(error)}\n`);
}

/** For a relay that goes on: a command that fails is over. */
function reportWhileServing(error: unknown): void {
  const isRetried = error instanceof LogFailure && error.code === 'busy';
  process.stderr.write(`tutti-relay: ${explain(error)}${isRetried ? ' The relay tries again by itself.' : ''}\n`);
}

function openDataFolder(path: string): DataFolder {
  const data = new DataFolder(path);
  if (data.warning !== undefined) process.stderr.write(`tutti-relay: ${data.warning}\n`);
  return data;
}

/** For a command beside a relay, which works on what that has. */
function openRelayFolder({ data: path, key, postgres }: SharedOptions): DataFolder {
  const data = openDataFolder(path);
  if (key === undefined && postgres === undefined) data.refuseOthers();
  return data;
}

/** Makes no folder: where there is none, there is no key either. */
function keyFile(options: SharedOptions): string {
  if (options.key !== undefined) return options.key;
  if (existsSync(options.data)) openRelayFolder(options);
  return join(resolve(options.data), IDENTITY_FILE);
}

function roleOption(): Option {
  return new Option('--role <role>', 'what its bearer may do').choices(ROLES).default('editor');
}

async function runServe(options: ServeCommand): Promise<void> {
  const data = openDataFolder(options.data);
  const warnings = keyWarnings(data, options);
  const relay = await serve({
    data,
    host: options.host,
    port: options.port,
    staticFolder: options.static,
    publicUrl: options.publicUrl,
    keyFile: options.key,
    postgresUrl: options.postgres,
    redisUrl: options.redis,
    s3: options.s3,
    drainMs: options.drain,
    archiving: { keptUpdates: options.archiveAfterUpdates, keptMs: options.archiveAfter },
    blobLimits: { maxBlobBytes: options.maxBlobBytes, maxRoomBytes: options.maxRoomBlobBytes },
    tls: readTlsFiles(options),
    trustedProxies: options.trustedProxies,
    addressLimits: { maxRequests: options.maxRequests, maxFailures: options.maxFailures },
    oidc: readOidcOptions(options),
    reportProblem: reportWhileServing,
  });
  for (const warning of warnings) process.stderr.write(`tutti-relay: ${warning}\n`);
  process.stdout.write(`tutti-relay listening on ${relay.url}\n`);
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    // Whatever hangs, the process ends in time: what was acked is on the disk.
    setTimeout(() => process.exit(1), options.drain + STOP_WITHIN_MS).unref();
    relay.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        reportProblem(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function keyWarnings(data: DataFolder, { key, postgres }: ServeCommand): readonly string[] {
  if (key !== undefined) return [];
  const path = join(data.path, IDENTITY_FILE);
  if (postgres !== undefined) {
    return [
      `This node signs tokens with ${path}. Where there are several nodes, give all of them the same file with --key.`,
    ];
  }
  if (existsSync(path) || !existsSync(data.database)) return [];
  return [
    `The relay's key ${path} is gone: a new one is made. Tokens of the old one no longer count, and people have to ` +
      'join anew. If you have a backup of it, stop the relay and put it back.',
  ];
}

function readTlsFiles({ tlsCert, tlsKey }: ServeCommand): TlsFiles | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new OperatorError('For TLS name both the certificate and its key: --tls-cert FILE --tls-key FILE.');
  return { certFile: tlsCert, keyFile: tlsKey };
}

async function runToken(options: TokenCommand): Promise<void> {
  const data = openRelayFolder(options);
  const authority = new TokenAuthority(await loadIdentity({ data, keyFile: options.key }), systemScheduler);
  const nowMs = systemScheduler.now();
  const expiresAtMs = nowMs + options.ttl;
  if (options.createRooms) {
    process.stdout.write(`${await authority.signOperatorToken(expiresAtMs, options.tenant)}\n`);
    return;
  }
  if (options.room === undefined)
    throw new OperatorError('Name a room with --room, or ask for an operator token with --create-rooms.');
  if (options.ttl > MAX_TOKEN_AGE_MS)
    throw new OperatorError('A token for a room runs for 366 days at most: give a shorter --ttl.');
  const { tenant, room, role, subject } = options;
  const name = cleanPersonName(options.name);
  if (name === undefined) throw new OperatorError('The name must have a visible character.');
  if (subject !== undefined && !/^[\w.@-]{1,128}$/.test(subject)) {
    throw new OperatorError('A subject has 1 to 128 letters, digits, and . _ @ -');
  }
  const storage = await openStorage({ data, postgresUrl: options.postgres, reportProblem });
  try {
    await storage.directory.createRoom({ tenant, room, name: '', createdAtMs: nowMs });
    const grant = { tenant, room, role, name, linkId: undefined, expiresAtMs };
    const signed = await authority.signRoomToken({ ...grant, subject: subject ?? `local-${crypto.randomUUID()}` });
    const { grant: granted } = signed;
    await storage.access.change(
      { tenant, room },
      { kind: 'touch' },
      {
        atMs: nowMs,
        kind: 'token-issued',
        actor: OPERATOR.subject,
        actorName: OPERATOR.name,
        target: granted.subject,
        detail: `${role}, until ${new Date(granted.expiresAtMs).toISOString()}`,
      },
    );
    process.stdout.write(`${signed.token}\n`);
  } finally {
    storage.dispose();
  }
}

async function withStorage<T>(options: StorageOptions, work: (opened: OpenedRelay) => Promise<T>): Promise<T> {
  const data = openRelayFolder(options);
  const identity = await loadIdentity({ data, keyFile: options.key });
  const storage = await openStorage({ data, postgresUrl: options.postgres, reportProblem });
  try {
    return await work({ data, storage, identity });
  } finally {
    storage.dispose();
  }
}

function publicUrlOption(): Option {
  return new Option('--public-url <url>', 'address under which people reach the relay')
    .env('TUTTI_PUBLIC_URL')
    .argParser(parsePublicUrl);
}

/** Adds the options of everything that works on what a relay keeps. */
function withSharedOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--key <file>', 'file with the key of the relay, when it is not to be kept in the data folder').env(
        'TUTTI_RELAY_KEY_FILE',
      ),
    )
    .addOption(
      new Option('--postgres <url>', 'database that several nodes share, in place of the data folder')
        .env('TUTTI_POSTGRES_URL')
        .argParser(parsePostgresUrl),
    );
}

function archiveAfterUpdatesOption(): Option {
  return new Option('--archive-after-updates <count>', 'newest updates of a document that stay in the database')
    .env('TUTTI_ARCHIVE_AFTER_UPDATES')
    .argParser(parseKeptUpdates)
    .default(DEFAULT_ARCHIVE_AFTER_UPDATES);
}

function archiveAfterOption(): Option {
  return new Option('--archive-after <duration>', 'how long updates stay in the database')
    .env('TUTTI_ARCHIVE_AFTER')
    .argParser(parseDuration)
    .default(parseDuration(DEFAULT_ARCHIVE_AFTER), DEFAULT_ARCHIVE_AFTER);
}

function maxBlobBytesOption(): Option {
  return new Option('--max-blob-bytes <size>', 'largest file that is no text, such as 512MiB')
    .env('TUTTI_MAX_BLOB_BYTES')
    .argParser(parseBlobSize)
    .default(DEFAULT_MAX_BLOB_BYTES, '512MiB');
}

function maxRoomBlobBytesOption(): Option {
  return new Option('--max-room-blob-bytes <size>', 'how much of such files a room may have, earlier ones included')
    .env('TUTTI_MAX_ROOM_BLOB_BYTES')
    .argParser(parseSize)
    .default(DEFAULT_MAX_ROOM_BLOB_BYTES, '10GiB');
}

const DATA_OPTION = ['--data <folder>', 'where the relay keeps everything'] as const;

function addServeCommand(program: Command): void {
  addOidcOptions(withSharedOptions(program.command('serve')))
    .description('serve rooms until it is stopped')
    .requiredOption(...DATA_OPTION)
    .option('--port <port>', 'port to listen at; 0 for any free one', parsePort, 7455)
    .option('--host <host>', 'address to listen at', '127.0.0.1')
    .option('--static <folder>', 'the built browser client')
    .addOption(publicUrlOption())
    .addOption(
      new Option('--redis <url>', 'carries messages between the nodes').env('TUTTI_REDIS_URL').argParser(parseRedisUrl),
    )
    .addOption(s3Option())
    .addOption(
      new Option('--drain <duration>', 'how long goodbyes are spread when it is stopped')
        .argParser(parseDuration)
        .default(parseDuration(DEFAULT_DRAIN), DEFAULT_DRAIN),
    )
    .addOption(archiveAfterUpdatesOption())
    .addOption(archiveAfterOption())
    .addOption(new Option('--tls-cert <file>', 'certificate in PEM: the relay speaks TLS').env('TUTTI_TLS_CERT'))
    .addOption(new Option('--tls-key <file>', 'its private key in PEM').env('TUTTI_TLS_KEY'))
    .addOption(
      new Option('--trusted-proxies <networks>', 'proxies whose X-Forwarded-For or Forwarded counts')
        .env('TUTTI_TRUSTED_PROXIES')
        .argParser(parseNetworks),
    )
    .addOption(
      new Option('--max-requests <count>', 'requests to /api that one address may make in a minute')
        .env('TUTTI_MAX_REQUESTS')
        .argParser(parseCount)
        .default(DEFAULT_MAX_REQUESTS),
    )
    .addOption(
      new Option(
        '--max-failures <count>',
        'secrets and tokens nobody knows, and refused proposals, of one address in a minute',
      )
        .env('TUTTI_MAX_FAILURES')
        .argParser(parseCount)
        .default(DEFAULT_MAX_FAILURES),
    )
    .addOption(maxBlobBytesOption())
    .addOption(maxRoomBlobBytesOption())
    .action(runServe);
}

function createProgram(): Command {
  const program = new Command('tutti-relay').description('The relay server of Tutti.').showHelpAfterError();
  addServeCommand(program);
  withSharedOptions(program.command('token'))
    .description('print a token for a room, making the room when needed')
    .requiredOption(...DATA_OPTION)
    .option('--room <room>', 'the room', parseRoom)
    .addOption(tenantOption())
    .addOption(roleOption())
    .addOption(
      new Option('--ttl <duration>', 'how long it runs, such as 15m, 1h or 30d')
        .argParser(parseDuration)
        .default(parseDuration(DEFAULT_ROOM_TTL), DEFAULT_ROOM_TTL),
    )
    .option('--name <name>', 'name shown to others', 'Someone')
    .option('--subject <subject>', 'who it is for; the same subject is the same person')
    .option('--create-rooms', 'print an operator token, which may create rooms, instead')
    .action(runToken);
  addAccessCommands(program, {
    withStorageOptions: (command) => withSharedOptions(command).requiredOption(...DATA_OPTION),
    withStorage,
    keyFile,
  });
  addMaintenanceCommands(program, {
    withDataOption: (command) => command.requiredOption(...DATA_OPTION),
    withStorageOptions: (command) => withSharedOptions(command).requiredOption(...DATA_OPTION),
    openDataFolder: openRelayFolder,
    reportProblem,
  });
  return program;
}

setUnexpectedErrorHandler(reportProblem);
// What the relay keeps is for its owner alone.
process.umask(0o077);
try {
  await createProgram().parseAsync();
} catch (error) {
  reportProblem(error);
  process.exitCode = 1;
  // A connection whose other side does not end it must not keep the process.
  setTimeout(() => process.exit(), END_WITHIN_MS).unref();
}
