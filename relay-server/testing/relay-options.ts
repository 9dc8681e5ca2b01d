import { runCli } from './relay-process.ts';

/** What the relay's own help says of `serve`. */
export interface RelayOptions {
  /** Such as `--port`. */
  readonly options: ReadonlySet<string>;
  readonly environment: ReadonlySet<string>;
  /** The default of an option, as the help shows it. */
  defaultOf(option: string): string;
}

export async function readRelayOptions(): Promise<RelayOptions> {
  const { code, stdout, stderr } = await runCli('serve', '--help');
  if (code !== 0) throw new Error(`no help: ${stderr}`);
  const help = stdout.slice(stdout.indexOf('Options:')).replace(/\s+/g, ' ');
  const entries = help.split(/ (?=--[a-z])/).slice(1);
  const defaults = new Map(
    entries.map((entry) => [/^--[a-z-]+/.exec(entry)?.[0] ?? '', /\(default: "?([^",)]+)/.exec(entry)?.[1]]),
  );
  return {
    options: new Set(defaults.keys()),
    environment: new Set([...help.matchAll(/env: ([A-Z][A-Z0-9_]*)/g)].map(([, name = '']) => name)),
    defaultOf(option) {
      const found = defaults.get(option);
      if (found === undefined) throw new Error(`The option ${option} has no default.`);
      return found;
    },
  };
}

/** How long the relay takes to end after SIGTERM at most, beyond `--drain`; it says so in its README. */
export const STOP_WITHIN_SECONDS = 5;
