import { networkInterfaces } from 'node:os';
import { type Disposable, type Scheduler, scheduleEvery } from '../../shared/lifecycle/index.ts';

const LOOK_MS = 5_000;

/** Notices that the device has come into another network, by its addresses: Node hears of no such change. */
export class NetworkWatch implements Disposable {
  private readonly readAddresses: () => string;
  private readonly looks: Disposable;
  private addresses: string;

  /** `readAddresses` tells the addresses of this device; equal strings stand for the same network. */
  constructor(scheduler: Scheduler, onChange: () => void, readAddresses = describeAddresses) {
    this.readAddresses = readAddresses;
    this.addresses = readAddresses();
    this.looks = scheduleEvery(
      scheduler,
      () => {
        if (this.hasChanged()) onChange();
      },
      LOOK_MS,
    );
  }

  private hasChanged(): boolean {
    const addresses = this.readAddresses();
    if (addresses === this.addresses) return false;
    this.addresses = addresses;
    return true;
  }

  dispose(): void {
    this.looks.dispose();
  }
}

/** The addresses by which this device is in a network. */
export function describeAddresses(): string {
  const lines = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.filter(({ internal }) => !internal).map(({ address, netmask }) => `${name} ${address} ${netmask}`),
  );
  return lines.toSorted().join('\n');
}
