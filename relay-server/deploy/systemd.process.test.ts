import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parseDuration, parseNetworks, parsePublicUrl } from '../config.ts';
import { readRelayOptions, STOP_WITHIN_SECONDS } from '../testing/relay-options.ts';

const unit = readFileSync(fileURLToPath(new URL('systemd/tutti-relay.service', import.meta.url)), 'utf8');

function settingOf(name: string): string {
  const found = new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];
  if (found === undefined) throw new Error(`The unit has no ${name}.`);
  return found;
}

it('the systemd unit starts the relay with options that it has, and gives it the time that it needs to end', async () => {
  const [node, ...args] = settingOf('ExecStart').split(' ');
  expect([node, ...args.slice(0, 2)]).toEqual(['/opt/tutti/node_modules/.bin/node', 'relay-server/main.ts', 'serve']);
  const { options, defaultOf } = await readRelayOptions();
  for (const flag of args.filter((arg) => arg.startsWith('--'))) expect(options).toContain(flag);
  expect(() => parsePublicUrl(args[args.indexOf('--public-url') + 1] ?? '')).not.toThrow();
  expect(() => parseNetworks(args[args.indexOf('--trusted-proxies') + 1] ?? '')).not.toThrow();
  expect(args[args.indexOf('--data') + 1]).toBe(`/var/lib/${settingOf('StateDirectory')}`);
  const drainMs = parseDuration(defaultOf('--drain'));
  expect(Number(settingOf('TimeoutStopSec')) * 1_000).toBeGreaterThan(drainMs + STOP_WITHIN_SECONDS * 1_000);
});
