import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { describeAddresses, NetworkWatch } from './network-watch.ts';

it('tells within 5 s of other addresses, once, also when there are none', () => {
  const scheduler = new ManualScheduler();
  let addresses = 'wlan0 10.0.0.7 255.255.255.0';
  let changes = 0;
  const watch = new NetworkWatch(
    scheduler,
    () => void changes++,
    () => addresses,
  );
  onTestFinished(() => watch.dispose());
  scheduler.advance(60_000);
  expect(changes).toBe(0);
  addresses = '';
  scheduler.advance(5_000);
  expect(changes).toBe(1);
  addresses = 'wlan0 192.168.1.20 255.255.255.0';
  scheduler.advance(60_000);
  expect(changes).toBe(2);
});

it('reads the same addresses of this machine twice, without loopback', () => {
  expect(describeAddresses()).toBe(describeAddresses());
  expect(describeAddresses()).not.toContain('127.0.0.1');
});
