import { expect, it, onTestFinished } from 'vitest';
import { watchPage } from './page-events.ts';

it('tells of the network and of the person who comes back, until it is disposed', () => {
  const reasons: string[] = [];
  const watch = watchPage((reason) => reasons.push(reason));
  onTestFinished(() => watch.dispose());
  window.dispatchEvent(new Event('offline'));
  window.dispatchEvent(new Event('online'));
  document.dispatchEvent(new Event('visibilitychange'));
  document.dispatchEvent(new Event('resume'));
  expect(reasons).toEqual(['network-changed', 'network-changed', 'shown', 'woke']);
  watch.dispose();
  window.dispatchEvent(new Event('online'));
  expect(reasons).toHaveLength(4);
});
