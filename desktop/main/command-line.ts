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

/**
 * Reads the app's own arguments. Chromium's and Electron's switches are passed over, a `tutti://` address counts as
 * `--join`. `argv` starts after the executable and the app's path.
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
