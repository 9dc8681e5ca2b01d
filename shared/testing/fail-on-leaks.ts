import { beforeEach, onTestFinished } from 'vitest';
import { startLeakTracking, stopLeakTracking } from '../lifecycle/index.ts';

// Every test project sets this up: a test that leaves a disposable alive fails, and shows where it was created.
beforeEach(() => {
  startLeakTracking();
  // Registered before any other, so it runs last: after the test's own afterEach and onTestFinished hooks.
  onTestFinished(() => {
    const stacks = stopLeakTracking();
    if (stacks.length === 0) return;
    throw new Error(`The test ended with ${stacks.length} disposables that nobody disposed:\n\n${stacks.join('\n\n')}`);
  });
});
