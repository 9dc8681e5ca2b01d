import { setTimeout as pause } from 'node:timers/promises';
import { paceEvenly } from '../load/pacing.ts';
import { percentile } from '../statistics.ts';
import { GENERATOR_FIGURE, generatorLoad, type Work } from '../work.ts';

const ROOM = 'cursors';
const MOVES_PER_SECOND = 20;
const SETTLE_MS = 500;

/** A cursor as an editor shows it: who, and where between which characters. `move` counts them. */
function cursorState(person: number, move: number): string {
  const position = { type: null, tname: 'content', item: { client: person, clock: move }, assoc: 0 };
  const user = { name: `Person ${person}`, color: '#30bced' };
  return JSON.stringify({ user, cursor: { anchor: position, head: position } });
}

const CLOCK = /"client":(\d+),"clock":(\d+)/;

export const cursors: Work = {
  name: 'cursors',
  title: '50 cursors moving 20 times a second',
  rounds: 5,
  figures: [
    { key: 'framesPerClient', label: 'frames to each client', unit: '/s', aim: { kind: 'ratio', atMost: 0.15 } },
    { key: 'bytesPerClient', label: 'bytes to each client', unit: 'kB/s' },
    { key: 'cpuPercent', label: 'server CPU', unit: '%', aim: { kind: 'ratio', atMost: 0.5 } },
    { key: 'p50Ms', label: 'age of a cursor on arrival p50', unit: 'ms' },
    { key: 'p99Ms', label: 'age of a cursor on arrival p99', unit: 'ms' },
    GENERATOR_FIGURE,
  ],
  async run(stage) {
    const people = stage.size(50, 5);
    const seconds = stage.size(6, 1);
    await stage.start([ROOM]);
    const movedAtMs = Array.from({ length: people + 1 }, (): number[] => []);
    const ages: number[] = [];
    let isMeasuring = false;
    const observe = (states: () => readonly string[]) => {
      if (!isMeasuring) return;
      for (const state of states()) {
        const [, person, move] = CLOCK.exec(state) ?? [];
        const atMs = movedAtMs[Number(person)]?.[Number(move)];
        if (atMs !== undefined && Number(person) !== 1) ages.push(performance.now() - atMs);
      }
    };
    const clients = await stage.joinAll(
      Array.from({ length: people }, (_, index) =>
        // One client looks into what it gets; that costs the generator enough.
        index === 0 ? { room: ROOM, id: 1, onPresence: observe } : { room: ROOM, id: index + 1 },
      ),
    );
    await pause(SETTLE_MS);
    const sum = (of: 'messagesReceived' | 'bytesReceived') =>
      clients.reduce((total, { socket }) => total + socket[of], 0);
    const [framesBefore, bytesBefore] = [sum('messagesReceived'), sum('bytesReceived')];
    isMeasuring = true;
    const usage = await stage.measure(async () => {
      await paceEvenly(seconds * MOVES_PER_SECOND * people, MOVES_PER_SECOND * people, (step) => {
        const person = (step % people) + 1;
        const moves = movedAtMs[person];
        if (!moves) return;
        moves.push(performance.now());
        clients[person - 1]?.showPresence(cursorState(person, moves.length - 1));
      });
      // What is on its way belongs to it.
      await pause(SETTLE_MS);
    });
    return {
      framesPerClient: (sum('messagesReceived') - framesBefore) / people / seconds,
      bytesPerClient: (sum('bytesReceived') - bytesBefore) / people / seconds / 1_000,
      cpuPercent: (usage.serverCpuMs / (seconds * 1_000)) * 100,
      p50Ms: percentile(ages, 0.5),
      p99Ms: percentile(ages, 0.99),
      ...generatorLoad(usage),
    };
  },
};
