import { type Disposable, toDisposable } from '../../shared/lifecycle/index.ts';

export interface SlotLimits {
  /** At once, on this node. */
  readonly total: number;
  /** Of them, for the people of one room. */
  readonly ofRoom: number;
  /** Of those, for one person. */
  readonly each: number;
}

export interface SlotTaker {
  readonly tenant: string;
  readonly room: string;
  readonly subject: string;
}

/** Bounds how many transfers, each with its bytes in memory, are under way. */
export class TransferSlots {
  private readonly limits: SlotLimits;
  private readonly ofPeople = new Map<string, number>();
  private readonly ofRooms = new Map<string, number>();
  private total = 0;

  constructor(limits: SlotLimits) {
    this.limits = limits;
  }

  /** Undefined when there is no free one for `subject`. Dispose to give it back. */
  take({ tenant, room, subject }: SlotTaker): Disposable | undefined {
    const { ofPeople, ofRooms, limits } = this;
    const ofRoom = JSON.stringify([tenant, room]);
    const ofPerson = JSON.stringify([tenant, room, subject]);
    const isFree =
      this.total < limits.total &&
      (ofRooms.get(ofRoom) ?? 0) < limits.ofRoom &&
      (ofPeople.get(ofPerson) ?? 0) < limits.each;
    if (!isFree) return undefined;
    this.total++;
    add(ofRooms, ofRoom, 1);
    add(ofPeople, ofPerson, 1);
    return toDisposable(() => {
      this.total--;
      add(ofRooms, ofRoom, -1);
      add(ofPeople, ofPerson, -1);
    });
  }
}

function add(counts: Map<string, number>, name: string, amount: number): void {
  const count = (counts.get(name) ?? 0) + amount;
  if (count > 0) counts.set(name, count);
  else counts.delete(name);
}
