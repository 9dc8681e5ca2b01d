import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  type ConcurrentTrace,
  readConcurrentTrace,
  readSequentialTrace,
  type SequentialTrace,
} from '../../../shared/testing/traces.ts';
import { roomToken, type RelayProcess } from '../../testing/relay-process.ts';
import { Engine, type OpenText } from '../testing/engine.ts';
import { HeldUpdates } from '../testing/held-updates.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startTestRelay } from '../testing/test-relay.ts';
import { countOthersBefore } from '../testing/trace-authors.ts';
import { createPatcher } from '../testing/trace-positions.ts';
import { connectWebSocket } from './web-socket.ts';

const ROOM = 'replay';
const DOCUMENT = 'paper';
/** So many updates are made before the event loop gets its turn, and so many turns pass before acks are waited for. */
const UPDATES_PER_TURN = 64;
const TURNS_PER_ACK = 16;
/** 260,000 keystrokes by two engines and a relay, on a machine that does others' work too. */
const LONG_TRACE_TIMEOUT_MS = 300_000;

interface Author {
  readonly document: OpenText;
  readonly network: HeldUpdates;
  readonly agent: number;
}

interface Replay {
  readonly relay: RelayProcess;
  startEngine(file: string, network?: HeldUpdates): Promise<Engine>;
}

async function startReplay(): Promise<Replay> {
  const folder = temporaryFolder();
  const relay = await startTestRelay(join(folder, 'relay'));
  const token = await roomToken(relay.dataFolder, ROOM, 'editor', 'Ana');
  return {
    relay,
    startEngine: (file, network) =>
      Engine.start({
        syncUrl: relay.syncUrl(ROOM),
        token,
        storage: join(folder, file),
        connect: network?.connect ?? connectWebSocket,
      }),
  };
}

/** Somebody joins, the relay is restarted, and somebody else joins: both must get all of it. */
async function expectForNewcomers({ relay, startEngine }: Replay, content: string): Promise<void> {
  const joined = (await startEngine('joined.sqlite')).open(DOCUMENT);
  await joined.replica.whenSynced;
  expect(joined.text.toString()).toBe(content);
  await relay.stop();
  await startTestRelay(relay.dataFolder, relay.port);
  const late = (await startEngine('late.sqlite')).open(DOCUMENT);
  await late.replica.whenSynced;
  expect(late.text.toString()).toBe(content);
}

/** Gives the event loop its turn now and then, and the relay time to keep up. */
async function pace(author: OpenText, updates: number): Promise<void> {
  if (updates % (UPDATES_PER_TURN * TURNS_PER_ACK) === 0) await author.whenOnTheRelay();
  else if (updates % UPDATES_PER_TURN === 0) await new Promise(setImmediate);
}

async function typeAlone(author: OpenText, trace: SequentialTrace): Promise<void> {
  const { transactions, startContent } = trace;
  const apply = createPatcher(transactions);
  if (startContent !== '') author.text.insert(0, startContent);
  for (const [index, { patches }] of transactions.entries()) {
    apply(author.text, patches);
    await pace(author, index);
  }
  await author.whenOnTheRelay();
}

// The relay makes one update of what comes to it at once: each goes alone, so that the other can take them one by one.
async function typeTogether(
  { document: author, network, agent }: Author,
  others: HeldUpdates,
  trace: ConcurrentTrace,
): Promise<void> {
  const apply = createPatcher(trace.transactions);
  const othersBefore = countOthersBefore(trace);
  let updates = 0;
  for (const [index, transaction] of trace.transactions.entries()) {
    if (transaction.agent !== agent) continue;
    await network.letThroughUpdates(othersBefore[index] ?? 0);
    apply(author.text, transaction.patches);
    await others.whenArrived(++updates);
  }
}

it.each(['automerge-paper', 'rustcode'] as const)(
  'replays %s by one author to one who watches and to newcomers',
  async (name) => {
    const trace = await readSequentialTrace(name);
    const replay = await startReplay();
    const author = (await replay.startEngine('author.sqlite')).open(DOCUMENT);
    const watched = (await replay.startEngine('watching.sqlite')).open(DOCUMENT);
    await Promise.all([author.replica.whenSynced, watched.replica.whenSynced]);

    await typeAlone(author, trace);
    expect(author.text.toString()).toBe(trace.endContent);
    await watched.whenText(trace.endContent);
    await expectForNewcomers(replay, trace.endContent);
  },
  LONG_TRACE_TIMEOUT_MS,
);

it('replays friendsforever by its two authors at once, each seeing of the other what the trace says', async () => {
  const trace = await readConcurrentTrace('friendsforever');
  const replay = await startReplay();
  const opened = await Promise.all(
    Array.from({ length: trace.agentCount }, async (_, number) => {
      const network = new HeldUpdates(connectWebSocket);
      const engine = await replay.startEngine(`author-${number}.sqlite`, network);
      return { network, document: engine.open(DOCUMENT) };
    }),
  );
  // Where both insert at one place at once, Yjs puts the lower clientID first, and the trace its first author.
  const authors = opened
    .sort((a, b) => a.document.replica.doc.clientID - b.document.replica.doc.clientID)
    .map((author, agent) => ({ ...author, agent }));
  await Promise.all(authors.map(({ document }) => document.replica.whenSynced));

  const [first, second] = authors;
  if (!first || !second) throw new Error('the trace is of two authors');
  await Promise.all([typeTogether(first, second.network, trace), typeTogether(second, first.network, trace)]);
  for (const { network } of authors) network.open();
  await Promise.all(authors.map(({ document }) => document.whenText(trace.endContent)));
  await Promise.all(authors.map(({ document }) => document.whenOnTheRelay()));
  await expectForNewcomers(replay, trace.endContent);
});
