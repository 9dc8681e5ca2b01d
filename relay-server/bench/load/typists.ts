import type { Stage } from '../stage.ts';
import type { BenchClient } from './bench-client.ts';
import { createLatencySamples, DeliveryMeter } from './delivery-meter.ts';
import { paceEvenly, waitUntil } from './pacing.ts';
import { typedUpdates } from './typing.ts';

/** Where somebody types. */
export interface Seat {
  readonly room: string;
  readonly node: number;
}

const EDITS_PER_SECOND = 5;
const ARRIVED_WITHIN_MS = 30_000;

/** People who all type 5 characters a second, evenly spread, to others on their own node and on other ones. */
export class Typists {
  readonly samples = {
    sameNode: createLatencySamples(),
    otherNode: createLatencySamples(),
    /** Until the server has confirmed an edit. */
    ack: createLatencySamples(),
  };
  private readonly seats: readonly Seat[];
  private readonly updates: readonly (readonly Uint8Array[])[];
  private readonly turns: number;
  private readonly deliveriesPerTurn: number;
  private readonly meter = new DeliveryMeter();
  private readonly acked: number[];
  private clients: readonly BenchClient[] = [];
  private turn = 0;

  /** Connects everybody, with `seconds` of typing to do. */
  static async seat(stage: Stage, seats: readonly Seat[], seconds: number): Promise<Typists> {
    const typists = new Typists(seats, seconds);
    await typists.beginDocuments(stage);
    typists.clients = await stage.joinAll(seats.map((seat, index) => typists.requestFor(seat, index)));
    return typists;
  }

  private constructor(seats: readonly Seat[], seconds: number) {
    this.seats = seats;
    this.turns = seconds * EDITS_PER_SECOND;
    this.updates = seats.map((_, index) => typedUpdates(index + 1, this.turns));
    this.acked = seats.map(() => 0);
    const others = seats.map(({ room }) => seats.filter((other) => other.room === room).length - 1);
    this.deliveriesPerTurn = others.reduce((sum, count) => sum + count, 0);
  }

  /** Characters typed. */
  get edits(): number {
    return this.turn * this.seats.length;
  }

  /** Pairs of an edit and somebody else who has got it. */
  get deliveries(): number {
    return this.meter.delivered;
  }

  forgetSamples(): void {
    for (const { sentAtMs, latencyMs } of Object.values(this.samples)) {
      sentAtMs.length = 0;
      latencyMs.length = 0;
    }
  }

  async typeRest(): Promise<void> {
    await this.type((this.turns - this.turn) / EDITS_PER_SECOND);
  }

  /** Resolves once everything typed has reached everybody and is confirmed. */
  async type(seconds: number): Promise<void> {
    const { seats, clients } = this;
    const first = this.turn * seats.length;
    await paceEvenly(seconds * EDITS_PER_SECOND * seats.length, EDITS_PER_SECOND * seats.length, (step) => {
      // Neighbours in time are of different rooms.
      const index = (step * 7919) % seats.length;
      const update = this.updates[index]?.[Math.floor((first + step) / seats.length)];
      if (!update) throw new Error('there are too few edits');
      this.meter.noteSent(index + 1);
      clients[index]?.sendUpdate(update);
    });
    this.turn += seconds * EDITS_PER_SECOND;
    const expected = this.turn * this.deliveriesPerTurn;
    const isAcked = () => this.acked.every((count) => count >= this.turn);
    const describe = () => {
      const lateAcks = this.acked.filter((count) => count < this.turn).length;
      const refusals = clients.reduce((sum, client) => sum + client.refusals, 0);
      return `${this.deliveries} of ${expected} edits have arrived, ${lateAcks} people wait for acks, ${refusals} edits were refused`;
    };
    await waitUntil(() => this.deliveries >= expected && isAcked(), ARRIVED_WITHIN_MS, describe);
  }

  /**
   * Nodes that open a new document at once each give it an epoch, and those whose epoch the first edit does not confirm
   * have it opened again. Raw clients would not repeat what they had sent until then.
   */
  private async beginDocuments(stage: Stage): Promise<void> {
    const places = [...new Map(this.seats.map((seat) => [seat.room, seat])).values()];
    let acked = 0;
    const requests = places.map((place, index) => ({
      ...place,
      id: this.seats.length + 1 + index,
      onAcked: () => (acked += 1),
    }));
    const writers = await stage.joinAll(requests);
    for (const [index, { id }] of requests.entries()) {
      const [update] = typedUpdates(id, 1);
      if (update) writers[index]?.sendUpdate(update);
    }
    const describe = () => `${acked} of ${places.length} documents were begun`;
    await waitUntil(() => acked >= places.length, ARRIVED_WITHIN_MS, describe);
    for (const writer of writers) writer.close();
  }

  private requestFor({ room, node }: Seat, index: number) {
    const { sameNode, otherNode, ack } = this.samples;
    const samplesOf = (author: number) => (this.seats[author - 1]?.node === node ? sameNode : otherNode);
    const noteAcked = this.meter.createAckListener(index + 1, ack);
    return {
      room,
      node,
      id: index + 1,
      onUpdate: this.meter.createReceiver(index + 1, samplesOf),
      onAcked: (count: number) => {
        this.acked[index] = count;
        noteAcked(count);
      },
    };
  }
}
