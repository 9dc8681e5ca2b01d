export { type Disposable, DisposableStore, MutableDisposable, toDisposable } from './disposable.ts';
export { Emitter, type Event } from './emitter.ts';
export { type Scheduler, scheduleEvery, systemScheduler } from './scheduler.ts';
export { reportUnexpectedError, setUnexpectedErrorHandler } from './unexpected-error.ts';
export { startLeakTracking, stopLeakTracking } from './leak-tracker.ts';
export { TrackedDisposable } from './tracked-disposable.ts';
export { errorMessage } from './error-message.ts';
