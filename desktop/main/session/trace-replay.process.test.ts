import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSequentialTrace } from '../../../shared/testing/traces.ts';
import { roomToken } from '../../testing/relay-process.ts';
import { Engine, type OpenText } from '../testing/engine.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startTestRelay } from '../testing/test-relay.ts';
import { createPatcher } from '../testing/trace-positions.ts';

const ROOM = 'replay';
const DOCUMENT = 'paper';
/** So many transactions are typed before the event loop gets its turn. */
const TRANSACTIONS_PER_TURN = 64;
const TURNS_PER_ACK = 16;

async function typeSequentially(author: OpenText, trace: Awaited<ReturnType<typeof readSequentialTrace>>): Promise<void> {
  const apply = createPatcher(trace.transactions);
  if (trace.startContent !== '') author.text.insert(0, trace.startContent);
  for (const [index, { patches }] of trace.transactions.entries()) {
    apply(author.text, patches);
    if (index % (TRANSACTIONS_PER_TURN * TURNS_PER_ACK) === 0) await author.whenOnTheRelay();
    else if (index % TRANSACTIONS_PER_TURN === 0) await new Promise(setImmediate);
  }
  await author.whenOnTheRelay();
}

it.each(['automerge-paper', 'rustcode'] as const)(
  'replays %s by one author to one who watches, one who joins, and one who comes after a restart',
  async (name) => {
    const trace = await readSequentialTrace(name);
    const folder = temporaryFolder();
    const data = join(folder, 'relay');
    const relay = await startTestRelay(data);
    const token = await roomToken(data, ROOM, 'editor', 'Ana');
    const syncUrl = relay.syncUrl(ROOM);
    const startEngine = (file: string) => Engine.start({ syncUrl, token, storage: join(folder, file) });

    const author = (await startEngine('author.sqlite')).open(DOCUMENT);
    const watching = await startEngine('watching.sqlite');
    const watched = watching.open(DOCUMENT);
    await Promise.all([author.replica.whenSynced, watched.replica.whenSynced]);

    const startMs = performance.now();
    await typeSequentially(author, trace);
    const typedMs = performance.now();
    expect(author.text.toString()).toBe(trace.endContent);
    await watched.whenText(trace.endContent);
    const watchedMs = performance.now();

    const joined = (await startEngine('joined.sqlite')).open(DOCUMENT);
    await joined.replica.whenSynced;
    expect(joined.text.toString()).toBe(trace.endContent);

    await relay.stop();
    await startTestRelay(data, relay.port);
    const late = (await startEngine('late.sqlite')).open(DOCUMENT);
    await late.replica.whenSynced;
    expect(late.text.toString()).toBe(trace.endContent);
    console.log(name, { typed: typedMs - startMs, watched: watchedMs - startMs, all: performance.now() - startMs });
  },
);
