/** How the app was started. */
export interface LaunchRequest {
  /** Folder to open, as given. */
  readonly folder: string | undefined;
  /** Share link to join. */
  readonly joinLink: string | undefined;
  /** Folder to mirror the room of the link to, as given. */
  readonly mirrorFolder: string | undefined;
  /** Relay for new rooms. */
  readonly relayUrl: string | undefined;
}

const VALUE_OPTIONS = ['--join', '--mirror', '--relay'] as const;
const MAX_ARGUMENTS = 1_000;

/** What follows the executable and, when the app is not packaged, its own path, which is the first that is no switch. */
export function ownArguments(argv: readonly string[], isPackaged: boolean): readonly string[] {
  const given = argv.slice(1);
  const appPath = isPackaged ? -1 : given.findIndex((argument) => !argument.startsWith('-'));
  return given.filter((_argument, position) => position !== appPath);
}

/**
 * Reads the app's own arguments. Chromium's and Electron's switches are passed over. A `tutti://` address and one of a
 * web page count as `--join`: neither is ever a folder. `argv` is as {@link ownArguments} gives it.
 */
export function parseLaunchArguments(argv: readonly string[]): LaunchRequest {
  const values = new Map<string, string>();
  const plain: string[] = [];
  let link: string | undefined;
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    const option = VALUE_OPTIONS.find((name) => argument === name || argument.startsWith(`${name}=`));
    const next = argv[index + 1];
    if (option !== undefined && argument !== option) {
      values.set(option, argument.slice(option.length + 1));
    } else if (option !== undefined) {
      // A switch is no value: the option stands there without one.
      if (next === undefined || next.startsWith('-')) continue;
      values.set(option, next);
      index++;
    } else if (/^(?:tutti|https?):\/\//i.test(argument)) {
      link = argument;
    } else if (!argument.startsWith('-') && argument !== '') {
      plain.push(argument);
    }
  }
  return {
    folder: plain[0],
    joinLink: link ?? values.get('--join'),
    mirrorFolder: values.get('--mirror'),
    relayUrl: values.get('--relay'),
  };
}

/**
 * What a second start of the app hands over to the first: its arguments as they were given. What Electron itself passes
 * on has the switches before everything else, and so apart from their values.
 */
export interface SecondStart {
  readonly argv: readonly string[];
}

/** Reads what came from another process; undefined when it is no {@link SecondStart}. */
export function readSecondStart(data: unknown): SecondStart | undefined {
  const argv: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'argv') : undefined;
  if (!Array.isArray(argv) || argv.length > MAX_ARGUMENTS) return undefined;
  const texts: readonly unknown[] = argv;
  return texts.every((text) => typeof text === 'string') ? { argv: texts } : undefined;
}
