import { type Command, InvalidArgumentError, Option } from 'commander';
import { checkPathPatterns, formatShareLink, ROLES, type Role } from '../shared/access/index.ts';
import { systemScheduler } from '../shared/lifecycle/index.ts';
import { OPERATOR, type Revocation, RoomManager } from './access/room-manager.ts';
import { rotateRelayKey } from './access/relay-identity.ts';
import { ShareLinks } from './access/share-links.ts';
import { DEFAULT_TENANT, TokenAuthority } from './access/token-authority.ts';
import { parseCount, parseDuration, parsePublicUrl, parseRoom, parseTenant } from './config.ts';
import { type DataFolder, OperatorError } from './data-folder.ts';
import { describeClosing } from './log/access-consequences.ts';
import type { AccessKey, ListedLink } from './log/access-directory.ts';
import type { RelayStorage } from './log/relay-storage.ts';
import type { RelayIdentity } from './access/relay-identity.ts';

/** What the commands get from the program around them. */
export interface AccessCommandsContext {
  /** Adds the options that say where the relay keeps what it has. */
  withStorageOptions(command: Command): Command;
  /** Opens what they name for the time of `work`. */
  withStorage<T>(options: StorageOptions, work: (opened: OpenedRelay) => Promise<T>): Promise<T>;
  /** File of the relay's key. */
  keyFile(options: StorageOptions): string;
}

export interface StorageOptions {
  readonly data: string;
  readonly key?: string;
  readonly postgres?: string;
}

export interface OpenedRelay {
  readonly data: DataFolder;
  readonly storage: RelayStorage;
  readonly identity: RelayIdentity;
}

interface RoomOptions extends StorageOptions {
  readonly tenant: string;
  readonly room: string;
}

interface LinkCreateOptions extends RoomOptions {
  readonly role: Role;
  readonly label?: string;
  readonly expires?: number;
  readonly maxUses?: number;
  readonly approval?: boolean;
  readonly paths?: readonly string[];
  readonly publicUrl?: string;
}

interface RevokeOptions extends RoomOptions {
  readonly subject?: string;
  readonly link?: string;
  readonly session?: string;
  readonly all?: boolean;
}

const AUDIT_PAGE = 1_000;
/** By then every node of a relay has read the new key. */
const ROTATION_DELAY = '2m';
const MIN_ROTATION_DELAY_MS = 5_000;
const ROTATION_OVERLAP = '30d';

/** Of which organisation a room is, on a relay of several. */
export function tenantOption(): Option {
  return new Option('--tenant <tenant>', 'of which the room is').argParser(parseTenant).default(DEFAULT_TENANT);
}

/** Adds `link`, `revoke`, `audit` and `keys`. They work beside running relays, which follow within a second. */
export function addAccessCommands(program: Command, context: AccessCommandsContext): void {
  addLinkCommands(program, context);
  addRevokeCommand(program, context);
  addAuditCommand(program, context);
  addKeyCommands(program, context);
}

function addLinkCommands(program: Command, context: AccessCommandsContext): void {
  const links = program.command('link').description('share links');
  context
    .withStorageOptions(links.command('create'))
    .description('print a share link, making the room when needed')
    .requiredOption('--room <room>', 'the room', parseRoom)
    .addOption(tenantOption())
    .addOption(new Option('--role <role>', 'what its bearers may do').choices(ROLES).default('editor'))
    .option('--label <label>', 'a note for yourself')
    .option(
      '--expires <duration>',
      'how long people can come in by it, such as 12h or 30d; who is in by then may stay',
      parseDuration,
    )
    .option('--max-uses <count>', 'how many people can come in by it; who did may come again', parseCount)
    .option('--approval', 'an owner has to let in everybody who comes by it')
    .option('--paths <patterns...>', 'what it is for, such as "src/**"; everything without it')
    .addOption(
      new Option('--public-url <url>', 'address under which people reach the relay')
        .env('TUTTI_PUBLIC_URL')
        .argParser(parsePublicUrl),
    )
    .action((options: LinkCreateOptions) => context.withStorage(options, (opened) => createLink(opened, options)));
  context
    .withStorageOptions(links.command('list'))
    .description('list the share links of a room')
    .requiredOption('--room <room>', 'the room', parseRoom)
    .addOption(tenantOption())
    .option('--json', 'print a JSON object for each')
    .action((options: RoomOptions & { readonly json?: boolean }) =>
      context.withStorage(options, (opened) => listLinks(opened, options)),
    );
  context
    .withStorageOptions(links.command('revoke'))
    .description('take a share link back, and everybody who came by it')
    .argument('<link>', 'its id, as `link list` shows it')
    .requiredOption('--room <room>', 'the room', parseRoom)
    .addOption(tenantOption())
    .action((link: string, options: RoomOptions) =>
      context.withStorage(options, (opened) => revoke(opened, { ...options, link })),
    );
}

function addRevokeCommand(program: Command, context: AccessCommandsContext): void {
  context
    .withStorageOptions(program.command('revoke'))
    .description('take access back; open connections end within a second or so')
    .requiredOption('--room <room>', 'the room', parseRoom)
    .addOption(tenantOption())
    .option('--subject <subject>', 'of one person, and close the link that they came by to others')
    .option('--link <link>', 'of everybody who came by a link')
    .option('--session <id>', 'of one session of a person')
    .option('--all', 'of everybody but owners')
    .action((options: RevokeOptions) => context.withStorage(options, (opened) => revoke(opened, options)));
}

function addAuditCommand(program: Command, context: AccessCommandsContext): void {
  context
    .withStorageOptions(program.command('audit'))
    .description('print what happened to the access of a room, oldest first')
    .requiredOption('--room <room>', 'the room', parseRoom)
    .addOption(tenantOption())
    .option('--json', 'print a JSON object for each')
    .action((options: RoomOptions & { readonly json?: boolean }) =>
      context.withStorage(options, (opened) => printAudit(opened, options)),
    );
}

function parseRotationDelay(value: string): number {
  const delayMs = parseDuration(value);
  if (delayMs < MIN_ROTATION_DELAY_MS)
    throw new InvalidArgumentError(
      'Relays take up to 2 s to read the new key, and it has to reach all of them: give at least 5s.',
    );
  return delayMs;
}

function addKeyCommands(program: Command, context: AccessCommandsContext): void {
  context
    .withStorageOptions(program.command('keys').description('keys of the relay').command('rotate'))
    .description('let the relay sign with a new key; what the old one signed counts for some time more')
    .addOption(
      new Option('--delay <duration>', 'when the new key begins to sign')
        .argParser(parseRotationDelay)
        .default(parseDuration(ROTATION_DELAY), ROTATION_DELAY),
    )
    .addOption(
      new Option('--overlap <duration>', 'how long the old one counts after it')
        .argParser(parseDuration)
        .default(parseDuration(ROTATION_OVERLAP), ROTATION_OVERLAP),
    )
    .action((options: StorageOptions & { readonly delay: number; readonly overlap: number }) =>
      rotateKey(context.keyFile(options), options),
    );
}

function openManager({ storage, identity }: OpenedRelay): RoomManager {
  const { directory, access } = storage;
  const authority = new TokenAuthority(identity, systemScheduler);
  const shareLinks = new ShareLinks({ directory, access, authority, scheduler: systemScheduler });
  return new RoomManager({ access, shareLinks, scheduler: systemScheduler });
}

async function createLink(opened: OpenedRelay, options: LinkCreateOptions): Promise<void> {
  const { tenant, room, role, label, maxUses, expires: expiresInMs, approval: needsApproval = false, paths } = options;
  const wrong = paths && checkPathPatterns(paths);
  if (wrong !== undefined) throw new OperatorError(`--paths ${wrong}.`);
  if (paths && role === 'owner') throw new OperatorError('Owners see everything: --paths is for other roles.');
  const relayUrl = options.publicUrl ?? (await opened.data.readAddress());
  if (relayUrl === undefined) {
    throw new OperatorError(
      `No relay serves ${opened.data.path} now. Start it, or say with --public-url where people will reach it.`,
    );
  }
  const key = { tenant, room };
  await opened.storage.directory.createRoom({ ...key, name: '', createdAtMs: systemScheduler.now() });
  const link = { ...key, role, label, maxUses, expiresInMs, needsApproval, paths };
  const { secret } = await openManager(opened).createLink(OPERATOR, link);
  print(formatShareLink({ relayUrl, room, secret }));
}

async function listLinks(
  { storage }: OpenedRelay,
  { tenant, room, json = false }: RoomOptions & { readonly json?: boolean },
): Promise<void> {
  const key = { tenant, room };
  await requireRoom(storage, key);
  for (const link of await storage.access.listLinks(key)) {
    print(json ? JSON.stringify(link) : describeLink(link));
  }
}

function describeLink({ linkId, role, label, uses, maxUses, needsApproval, paths, ...times }: ListedLink): string {
  const { expiresAtMs, closedAtMs, closedReason, revokedAtMs } = times;
  const why = closedReason === undefined ? '' : `: ${describeClosing(closedReason)}`;
  const at = (timeMs: number) => new Date(timeMs).toISOString();
  const isExpired = expiresAtMs !== undefined && expiresAtMs <= systemScheduler.now();
  return [
    linkId,
    role,
    `used ${uses}${maxUses === undefined ? '' : ` of ${maxUses}`}`,
    ...(revokedAtMs === undefined ? [] : [`revoked ${at(revokedAtMs)}`]),
    ...(closedAtMs === undefined ? [] : [`closed ${at(closedAtMs)}${why}`]),
    ...(expiresAtMs === undefined ? [] : [`${isExpired ? 'expired' : 'expires'} ${at(expiresAtMs)}`]),
    ...(needsApproval ? ['with approval'] : []),
    ...(paths ? [`for ${paths.join(' ')}`] : []),
    ...(label === '' ? [] : [label]),
  ].join('\t');
}

async function revoke(opened: OpenedRelay, options: RevokeOptions): Promise<void> {
  const { tenant, room, subject, link: linkId, session: lineageId, all = false } = options;
  const wanted: Revocation[] = [
    ...(subject === undefined ? [] : [{ kind: 'subject', subject } as const]),
    ...(linkId === undefined ? [] : [{ kind: 'link', linkId } as const]),
    ...(lineageId === undefined ? [] : [{ kind: 'session', lineageId } as const]),
    ...(all ? [{ kind: 'all' } as const] : []),
  ];
  const [only] = wanted;
  if (!only || wanted.length > 1)
    throw new OperatorError('Say whose access to take back: one of --subject, --link, --session and --all.');
  const key = { tenant, room };
  await requireRoom(opened.storage, key);
  const manager = openManager(opened);
  // A subject may be taken out before they ever come.
  if (only.kind !== 'subject' && !(await manager.knows(key, only)))
    throw new OperatorError(describeUnknown(room, only));
  await manager.revoke(key, OPERATOR, only);
}

function describeUnknown(room: string, what: Revocation): string {
  if (what.kind === 'link') return `The room ${room} has no link ${what.linkId}. \`link list\` shows them.`;
  return `The room ${room} has no such session. \`audit\` shows those who joined.`;
}

async function printAudit(
  { storage }: OpenedRelay,
  { tenant, room, json = false }: RoomOptions & { readonly json?: boolean },
): Promise<void> {
  const key = { tenant, room };
  await requireRoom(storage, key);
  const pages = [];
  let beforeSeq: number | undefined;
  for (;;) {
    const page = await storage.access.listAudit(key, {
      ...(beforeSeq === undefined ? {} : { beforeSeq }),
      limit: AUDIT_PAGE,
    });
    pages.push(page);
    if (page.length < AUDIT_PAGE) break;
    beforeSeq = page.at(-1)?.seq;
  }
  for (const event of pages.flat().reverse()) {
    const { atMs, kind, actor, actorName, target, detail } = event;
    print(
      json
        ? JSON.stringify(event)
        : [new Date(atMs).toISOString(), kind, actorName || actor, target, detail].join('\t'),
    );
  }
}

async function rotateKey(
  path: string,
  { delay: delayMs, overlap: overlapMs }: { readonly delay: number; readonly overlap: number },
): Promise<void> {
  const { keys } = await rotateRelayKey(path, { nowMs: systemScheduler.now(), delayMs, overlapMs });
  for (const { keyId, activeFromMs, verifiesUntilMs } of keys) {
    const until = verifiesUntilMs === Infinity ? '' : `\tcounts until ${new Date(verifiesUntilMs).toISOString()}`;
    print(`${keyId}\tsigns from ${new Date(activeFromMs).toISOString()}${until}`);
  }
}

async function requireRoom({ directory }: RelayStorage, { tenant, room }: AccessKey): Promise<void> {
  if (!(await directory.findRoom(tenant, room)))
    throw new OperatorError(`The room ${room} does not exist on this relay.`);
}

// What people have chosen must not write lines of its own, nor drive the terminal.
function print(line: string): void {
  process.stdout.write(
    `${line.replace(/[\p{Cc}\p{Cf}]/gu, (character) => (character === '\t' ? character : '\ufffd'))}\n`,
  );
}
