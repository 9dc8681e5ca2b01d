import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { type RelayProcess, roomToken } from '../../testing/relay-process.ts';
import { AckedRows } from '../testing/acked-rows.ts';
import { Engine, type OpenText } from '../testing/engine.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startTestRelay } from '../testing/test-relay.ts';
import { WordTypist, wordsOf } from '../testing/words.ts';
import { openRoomStorage } from './room-storage.ts';

const ROOM = 'crash';
const DOCUMENTS = ['left', 'right'] as const;

interface Person {
  readonly engine: Engine;
  readonly rows: AckedRows;
  readonly documents: readonly OpenText[];
  /** One for each document. */
  readonly typists: readonly WordTypist[];
}

async function startPerson(
  name: string,
  { relay, token, folder, random }: { relay: RelayProcess; token: string; folder: string; random: SeededRandom },
): Promise<Person> {
  const rows = new AckedRows(await openRoomStorage(join(folder, `${name}.sqlite`)));
  const engine = await Engine.start({ syncUrl: relay.syncUrl(ROOM), token, storage: rows.storage });
  const documents = DOCUMENTS.map((document) => engine.open(document));
  const typists = documents.map((document) => new WordTypist(name, document, random));
  await Promise.all(documents.map(({ replica }) => replica.whenSynced));
  return { engine, rows, documents, typists };
}

/** Types up to four words into both documents in one turn. */
function typeSome({ typists }: Person, random: SeededRandom): void {
  for (const typist of typists) for (let left = random.below(5); left > 0; left--) typist.type();
}

/** Types until the seed says that it is time, letting the relay keep up now and then. */
async function typeForAWhile(people: readonly Person[], random: SeededRandom): Promise<void> {
  const steps = 40 + random.below(120);
  for (let step = 0; step < steps; step++) {
    for (const person of people) typeSome(person, random);
    const [first] = people;
    if (random.chance(0.1)) await first?.documents[random.below(DOCUMENTS.length)]?.whenOnTheRelay();
    else await new Promise(setImmediate);
  }
}

/** Reads a document as the relay's log has it: with an engine that has nothing of its own. */
async function readFromRelay(relay: RelayProcess, token: string, folder: string): Promise<readonly string[][]> {
  const engine = await Engine.start({
    syncUrl: relay.syncUrl(ROOM),
    token,
    storage: join(folder, `reader-${relay.port}.sqlite`),
  });
  const documents = DOCUMENTS.map((name) => engine.open(name));
  await Promise.all(documents.map(({ replica }) => replica.whenSynced));
  const words = documents.map(({ text }) => wordsOf(text.toString()));
  await engine.close();
  return words;
}

it.each([1, 2, 3, 4, 5])(
  'keeps every acked edit when the relay is killed while two people type, and brings both everything (seed %i)',
  async (seed) => {
    const random = createSeededRandom(seed);
    const folder = temporaryFolder();
    const relay = await startTestRelay(join(folder, 'relay'));
    const token = await roomToken(relay.dataFolder, ROOM, 'editor', 'Somebody');
    const start = (name: string) => startPerson(name, { relay, token, folder, random });
    const people = [await start('ana'), await start('ben')];

    await typeForAWhile(people, random);
    const gone = people.map(({ engine }) => engine.whenState(({ kind }) => kind === 'reconnecting'));
    const killed = relay.stop('SIGKILL');
    // They go on typing while it dies, and without it.
    for (let step = 0; step < 20; step++) {
      for (const person of people) typeSome(person, random);
      await new Promise(setImmediate);
    }
    await Promise.all([killed, ...gone]);

    // At another address, where nobody can send again what the log should have.
    const reopened = await startTestRelay(relay.dataFolder);
    const logged = await readFromRelay(reopened, token, folder);
    await reopened.stop();
    for (const [index, document] of DOCUMENTS.entries()) {
      for (const { rows, typists } of people) {
        const typed = typists[index]?.typed ?? [];
        const acked = typed.slice(0, rows.countAcked(document));
        expect(acked.length).toBeGreaterThan(0);
        expect(acked.length).toBeLessThan(typed.length);
        expect(logged[index]).toEqual(expect.arrayContaining(acked));
      }
    }

    const restarted = await startTestRelay(relay.dataFolder, relay.port);
    for (const { engine } of people) engine.session.retryNow();
    for (const person of people) typeSome(person, random);
    await Promise.all(people.flatMap(({ documents }) => documents.map((document) => document.whenOnTheRelay())));
    const inLog = await readFromRelay(restarted, token, folder);
    for (const [index, words] of inLog.entries()) {
      const typed = people.flatMap(({ typists }) => typists[index]?.typed ?? []);
      expect(words.toSorted()).toEqual(typed.toSorted());
      for (const { documents } of people) await documents[index]?.whenText(words.join(''));
    }
  },
);
