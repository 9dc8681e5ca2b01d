import { Command, Option } from 'commander';
import { ROLES, type Role, formatShareLink } from '../shared/access/index.ts';
import { setUnexpectedErrorHandler, systemScheduler } from '../shared/lifecycle/index.ts';
import { loadRelayIdentity, IdentityError } from './access/relay-identity.ts';
import { cleanPersonName } from './access/person-name.ts';
import { ShareLinks } from './access/share-links.ts';
import { DEFAULT_TENANT, TokenAuthority } from './access/token-authority.ts';
import { parseCount, parseDuration, parsePort, parsePublicUrl, parseRoom } from './config.ts';
import { DataFolder, OperatorError } from './data-folder.ts';
import { LogFailure } from './log/log-failure.ts';
import { serve } from './serve.ts';

interface ServeCommand {
  readonly port: number;
  readonly data: string;
  readonly host: string;
  readonly static?: string;
  readonly publicUrl?: string;
}

interface TokenCommand {
  readonly data: string;
  readonly room?: string;
  readonly role: Role;
  readonly ttl: number;
  readonly name: string;
  readonly subject?: string;
  readonly createRooms?: boolean;
}

interface LinkCommand {
  readonly data: string;
  readonly room: string;
  readonly role: Role;
  readonly label?: string;
  readonly expires?: number;
  readonly maxUses?: number;
  readonly publicUrl?: string;
}

const STOP_WITHIN_MS = 5_000;
const DEFAULT_ROOM_TTL = '1h';

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

async function runServe(options: ServeCommand): Promise<void> {
  const relay = await serve({
    data: openDataFolder(options.data),
    host: options.host,
    port: options.port,
    staticFolder: options.static,
    publicUrl: options.publicUrl,
    reportProblem,
  });
  process.stdout.write(`tutti-relay listening on ${relay.url}\n`);
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    // Whatever hangs, the process ends in time: what was acked is on the disk.
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
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
  const authority = new TokenAuthority(await loadRelayIdentity(data.path), systemScheduler);
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
  const storage = data.openStorage({ isChecked: false });
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
  const authority = new TokenAuthority(await loadRelayIdentity(data.path), systemScheduler);
  const storage = data.openStorage({ isChecked: false });
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

function createProgram(): Command {
  const program = new Command('tutti-relay').description('The relay server of Tutti.').showHelpAfterError();
  const dataOption = ['--data <folder>', 'where the relay keeps everything'] as const;
  program
    .command('serve')
    .description('serve rooms until it is stopped')
    .requiredOption(...dataOption)
    .option('--port <port>', 'port to listen at; 0 for any free one', parsePort, 7455)
    .option('--host <host>', 'address to listen at', '127.0.0.1')
    .option('--static <folder>', 'the built browser client')
    .option('--public-url <url>', 'address under which people reach the relay', parsePublicUrl)
    .action(runServe);
  program
    .command('token')
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
  program
    .command('link')
    .description('share links')
    .command('create')
    .description('print a share link, making the room when needed')
    .requiredOption(...dataOption)
    .requiredOption('--room <room>', 'the room', parseRoom)
    .addOption(roleOption())
    .option('--label <label>', 'a note for yourself')
    .option('--expires <duration>', 'how long it can be used, such as 12h or 30d', parseDuration)
    .option('--max-uses <count>', 'how many people can join with it', parseCount)
    .option('--public-url <url>', 'address under which people reach the relay', parsePublicUrl)
    .action(runLinkCreate);
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
