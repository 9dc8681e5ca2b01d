import { errorMessage } from '../../../shared/lifecycle/index.ts';
import type { Outcome } from '../../ipc/index.ts';

/** Asks the host for something; a request that fails altogether becomes an explanation for the person who asked. */
export async function askHost<T>(ask: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await ask();
  } catch (error) {
    const reason = errorMessage(error);
    return { ok: false, explanation: `Tutti could not do that: ${reason}` };
  }
}
