import { parseArgs } from 'node:util';
import { PEER_NAMES } from './peers/peer.ts';

export interface BenchOptions {
  /** Names of works; empty: all. */
  readonly only: readonly string[];
  /** Names of servers; empty: all. The table is kept only when all are measured. */
  readonly peers: readonly string[];
  readonly isQuick: boolean;
  /** Overrides how often each work is done. */
  readonly rounds: number | undefined;
  /** Where CPU profiles of the Tutti relay go. */
  readonly profile: string | undefined;
}

export const USAGE =
  'usage: npm run bench -- relay [--only WORK[,WORK…]] [--peers SERVER[,SERVER…]] [--quick] [--rounds COUNT] [--profile FOLDER]';

/** Throws a `TypeError` with words for people. */
export function parseOptions(args: readonly string[], names: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      peers: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const only = (values.only ?? []).flatMap((list) => list.split(','));
  const peers = (values.peers ?? []).flatMap((list) => list.split(','));
  const unknownPeer = peers.find((name) => !PEER_NAMES.some((known) => known === name));
  if (unknownPeer !== undefined)
    throw new TypeError(`There is no server "${unknownPeer}". The servers are: ${PEER_NAMES.join(', ')}.`);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new TypeError(`There is no work "${unknown}". The works are: ${names.join(', ')}.`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1 && rounds <= 50)) {
    throw new TypeError('Give 1 to 50 rounds.');
  }
  return { only, peers, isQuick: values.quick, rounds, profile: values.profile };
}
