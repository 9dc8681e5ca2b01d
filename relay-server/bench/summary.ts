import type { PeerName } from './peers/peer.ts';
import { median } from './statistics.ts';
import type { FigureDefinition, Figures, Work } from './work.ts';

/** What one work gave, round by round. */
export interface WorkResult {
  readonly work: Work;
  readonly rounds: readonly Partial<Record<PeerName, Figures>>[];
}

export interface FigureSummary {
  readonly figure: FigureDefinition;
  /** Medians over the rounds; a server without the figure has none. */
  readonly medians: Readonly<Partial<Record<PeerName, number>>>;
  /** The peer that does best. */
  readonly best: PeerName | undefined;
  /** Tutti's figure against that of the best peer: the median of the rounds' ratios. */
  readonly ratio: number | undefined;
  /** Undefined when there is no aim or nothing to compare with. */
  readonly isMet: boolean | undefined;
}

const PEERS = ['hocuspocus', 'y-websocket'] as const;

/** Sums up one figure over all rounds. Lower is better for all figures. */
export function summarise({ rounds }: WorkResult, figure: FigureDefinition): FigureSummary {
  const valuesOf = (peer: PeerName) =>
    rounds.flatMap((round) => {
      const value = round[peer]?.[figure.key];
      return value === undefined ? [] : [value];
    });
  const medians: Partial<Record<PeerName, number>> = {};
  for (const peer of ['tutti', ...PEERS] as const) {
    const values = valuesOf(peer);
    if (values.length > 0) medians[peer] = median(values);
  }
  const compared = PEERS.flatMap((peer) => {
    const ratios = rounds.flatMap((round) => {
      const [own, other] = [round.tutti?.[figure.key], round[peer]?.[figure.key]];
      return own === undefined || other === undefined || other === 0 ? [] : [own / other];
    });
    return ratios.length > 0 ? [{ peer, ratio: median(ratios) }] : [];
  });
  // Against the best peer the ratio is highest.
  const [hardest] = compared.toSorted((a, b) => b.ratio - a.ratio);
  return { figure, medians, best: hardest?.peer, ratio: hardest?.ratio, isMet: judge(figure, medians, hardest?.ratio) };
}

function judge(
  { aim }: FigureDefinition,
  { tutti }: Partial<Record<PeerName, number>>,
  ratio: number | undefined,
): boolean | undefined {
  if (!aim) return undefined;
  const judged = aim.kind === 'ratio' ? ratio : tutti;
  return judged === undefined ? undefined : judged <= aim.atMost;
}
