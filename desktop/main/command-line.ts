/** How the app was started. */
export interface LaunchRequest {
  /** Folder to open, as given. */
  readonly folder: string | undefined;
  /** Share link to join. */
  readonly joinLink: string | undefined;
  /** Relay for new rooms. */
  readonly relayUrl: string | undefined;
}

const VALUE_OPTIONS = ['--join', '--relay'] as const;

/** What follows the executable and, when the app is not packaged, its own path, which is the first that is no switch. */
export function ownArguments(argv: readonly string[], isPackaged: boolean): readonly string[] {
  const given = argv.slice(1);
  const appPath = isPackaged ? -1 : given.findIndex((argument) => !argument.startsWith('-'));
  return given.filter((_argument, position) => position !== appPath);
}

/**
 * Reads the app's own arguments. Chromium's and Electron's switches are passed over, a `tutti://` address counts as
 * `--join`. `argv` is as {@link ownArguments} gives it.
 */
export function parseLaunchArguments(argv: readonly string[]): LaunchRequest {
  const values = new Map<string, string>();
  let folder: string | undefined;
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    const option = VALUE_OPTIONS.find((name) => argument === name || argument.startsWith(`${name}=`));
    if (option !== undefined) {
      const value = argument === option ? argv[++index] : argument.slice(option.length + 1);
      if (value !== undefined) values.set(option, value);
    } else if (/^tutti:\/\//i.test(argument)) {
      values.set('--join', argument);
    } else if (!argument.startsWith('-') && argument !== '' && folder === undefined) {
      folder = argument;
    }
  }
  return { folder, joinLink: values.get('--join'), relayUrl: values.get('--relay') };
}
