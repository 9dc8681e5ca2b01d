import { Command, Option } from 'commander';
import { ROLES, type Role, formatShareLink } from '../shared/access/index.ts';
import { DisposableStore, setUnexpectedErrorHandler, systemScheduler } from '../shared/lifecycle/index.ts';
import { IdentityError } from './access/relay-identity.ts';
import { cleanPersonName } from './access/person-name.ts';
import { ShareLinks } from './access/share-links.ts';
import { DEFAULT_TENANT, TokenAuthority } from './access/token-authority.ts';
import { openObjects, openStorage } from './backends.ts';
import {
  parseCount,
  parseDuration,
  parseKeptUpdates,
  parsePort,
  parsePostgresUrl,
  parsePublicUrl,
  parseRedisUrl,
  parseRoom,
  parseS3Location,
  type S3Location,
} from './config.ts';
import { DataFolder, OperatorError } from './data-folder.ts';
import { LogFailure } from './log/log-failure.ts';
import { runRepair } from './repair-command.ts';
import { loadIdentity, serve } from './serve.ts';

/** Where the relay keeps what several nodes share. */
interface SharedOptions {
  readonly data: string;
  readonly key?: string;
  readonly postgres?: string;
}

interface ServeCommand extends SharedOptions {
  readonly port: number;
  readonly host: string;
  readonly static?: string;
  readonly publicUrl?: string;
  readonly redis?: string;
  readonly s3?: S3Location;
  readonly drain: number;
  readonly archiveAfterUpdates: number;
  readonly archiveAfter: number;
}

interface TokenCommand extends SharedOptions {
  readonly room?: string;
  readonly role: Role;
  readonly ttl: number;
  readonly name: string;
  readonly subject?: string;
  readonly createRooms?: boolean;
}

interface RepairCommand extends SharedOptions {
  readonly room: string;
  readonly document: string;
  readonly s3?: S3Location;
  readonly apply?: boolean;
}

interface LinkCommand extends SharedOptions {
  readonly room: string;
  readonly role: Role;
  readonly label?: string;
  readonly expires?: number;
  readonly maxUses?: number;
  readonly publicUrl?: string;
}

const STOP_WITHIN_MS = 5_000;
const DEFAULT_ROOM_TTL = '1h';
const DEFAULT_ARCHIVE_AFTER_UPDATES = 10_000;
const DEFAULT_ARCHIVE_AFTER = '1d';

function reportProblem(error: unknown): void {
  const text =
    error instanceof LogFailure
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`tutti-relay: ${text}\n`);
}

function openDataFolder(path: string): DataFolder {
  const data = new DataFolder(path);
  if (data.warning !== undefined) process.stderr.write(`tutti-relay: ${data.warning}\n`);
  return data;
}

function roleOption(): Option {
  return new Option('--role <role>', 'what its bearer may do').choices(ROLES).default('editor');
}

function s3Option(): Option {
  return new Option('--s3 <url>', 's3://BUCKET/PREFIX?endpoint=…&region=…&path-style=true for snapshots and segments')
    .env('TUTTI_S3_URL')
    .argParser(parseS3Location);
}

async function runServe(options: ServeCommand): Promise<void> {
  const relay = await serve({
    data: openDataFolder(options.data),
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
    reportProblem,
  });
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

async function runToken(options: TokenCommand): Promise<void> {
  const data = openDataFolder(options.data);
  const authority = new TokenAuthority(await loadIdentity({ data, keyFile: options.key }), systemScheduler);
  const nowMs = systemScheduler.now();
  const expiresAtMs = nowMs + options.ttl;
  if (options.createRooms) {
    process.stdout.write(`${await authority.signOperatorToken(expiresAtMs)}\n`);
    return;
  }
  if (options.room === undefined)
    throw new OperatorError('Name a room with --room, or ask for an operator token with --create-rooms.');
  const { room, role, subject } = options;
  const name = cleanPersonName(options.name);
  if (name === undefined) throw new OperatorError('The name must have a visible character.');
  if (subject !== undefined && !/^[\w.@-]{1,128}$/.test(subject)) {
    throw new OperatorError('A subject has 1 to 128 letters, digits, and . _ @ -');
  }
  const storage = await openStorage({ data, postgresUrl: options.postgres, reportProblem });
  try {
    await storage.directory.createRoom({ tenant: DEFAULT_TENANT, room, name: '', createdAtMs: nowMs });
    const grant = { tenant: DEFAULT_TENANT, room, role, name, linkId: undefined, expiresAtMs };
    const signed = await authority.signRoomToken({ ...grant, subject: subject ?? `local-${crypto.randomUUID()}` });
    await storage.directory.recordToken(signed.grant, nowMs);
    process.stdout.write(`${signed.token}\n`);
  } finally {
    storage.dispose();
  }
}

async function runLinkCreate(options: LinkCommand): Promise<void> {
  const data = openDataFolder(options.data);
  const relayUrl = options.publicUrl ?? (await data.readAddress());
  if (relayUrl === undefined) {
    throw new OperatorError(
      `No relay serves ${data.path} now. Start it, or say with --public-url where people will reach it.`,
    );
  }
  const authority = new TokenAuthority(await loadIdentity({ data, keyFile: options.key }), systemScheduler);
  const storage = await openStorage({ data, postgresUrl: options.postgres, reportProblem });
  try {
    const { room, role, label, maxUses, expires: expiresInMs } = options;
    await storage.directory.createRoom({ tenant: DEFAULT_TENANT, room, name: '', createdAtMs: systemScheduler.now() });
    const links = new ShareLinks(storage.directory, authority, systemScheduler);
    const { secret } = await links.create({ tenant: DEFAULT_TENANT, room, role, label, maxUses, expiresInMs });
    process.stdout.write(`${formatShareLink({ relayUrl, room, secret })}\n`);
  } finally {
    storage.dispose();
  }
}

function publicUrlOption(): Option {
  return new Option('--public-url <url>', 'address under which people reach the relay')
    .env('TUTTI_PUBLIC_URL')
    .argParser(parsePublicUrl);
}

async function runRepairCommand(options: RepairCommand): Promise<void> {
  const data = openDataFolder(options.data);
  const opened = new DisposableStore();
  try {
    const storage = opened.add(await openStorage({ data, postgresUrl: options.postgres, reportProblem }));
    const { snapshots, segmentStore } = opened.add(await openObjects({ data, s3: options.s3 }));
    const { text, isUsable } = await runRepair({
      storage,
      snapshots,
      segmentStore,
      key: { tenant: DEFAULT_TENANT, room: options.room, document: options.document },
      isApplied: options.apply ?? false,
    });
    process.stdout.write(text);
    if (!isUsable) process.exitCode = 1;
  } finally {
    opened.dispose();
  }
}

/** Adds the options of everything that works on what a relay keeps. */
function withSharedOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--key <file>', 'key of the relay, when it is not to be kept in the data folder').env(
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

function createProgram(): Command {
  const program = new Command('tutti-relay').description('The relay server of Tutti.').showHelpAfterError();
  const dataOption = ['--data <folder>', 'where the relay keeps everything'] as const;
  withSharedOptions(program.command('serve'))
    .description('serve rooms until it is stopped')
    .requiredOption(...dataOption)
    .option('--port <port>', 'port to listen at; 0 for any free one', parsePort, 7455)
    .option('--host <host>', 'address to listen at', '127.0.0.1')
    .option('--static <folder>', 'the built browser client')
    .addOption(publicUrlOption())
    .addOption(
      new Option('--redis <url>', 'carries messages between the nodes').env('TUTTI_REDIS_URL').argParser(parseRedisUrl),
    )
    .addOption(s3Option())
    .option('--drain <duration>', 'how long goodbyes are spread when it is stopped', parseDuration, parseDuration('1s'))
    .addOption(archiveAfterUpdatesOption())
    .addOption(archiveAfterOption())
    .action(runServe);
  withSharedOptions(program.command('token'))
    .description('print a token for a room, making the room when needed')
    .requiredOption(...dataOption)
    .option('--room <room>', 'the room', parseRoom)
    .addOption(roleOption())
    .option(
      '--ttl <duration>',
      'how long it runs, such as 15m, 1h or 30d',
      parseDuration,
      parseDuration(DEFAULT_ROOM_TTL),
    )
    .option('--name <name>', 'name shown to others', 'Someone')
    .option('--subject <subject>', 'who it is for; the same subject is the same person')
    .option('--create-rooms', 'print an operator token, which may create rooms, instead')
    .action(runToken);
  withSharedOptions(program.command('link').description('share links').command('create'))
    .description('print a share link, making the room when needed')
    .requiredOption(...dataOption)
    .requiredOption('--room <room>', 'the room', parseRoom)
    .addOption(roleOption())
    .option('--label <label>', 'a note for yourself')
    .option('--expires <duration>', 'how long it can be used, such as 12h or 30d', parseDuration)
    .option('--max-uses <count>', 'how many people can join with it', parseCount)
    .addOption(publicUrlOption())
    .action(runLinkCreate);
  withSharedOptions(program.command('repair'))
    .description('check a document, and make one that is damaged usable again')
    .requiredOption(...dataOption)
    .requiredOption('--room <room>', 'the room', parseRoom)
    .requiredOption('--document <document>', 'the document, as the relay named it')
    .addOption(s3Option())
    .option('--apply', 'repair it; without this it is only checked')
    .action(runRepairCommand);
  return program;
}

setUnexpectedErrorHandler(reportProblem);
// What the relay keeps is for its owner alone.
process.umask(0o077);
try {
  await createProgram().parseAsync();
} catch (error) {
  const isExplained = error instanceof OperatorError || error instanceof IdentityError || error instanceof LogFailure;
  process.stderr.write(
    `tutti-relay: ${isExplained ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = 1;
}
