import { type Command, Option } from 'commander';
import { DisposableStore, systemScheduler } from '../shared/lifecycle/index.ts';
import { tenantOption } from './access-commands.ts';
import { runBackup } from './backup-command.ts';
import { repairRoomBlobs } from './blobs/repair-blobs.ts';
import { type ObjectsAccess, openObjects, openStorage } from './backends.ts';
import { parseRoom, parseS3Location, type S3Location } from './config.ts';
import type { DataFolder } from './data-folder.ts';
import { takeOverObjects } from './log/objects-ownership.ts';
import type { RelayStorage } from './log/relay-storage.ts';
import { runRepair, runRoomRepair } from './repair-command.ts';

/** What the commands get from the program around them. */
export interface MaintenanceContext {
  /** Adds the option that names the data folder. */
  withDataOption(command: Command): Command;
  /** Adds the options that say where the relay keeps what it has. */
  withStorageOptions(command: Command): Command;
  openDataFolder(place: { readonly data: string; readonly postgres?: string }): DataFolder;
  reportProblem(error: unknown): void;
}

interface ObjectsCommand {
  readonly data: string;
  readonly postgres?: string;
  readonly s3?: S3Location;
}

interface RepairCommand extends ObjectsCommand {
  readonly tenant: string;
  readonly room: string;
  readonly document?: string;
  readonly apply?: boolean;
  readonly giveUpMissingObjects?: boolean;
}

/** Names the bucket. */
export function s3Option(): Option {
  return new Option(
    '--s3 <url>',
    's3://BUCKET/PREFIX?endpoint=…&region=…&path-style=true for snapshots, segments and file contents',
  )
    .env('TUTTI_S3_URL')
    .argParser(parseS3Location);
}

interface Opened extends ObjectsAccess {
  readonly storage: RelayStorage;
}

async function withObjects(
  { openDataFolder, reportProblem }: MaintenanceContext,
  { data: path, postgres, s3 }: ObjectsCommand,
  work: (opened: Opened) => Promise<void>,
): Promise<void> {
  const data = openDataFolder({ data: path, ...(postgres === undefined ? {} : { postgres }) });
  const owned = new DisposableStore();
  try {
    const storage = owned.add(await openStorage({ data, postgresUrl: postgres, reportProblem }));
    await work({ storage, ...owned.add(await openObjects({ data, postgresUrl: postgres, s3 })) });
  } finally {
    owned.dispose();
  }
}

async function repair(
  { storage, snapshots, segmentStore, blobParts, place }: Opened,
  options: RepairCommand,
): Promise<void> {
  const {
    tenant,
    room,
    document,
    apply: isApplied = false,
    giveUpMissingObjects: givesUpMissingObjects = false,
  } = options;
  const access = { storage, snapshots, segmentStore, place, isApplied, givesUpMissingObjects };
  if (document === undefined) {
    const write = (text: string) => process.stdout.write(text);
    const areUsable = await runRoomRepair(access, { tenant, room }, write);
    const blobs = { index: storage.blobs, parts: blobParts, nowMs: () => systemScheduler.now() };
    const areRead = await repairRoomBlobs({ ...access, ...blobs }, { tenant, room }, write);
    if (!areUsable || !areRead) process.exitCode = 1;
    return;
  }
  const { text, isUsable } = await runRepair(access, { tenant, room, document });
  process.stdout.write(text);
  if (!isUsable) process.exitCode = 1;
}

async function takeOver({ storage, mark, place }: Opened): Promise<void> {
  if (mark) await takeOverObjects({ claims: storage.objectsClaims, mark });
  process.stdout.write(
    mark
      ? `What is in ${place} belongs to this database now. Relays of another database no longer remove anything there.\n`
      : `What is in ${place} lies beside its database and belongs to it: there is nothing to take over.\n`,
  );
}

/** Adds the commands that check, mend, copy and move what a relay keeps. */
export function addMaintenanceCommands(program: Command, context: MaintenanceContext): void {
  const { withDataOption, withStorageOptions } = context;
  withStorageOptions(program.command('repair'))
    .description('check a document, or all of a room, and make what is damaged usable again')
    .requiredOption('--room <room>', 'the room', parseRoom)
    .addOption(tenantOption())
    .option('--document <document>', 'the document, as the relay named it; all of the room when it is left out')
    .addOption(s3Option())
    .option('--apply', 'repair it; without this it is only checked')
    .option(
      '--give-up-missing-objects',
      'go on when nothing that the database names is in the bucket or folder: it counts as lost for good',
    )
    .action((options: RepairCommand) => withObjects(context, options, (opened) => repair(opened, options)));
  withDataOption(program.command('backup'))
    .description('copy everything that the data folder holds to a new folder, beside the running relay')
    .requiredOption('--to <folder>', 'folder that does not exist yet')
    .action(async ({ data, to }: { readonly data: string; readonly to: string }) => {
      const { text, warning } = await runBackup(context.openDataFolder({ data }), to);
      process.stdout.write(text);
      if (warning !== undefined) process.stderr.write(`tutti-relay: ${warning}\n`);
    });
  withStorageOptions(program.command('take-over-objects'))
    .description('let this database remove objects that belonged to another one, whose place it takes')
    .addOption(s3Option())
    .action((options: ObjectsCommand) => withObjects(context, options, takeOver));
}
