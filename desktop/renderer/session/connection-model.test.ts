import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import { ScriptedEngine } from '../testing/scripted-engine.ts';
import { ObservableValue } from '../ui/observable.ts';
import { RoomConnectionModel } from './connection-model.ts';
import { OpenRoom } from './open-room.ts';

const ONLINE = { kind: 'online', sinceMs: 0 } as const;
const IN_STEP = { kind: 'in-step' } as const;

/** A window whose clock began at another time than that of the engine. */
async function openWindow(engineAheadMs = 0) {
  const engine = new ScriptedEngine();
  const scheduler = new ManualScheduler();
  const status = { kind: 'open', room: 'room', folderPath: undefined, isOwner: false } as const;
  const room = new ObservableValue<OpenRoom | undefined>(new OpenRoom(engine.windowPort, status, scheduler));
  const model = new RoomConnectionModel(room, scheduler);
  onTestFinished(() => {
    model.dispose();
    room.get()?.dispose();
  });
  await settle();
  const atEngine = () => scheduler.elapsedMs() + engineAheadMs;
  return { engine, scheduler, model, room, atEngine };
}

describe('the offline sign', () => {
  it('appears after 3,000 ms without sync, not after 2,999', async () => {
    const { engine, scheduler, model, atEngine } = await openWindow(1_000_000);
    engine.setConnection({ state: ONLINE, health: IN_STEP, atMs: atEngine() });
    await settle();
    scheduler.advance(10_000);
    expect(model.delay.get()).toBeUndefined();
    const lost = { kind: 'connecting', sinceMs: atEngine() } as const;
    const health = { kind: 'behind', sinceMs: atEngine(), cause: 'no-connection' } as const;
    engine.setConnection({ state: lost, health, atMs: atEngine() });
    await settle();
    scheduler.advance(2_999);
    expect(model.delay.get()).toBeUndefined();
    scheduler.advance(1);
    expect(model.delay.get()).toBe('no-connection');
    engine.setConnection({ state: ONLINE, health: IN_STEP, atMs: atEngine() });
    await settle();
    expect(model.delay.get()).toBeUndefined();
  });

  it('counts from when sync ended, not from when the engine noticed or the state changed', async () => {
    const { engine, scheduler, model, atEngine } = await openWindow(-500_000);
    scheduler.advance(10_000);
    const health = { kind: 'behind', sinceMs: atEngine() - 2_000, cause: 'no-answer' } as const;
    engine.setConnection({ state: ONLINE, health, atMs: atEngine() });
    await settle();
    scheduler.advance(500);
    const state = { kind: 'connecting', sinceMs: atEngine() } as const;
    engine.setConnection({ state, health: { ...health, cause: 'no-connection' }, atMs: atEngine() });
    await settle();
    scheduler.advance(499);
    expect(model.delay.get()).toBeUndefined();
    scheduler.advance(1);
    expect(model.delay.get()).toBe('no-connection');
  });

  it('is there at once in a window that is opened while the engine has been offline for an hour', async () => {
    const { engine, model, atEngine } = await openWindow(9_000_000);
    const health = { kind: 'behind', sinceMs: atEngine() - 3_600_000, cause: 'no-connection' } as const;
    const state = { kind: 'connecting', sinceMs: atEngine() } as const;
    engine.setConnection({ state, health, atMs: atEngine() });
    await settle();
    expect(model.delay.get()).toBe('no-connection');
  });

  it('is not moved by a clock that is set', async () => {
    const { engine, scheduler, model, atEngine } = await openWindow();
    const health = { kind: 'behind', sinceMs: atEngine(), cause: 'no-connection' } as const;
    engine.setConnection({ state: { kind: 'connecting', sinceMs: 0 }, health, atMs: atEngine() });
    await settle();
    scheduler.jumpClock(3_600_000);
    scheduler.advance(2_999);
    scheduler.jumpClock(-7_200_000);
    expect(model.delay.get()).toBeUndefined();
    scheduler.advance(1);
    expect(model.delay.get()).toBe('no-connection');
  });

  it('gives the time of the next try in the window’s own time', async () => {
    const { engine, scheduler, model, atEngine } = await openWindow(250_000);
    const nextTryAtMs = atEngine() + 8_000;
    const state = { kind: 'reconnecting', sinceMs: atEngine(), nextTryAtMs, attempt: 1, explanation: '' } as const;
    const health = { kind: 'behind', sinceMs: atEngine(), cause: 'no-connection' } as const;
    engine.setConnection({ state, health, atMs: atEngine() });
    await settle();
    expect(model.state.get()).toMatchObject({ nextTryAtMs: scheduler.elapsedMs() + 8_000 });
  });

  it('goes with the room', async () => {
    const { scheduler, model, room } = await openWindow();
    scheduler.advance(3_000);
    expect(model.delay.get()).toBe('no-connection');
    room.get()?.dispose();
    room.set(undefined);
    expect([model.state.get(), model.delay.get()]).toEqual([undefined, undefined]);
  });
});
