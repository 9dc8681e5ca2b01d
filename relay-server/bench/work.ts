import type { PeerName } from './peers/peer.ts';
import type { Stage, Usage } from './stage.ts';

/** What one round on one server gave, by the key of the figure. Figures that a server does not have are left out. */
export type Figures = Readonly<Record<string, number>>;

/**
 * What a figure is meant to be. `ratio`: at most so many times that of the best peer. `value`: at most this.
 */
export type Aim = { readonly kind: 'ratio' | 'value'; readonly atMost: number };

export interface FigureDefinition {
  readonly key: string;
  readonly label: string;
  /** Empty for plain numbers. */
  readonly unit: string;
  readonly aim?: Aim;
  /**
   * Of a figure that is measured at several sizes: heads its column in the work's table of growth. Those of a row have
   * the same label.
   */
  readonly size?: string;
}

/** One row of the comparison. */
export interface Work {
  readonly name: string;
  readonly title: string;
  readonly rounds: number;
  /** Undefined: all. */
  readonly peers?: readonly PeerName[];
  /** In the order in which they are shown. Their keys are their own, also at several sizes: `KEY@SIZE`. */
  readonly figures: readonly FigureDefinition[];
  run(stage: Stage): Promise<Figures>;
}

export const GENERATOR_FIGURE: FigureDefinition = { key: 'generatorLoad', label: 'load of the generator', unit: '' };

/** How busy the generator was: 1 is one core. */
export function generatorLoad({ generatorCpuMs, wallMs }: Usage): Figures {
  return { generatorLoad: generatorCpuMs / wallMs };
}
