import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom, type SeededRandom } from '../../shared/testing/seeded-random.ts';
import { LogFailure } from '../log/log-failure.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';
import { YjsClient } from '../testing/yjs-client.ts';

const PEOPLE = ['ada', 'ben', 'cleo', 'dora'];
const STEPS = 150;

/** Yjs clients that type, lose their sockets and come back, on a relay that restarts and whose disk fills up. */
class FuzzRoom {
  readonly relay = new RelayUnderTest();
  readonly clients: YjsClient[] = [];
  private readonly random: SeededRandom;

  constructor(random: SeededRandom) {
    this.random = random;
    for (const [index, name] of PEOPLE.entries()) {
      const doc = new Y.Doc();
      doc.clientID = 1 + index;
      this.clients.push(new YjsClient(this.relay, { token: `${name}.editor.1000000`, doc }));
    }
  }

  async step(): Promise<void> {
    const { random, relay } = this;
    const index = random.below(this.clients.length);
    const client = this.clients[index];
    if (!client) return;
    const dice = random.below(100);
    if (dice < 5) this.reconnect(index);
    else if (dice < 7) this.restart();
    else if (dice < 12) await this.failToStore(client);
    else if (dice < 17) client.sendStep1();
    else this.edit(client);
    const move = random.below(4);
    if (move < 2) client.deliverOne(random.pick(['to-client', 'to-relay']));
    else if (move === 2) await relay.advance(random.below(20));
  }

  /** Everybody is online, and nothing is on its way. */
  async rest(): Promise<void> {
    for (const [index, { closes }] of this.clients.entries()) if (closes.length > 0) this.reconnect(index);
    for (let second = 0; second < 70; second++) await this.relay.advance(1_000);
  }

  private edit({ text, doc }: YjsClient): void {
    const { random } = this;
    doc.transact(() => {
      const at = random.below(text.length + 1);
      if (random.chance(0.4)) text.delete(at, Math.min(random.below(8), text.length - at));
      else text.insert(at, random.pick(['a', 'bc', '\n', '😀', 'x'.repeat(2_000)]));
    });
  }

  private reconnect(index: number): void {
    const client = this.clients[index];
    if (!client) return;
    client.leave();
    this.clients[index] = new YjsClient(this.relay, { token: `${PEOPLE[index]}.editor.1000000`, doc: client.doc });
  }

  private restart(): void {
    this.relay.restart();
    for (const index of this.clients.keys()) this.reconnect(index);
  }

  private async failToStore(client: YjsClient): Promise<void> {
    const { log } = this.relay;
    const append = log.append.bind(log);
    log.append = () => {
      throw new LogFailure('full', 'the disk is full');
    };
    this.edit(client);
    await this.relay.advance(20);
    log.append = append;
  }
}

describe('Yjs clients on a relay', () => {
  it.each([1, 2, 3, 4, 5, 6])('end with one text, which the log has too (seed %i)', async (seed) => {
    const room = new FuzzRoom(createSeededRandom(seed));
    await room.relay.settle();
    for (let step = 0; step < STEPS; step++) await room.step();
    await room.rest();
    const texts = room.clients.map(({ text }) => text.toJSON());
    expect(texts[0]?.length).toBeGreaterThan(0);
    room.relay.restart();
    const late = new YjsClient(room.relay, { token: 'late.viewer.1000000' });
    await room.relay.advance(50);
    expect(new Set([...texts, late.text.toJSON()]).size).toBe(1);
    expect(room.relay.problems.filter((problem) => !(problem instanceof LogFailure))).toEqual([]);
  });
});
