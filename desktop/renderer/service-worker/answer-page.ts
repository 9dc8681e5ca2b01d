import { systemScheduler } from '../../../shared/lifecycle/index.ts';

/** So long a relay may take to answer before the kept page is shown. */
const ANSWER_WITHIN_MS = 3_000;

/**
 * The page as the relay has it now, else the kept one: when no answer comes in time, or only that of a proxy whose relay
 * is away. Rejects as `ask` does where none is kept.
 */
export async function answerPage(
  ask: () => Promise<Response>,
  keptPage: Promise<Response | undefined>,
  withinMs = ANSWER_WITHIN_MS,
): Promise<Response> {
  const asked = ask();
  // Whether it failed is asked for below.
  asked.catch(() => undefined);
  const kept = await keptPage;
  if (!kept) return asked;
  const answer = await firstWithin(asked, withinMs);
  return answer && answer.status < 500 ? answer : kept;
}

/** Undefined when it rejects or is late. */
function firstWithin<T>(promise: Promise<T>, withinMs: number): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = systemScheduler.schedule(() => resolve(undefined), withinMs);
    const end = (value?: T) => {
      timer.dispose();
      resolve(value);
    };
    promise.then(end, () => end());
  });
}
