import { readFile, writeFile } from 'node:fs/promises';
import { rounded } from './statistics.ts';
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

/**
 * Writes the figures into the file, between its markers. Works that were not done keep their lines when those are of the
 * same machine; `order` has the titles of all works.
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
  const lines = new Map<string, string[]>();
  if (previous.includes(machine)) {
    for (const line of previous.split('\n')) {
      const title = /^\| ([^|]+) \|/.exec(line)?.[1];
      if (title !== undefined && order.includes(title)) lines.set(title, [...(lines.get(title) ?? []), line]);
    }
  }
  for (const { work, figures } of works)
    lines.set(
      work.title,
      figures.map((figure) => toLine(work, figure, date)),
    );
  const body = order.flatMap((title) => lines.get(title) ?? []);
  const table = ['', machine, '', ...HEAD, ...body, ''].join('\n');
  await writeFile(path, `${text.slice(0, begin + BEGIN.length)}\n${table}\n${text.slice(end)}`);
}

function toLine(work: Work, { figure, medians, ratio, best, isMet }: FigureSummary, date: string): string {
  const value = (of: number | undefined) =>
    of === undefined ? '–' : `${rounded(of)}${figure.unit && ` ${figure.unit}`}`;
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
