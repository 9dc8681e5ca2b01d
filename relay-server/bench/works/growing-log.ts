import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { DEFAULT_TENANT } from '../../access/token-authority.ts';
import type { UpdateLog } from '../../log/update-log.ts';
import { typedUpdates } from '../load/typing.ts';
import type { Figures, Work } from '../work.ts';
import { joinNew } from './joining.ts';

const FIRST_AUTHOR = 1;
const READER = 10_000;
const ROWS_PER_AUTHOR = 10_000;
const LOADED_WITHIN_MS = 120_000;
const COMPACTED_WITHIN_MS = 60_000;
const LENGTHS = [1_000, 10_000, 100_000, 1_000_000] as const;

/** The authors of a log, each with as many rows; the last one may have fewer. */
function authorsOf(rows: number): Map<number, number> {
  const authors = new Map<number, number>();
  for (let start = 0; start < rows; start += ROWS_PER_AUTHOR) {
    authors.set(FIRST_AUTHOR + start / ROWS_PER_AUTHOR, Math.min(ROWS_PER_AUTHOR, rows - start));
  }
  return authors;
}

/** Puts keystrokes into the log, one row for each, as if they had been typed. */
async function fillLog(log: UpdateLog, room: string, rows: number): Promise<void> {
  const key = { tenant: DEFAULT_TENANT, room, document: 'file' };
  // With a single author, Yjs would take time that grows with the square of the rows to make them.
  for (const [author, count] of authorsOf(rows)) {
    const session = { subject: `author-${author}`, sessionId: `session-of-author-${author}` };
    const timeMs = systemScheduler.now();
    const updates = typedUpdates(author, count).map((payload, index) => ({
      session,
      clientSeq: index + 1,
      name: 'Somebody',
      timeMs,
      payload,
    }));
    await log.append([{ key, epochWhenNew: `epoch-${room}`, updates }]);
  }
}

export const growingLog: Work = {
  name: 'growing-log',
  title: 'a log of 1,000 to 1,000,000 rows',
  rounds: 1,
  peers: ['tutti'],
  figures: LENGTHS.flatMap((rows) => {
    const size = `${rows.toLocaleString('en')} rows`;
    return [
      { key: `coldMs@${rows}`, label: 'join after a restart, no snapshot', unit: 'ms', size },
      {
        key: `compactionSeconds@${rows}`,
        label: 'server CPU for it and the snapshot that follows',
        unit: 's',
        size,
      },
      { key: `againMs@${rows}`, label: 'join after a restart, with a snapshot', unit: 'ms', size },
    ];
  }),
  async run(stage) {
    const lengths = stage.isQuick ? LENGTHS.slice(0, 1) : LENGTHS;
    await stage.start(lengths.map((rows) => `rows-${rows}`));
    await stage.fillLog(async (log) => {
      for (const rows of lengths) await fillLog(log, `rows-${rows}`, rows);
    });
    const figures: Record<string, number> = {};
    await stage.restart('stop');
    const join = async (rows: number) => {
      const request = { room: `rows-${rows}`, id: READER, expected: authorsOf(rows), withinMs: LOADED_WITHIN_MS };
      const { receivedMs, doc } = await joinNew(stage, request);
      if (doc.getText('content').length !== rows) throw new Error('the newcomer lacks something');
      return receivedMs;
    };
    for (const rows of lengths) {
      const cpuBeforeMs = stage.server.cpuMs;
      figures[`coldMs@${rows}`] = await join(rows);
      // The snapshot is made once the server has nothing else to do.
      await stage.waitUntilIdle(COMPACTED_WITHIN_MS);
      figures[`compactionSeconds@${rows}`] = (stage.server.cpuMs - cpuBeforeMs) / 1_000;
    }
    await stage.restart('stop');
    for (const rows of lengths) figures[`againMs@${rows}`] = await join(rows);
    return figures satisfies Figures;
  },
};
