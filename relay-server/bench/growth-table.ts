import { PEER_NAMES, type PeerName } from './peers/peer.ts';
import { withUnit } from './statistics.ts';
import type { FigureSummary } from './summary.ts';
import type { Work } from './work.ts';

/** Begins the line over a table; the work's title follows. */
export const GROWTH_HEADING = '### ';

const TITLES: Readonly<Record<PeerName, string>> = {
  tutti: 'Tutti',
  hocuspocus: 'Hocuspocus',
  'y-websocket': 'y-websocket',
};

/** A work's figures at several sizes, a column for each size, under a heading. No lines when it has none. */
export function growthTable(work: Work, figures: readonly FigureSummary[], date: string): readonly string[] {
  const sized = figures.filter(({ figure }) => figure.size !== undefined);
  if (sized.length === 0) return [];
  const sizes = [...new Set(sized.map(({ figure }) => figure.size ?? ''))];
  const rows = Map.groupBy(sized, ({ figure }) => figure.label);
  const peers = work.peers ?? PEER_NAMES;
  const lines = [...rows].flatMap(([label, row]) =>
    peers.map((peer) => {
      const values = sizes.map((size) => {
        const found = row.find(({ figure }) => figure.size === size);
        return withUnit(found?.medians[peer], found?.figure.unit ?? '');
      });
      return toLine([label, TITLES[peer], ...values, date]);
    }),
  );
  const head = toLine(['figure', 'server', ...sizes, 'date']);
  const alignment = toLine(['---', '---', ...sizes.map(() => '---:'), '---']);
  return [`${GROWTH_HEADING}${work.title}`, '', head, alignment, ...lines, ''];
}

function toLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
