import { readFile, writeFile } from 'node:fs/promises';
import { GROWTH_HEADING, growthTable } from './growth-table.ts';
import { rounded, withUnit } from './statistics.ts';
import type { FigureSummary } from './summary.ts';
import type { Work } from './work.ts';

export interface SummarisedWork {
  readonly work: Work;
  readonly figures: readonly FigureSummary[];
}

const BEGIN = '<!-- figures: written by the bench -->';
const END = '<!-- end of the figures -->';
const HEAD = [
  '| work | figure | Tutti | Hocuspocus | y-websocket | against the best peer | aim | met | date |',
  '| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |',
];

/** The lines of works by their titles: those in the table of all, and each work's table of growth. */
interface Tables {
  readonly compared: Map<string, readonly string[]>;
  readonly growth: Map<string, readonly string[]>;
}

/**
 * Writes the figures into the file, between its markers: a table of all works, then a table of growth for each work that
 * measures at several sizes. Works that were not done keep their lines when those are of the same machine; `order` has
 * the titles of all works.
 */
export async function writeTable(
  path: string,
  works: readonly SummarisedWork[],
  { machine, date, order }: { readonly machine: string; readonly date: string; readonly order: readonly string[] },
): Promise<void> {
  const text = await readFile(path, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} lacks the markers ${BEGIN} and ${END}`);
  const previous = text.slice(begin + BEGIN.length, end);
  const { compared, growth } = readTables(previous.includes(machine) ? previous : '');
  for (const { work, figures } of works) {
    const plain = figures.filter(({ figure }) => figure.size === undefined);
    compared.set(
      work.title,
      plain.map((figure) => toLine(work, figure, date)),
    );
    growth.set(work.title, growthTable(work, figures, date));
  }
  const compareLines = order.flatMap((title) => compared.get(title) ?? []);
  const growthLines = order.flatMap((title) => growth.get(title) ?? []);
  const tables = ['', machine, '', ...HEAD, ...compareLines, '', ...growthLines].join('\n');
  await writeFile(path, `${text.slice(0, begin + BEGIN.length)}\n${tables}\n${text.slice(end)}`);
}

function readTables(text: string): Tables {
  const compared = new Map<string, string[]>();
  const growth = new Map<string, string[]>();
  let heading: string | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith(GROWTH_HEADING)) heading = line.slice(GROWTH_HEADING.length);
    const title = heading ?? /^\| ([^|]+) \|/.exec(line)?.[1];
    if (title === undefined) continue;
    const lines = heading === undefined ? compared : growth;
    lines.set(title, [...(lines.get(title) ?? []), line]);
  }
  // A table ends with one empty line.
  for (const [title, lines] of growth) growth.set(title, [...lines.slice(0, lines.findLastIndex(Boolean) + 1), '']);
  return { compared, growth };
}

function toLine(work: Work, { figure, medians, ratio, best, isMet }: FigureSummary, date: string): string {
  const value = (of: number | undefined) => withUnit(of, figure.unit);
  const against = ratio === undefined ? '–' : `${rounded(ratio)}× ${best ?? ''}`;
  const aim = !figure.aim ? '' : figure.aim.kind === 'ratio' ? `≤ ${figure.aim.atMost}×` : `≤ ${figure.aim.atMost}`;
  const met = isMet === undefined ? '' : isMet ? 'yes' : '**no**';
  const cells = [
    work.title,
    figure.label,
    value(medians.tutti),
    value(medians.hocuspocus),
    value(medians['y-websocket']),
  ];
  return `| ${[...cells, against, aim, met, date].join(' | ')} |`;
}
