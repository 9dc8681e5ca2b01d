import { describe, expect, it } from 'vitest';
import { setUnexpectedErrorHandler } from '../../../shared/lifecycle/index.ts';
import { CommandRegistry } from './command-registry.ts';
import { commandForKey } from './keybinding-service.ts';

const CTRL_S = { key: 's', code: 'KeyS', ctrlKey: true, shiftKey: false, altKey: false, metaKey: false };

describe('CommandRegistry', () => {
  it('runs a command only while it is possible and registered', () => {
    const registry = new CommandRegistry();
    let runs = 0;
    let isPossible = false;
    const registration = registry.register({ id: 'a', title: 'A', when: () => isPossible, run: () => void runs++ });
    expect(registry.run('a')).toBe(false);
    isPossible = true;
    expect(registry.run('a')).toBe(true);
    registration.dispose();
    expect(registry.run('a')).toBe(false);
    expect(runs).toBe(1);
  });

  it('refuses a second command of the same id', () => {
    const registry = new CommandRegistry();
    const registration = registry.register({ id: 'a', title: 'A', run: () => undefined });
    expect(() => registry.register({ id: 'a', title: 'B', run: () => undefined })).toThrow('registered already');
    registration.dispose();
  });

  it('reports what a command throws', async () => {
    const reported: unknown[] = [];
    setUnexpectedErrorHandler((error) => reported.push(error));
    const registry = new CommandRegistry();
    const registration = registry.register({ id: 'a', title: 'A', run: () => Promise.reject(new Error('broken')) });
    registry.run('a');
    await Promise.resolve();
    await Promise.resolve();
    setUnexpectedErrorHandler();
    registration.dispose();
    expect(reported).toHaveLength(1);
  });
});

describe('commandForKey', () => {
  it('prefers the command registered last, and skips those that are not possible', () => {
    const registry = new CommandRegistry();
    const first = registry.register({ id: 'first', title: '', keybindings: ['Mod+S'], run: () => undefined });
    const second = registry.register({
      id: 'second',
      title: '',
      keybindings: ['Mod+S'],
      when: () => isPossible,
      run: () => undefined,
    });
    let isPossible = true;
    expect(commandForKey(registry, CTRL_S, 'linux')).toBe('second');
    isPossible = false;
    expect(commandForKey(registry, CTRL_S, 'linux')).toBe('first');
    expect(commandForKey(registry, CTRL_S, 'mac')).toBeUndefined();
    first.dispose();
    second.dispose();
  });
});
