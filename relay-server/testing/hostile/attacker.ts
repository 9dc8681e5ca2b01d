import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { loadRelayIdentity } from '../../access/relay-identity.ts';
import { Attack, type Outcomes } from './attack.ts';
import { HostileTokens } from './hostile-tokens.ts';

/** What the process is given as JSON, in its only argument. */
export interface AttackerOptions {
  readonly url: string;
  readonly room: string;
  readonly secret: string;
  readonly tokens: readonly string[];
  /** Data folder of the relay, for its key. */
  readonly data: string;
  readonly seed: number;
  /** How much is sent in all. */
  readonly operations: number;
}

/** What it prints, a line each. */
export interface AttackerReport {
  readonly sent: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

const LANES = 12;
const REPORT_EVERY = 500;

async function attack({ seed, operations, data, ...target }: AttackerOptions): Promise<void> {
  const identity = await loadRelayIdentity(data);
  const [valid = ''] = target.tokens;
  const attacks = Array.from({ length: LANES }, (_unused, lane) => {
    const random = createSeededRandom(seed * 1_000 + lane);
    return new Attack({ ...target, random, hostileTokens: new HostileTokens(identity, valid, random) });
  });
  let nextReport = REPORT_EVERY;
  const lanes = attacks.map(async (lane) => {
    while (lane.sent < operations / LANES) {
      await lane.step();
      if (countSent(attacks) < nextReport) continue;
      nextReport = countSent(attacks) + REPORT_EVERY;
      report(attacks);
    }
  });
  await Promise.all(lanes);
  report(attacks);
}

function countSent(attacks: readonly Attack[]): number {
  return attacks.reduce((sum, { sent }) => sum + sent, 0);
}

function report(attacks: readonly Attack[]): void {
  const outcomes: Outcomes = new Map();
  for (const attack of attacks)
    for (const [name, count] of attack.outcomes) outcomes.set(name, (outcomes.get(name) ?? 0) + count);
  const line: AttackerReport = { sent: countSent(attacks), outcomes: Object.fromEntries(outcomes) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

await attack(JSON.parse(process.argv[2] ?? '{}') as AttackerOptions);
process.exit(0);
