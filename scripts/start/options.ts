import { Command, InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';
import { parseShareLink } from '../../shared/access/index.ts';

/** What `npm start -- …` asks for. */
export interface StartOptions {
  /** Absolute path of the folder to open. */
  readonly folder: string | undefined;
  /** Share link of a room to join. */
  readonly joinLink: string | undefined;
  /** Absolute path of the folder to mirror that room to. */
  readonly mirrorFolder: string | undefined;
  /** Without a window: where folder and room differ, back up the folder's files and take the room's. */
  readonly takesRoomFiles: boolean;
  /** Base URL of a relay to use in place of the embedded one. */
  readonly relayUrl: string | undefined;
  /** Serve, but open no folder and no window. */
  readonly isRelayOnly: boolean;
  readonly isWindowless: boolean;
  /** Port of the embedded relay; undefined takes the usual one, or any when that is taken. */
  readonly port: number | undefined;
  /** Absolute path of the folder in which everything is kept. */
  readonly dataFolder: string | undefined;
}

/**
 * Reads the command line. Relative paths start at the folder in which npm was called.
 * @throws CommanderError, which carries its message and exit code, also for `--help`
 */
export function parseStartOptions(args: readonly string[], workingFolder: string): StartOptions {
  const command = new Command('npm start --')
    .description('Opens Tutti on a folder, with a relay of its own that others can join.')
    .argument('[folder]', 'folder to open and share; a share link is as the value of --join')
    .option('--join <link>', 'join the room of a share link')
    .option('--mirror <folder>', 'keep the files of the joined room in this folder, too')
    .option(
      '--take-room-files',
      "without a window: where the folder differs from the room, back up its files and take the room's",
    )
    .option('--relay <url>', 'use this relay instead of starting one')
    .option('--relay-only', 'start the relay and nothing else')
    .option('--no-window', 'share the folder without opening a window')
    .option('--port <number>', 'port of the relay', readPort)
    .option('--data <folder>', 'folder in which everything is kept')
    .exitOverride()
    .parse([...args], { from: 'user' });
  const options = command.opts<{
    join?: string;
    mirror?: string;
    takeRoomFiles?: boolean;
    relay?: string;
    relayOnly?: boolean;
    window: boolean;
    port?: number;
    data?: string;
  }>();
  const [given] = command.args;
  const isLink = given !== undefined && /^(?:tutti|https?):\/\//i.test(given);
  const folder = isLink ? undefined : given;
  const joinLink = options.join ?? (isLink ? given : undefined);
  if (options.relay !== undefined && options.relayOnly) command.error('--relay and --relay-only exclude each other');
  if (folder !== undefined && options.relayOnly) command.error('--relay-only opens no folder');
  if (joinLink !== undefined) {
    const parsed = parseShareLink(joinLink);
    if (!parsed.ok) command.error(`--join: ${parsed.explanation}`);
  }
  if (options.mirror !== undefined && joinLink === undefined)
    command.error('--mirror needs a room to join: --join LINK');
  if (options.takeRoomFiles && (options.window || (options.mirror === undefined && folder === undefined)))
    command.error('--take-room-files goes with --no-window and a folder; in a window you are asked');
  if (options.relay !== undefined && !/^https?:\/\/./.test(options.relay)) {
    command.error(`--relay needs an address such as https://tutti.example.org, not "${options.relay}"`);
  }
  return {
    folder: folder === undefined ? undefined : resolve(workingFolder, folder),
    joinLink,
    mirrorFolder: options.mirror === undefined ? undefined : resolve(workingFolder, options.mirror),
    takesRoomFiles: options.takeRoomFiles ?? false,
    relayUrl: options.relay?.replace(/\/+$/, ''),
    isRelayOnly: options.relayOnly ?? false,
    isWindowless: !options.window,
    port: options.port,
    dataFolder: options.data === undefined ? undefined : resolve(workingFolder, options.data),
  };
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('It is a number from 0 to 65535.');
  return port;
}
