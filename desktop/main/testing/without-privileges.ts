import { onTestFinished } from 'vitest';

const NOBODY = 65_534;

/**
 * Until the test is over this process may do no more than any user: permissions mean nothing to the superuser. Call it
 * first: it interrupts what waits in other threads, such as a watcher.
 */
export function dropPrivileges(): void {
  if (process.geteuid?.() !== 0) return;
  process.seteuid?.(NOBODY);
  onTestFinished(() => process.seteuid?.(0));
}
