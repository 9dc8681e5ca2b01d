import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import type * as Y from 'yjs';

/** Somebody who edits documents of one text each, without a connection and with one; by whichever protocol. */
export interface MergingPerson {
  /** In the order of the documents. */
  readonly texts: readonly Y.Text[];
  /** Resolves when each document has what the server had when it was asked, as the client counts it. */
  whenSynced(): Promise<void>;
  /** Resolves when all edits are where this client tells its user that they are safe. */
  whenSaved(): Promise<void>;
  /** Resolves when the client knows that the network, which was cut by whoever directs this, is gone. */
  disconnect(): Promise<void>;
  /** The network is back: connects now, whatever it would have waited for. */
  connect(): void;
  close(): Promise<void>;
}

const WORD = 'merged ';
/** Spreads the words over the text. */
const STRIDE = 7_919;
const LOOK_EVERY_MS = 2;

/** Types words into a text, a key an edit, each word at another place. */
function typeWords(text: Y.Text, keys: number, first: number): void {
  let at = 0;
  for (let key = 0; key < keys; key++) {
    const letter = key % WORD.length;
    if (letter === 0) at = (first + key * STRIDE) % (text.length + 1);
    text.insert(at + letter, WORD[letter] ?? '');
  }
}

/** The clock that all processes of the machine share. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function say(answer: object): void {
  console.log(JSON.stringify(answer));
}

function hashOf(texts: readonly Y.Text[]): string {
  const all = createHash('sha256');
  for (const text of texts) all.update(`${text.toString()}\u0000`);
  return all.digest('hex');
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

async function answer(person: MergingPerson, line: string): Promise<void> {
  const [command, first = '', second = ''] = line.split(' ');
  const { texts } = person;
  if (command === 'type') {
    const startMs = nowMs();
    for (const text of texts) typeWords(text, Number(first), Number(second));
    say({ kind: 'typed', tookMs: nowMs() - startMs });
  } else if (command === 'disconnect') {
    await person.disconnect();
    say({ kind: 'disconnected' });
  } else if (command === 'connect') {
    const startMs = nowMs();
    person.connect();
    say({ kind: 'connecting', atMs: startMs });
  } else if (command === 'await-length') {
    await until(() => texts.every(({ length }) => length === Number(first)));
    say({ kind: 'reached', atMs: nowMs() });
  } else if (command === 'await-synced') {
    await person.whenSynced();
    say({ kind: 'synced', atMs: nowMs() });
  } else if (command === 'await-saved') {
    await person.whenSaved();
    say({ kind: 'saved', atMs: nowMs() });
  } else if (command === 'describe') {
    const { user, system } = process.cpuUsage();
    const { rss } = process.memoryUsage();
    say({ kind: 'described', hash: hashOf(texts), cpuMs: (user + system) / 1_000, rssBytes: rss });
  }
}

/**
 * Lets another process direct a person: a line of standard input is a command, a line of standard output the answer, in
 * JSON. `type KEYS FIRST` types into each text: `typed`. `disconnect`: `disconnected`. `connect`: `connecting`, with when.
 * `await-length LENGTH`, when each text is so long: `reached`. `await-synced`: `synced`. `await-saved`: `saved`.
 * `describe`: `described`, with a hash of all texts, time of the processor and memory of this process.
 */
export function directByLines(person: MergingPerson): void {
  createInterface(process.stdin).on('line', (line) => void answer(person, line));
  process.once('SIGTERM', () => void person.close().finally(() => process.exit(0)));
  say({ kind: 'ready', atMs: nowMs() });
}
