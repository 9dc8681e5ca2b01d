import { expect, it } from 'vitest';
import { answerPage } from './answer-page.ts';

const kept = new Response('kept');
const IMPATIENT_MS = 20;
/** Longer than any of the tests takes. */
const PATIENT_MS = 60_000;
const never = new Promise<Response>(() => undefined);

it('shows what the relay has, also what it refuses', async () => {
  for (const status of [200, 304, 404]) {
    const answer = new Response(null, { status });
    expect(await answerPage(async () => answer, Promise.resolve(kept), PATIENT_MS)).toBe(answer);
  }
});

it('shows the kept page when there is no network, or a proxy without its relay', async () => {
  expect(await answerPage(() => Promise.reject(new TypeError('offline')), Promise.resolve(kept), PATIENT_MS)).toBe(
    kept,
  );
  for (const status of [500, 502, 503, 504]) {
    const answer = new Response(null, { status });
    expect(await answerPage(async () => answer, Promise.resolve(kept), PATIENT_MS)).toBe(kept);
  }
});

it('shows the kept page when no answer comes in time', async () => {
  expect(await answerPage(() => never, Promise.resolve(kept), IMPATIENT_MS)).toBe(kept);
});

it('waits for the relay, and fails as it does, when no page is kept', async () => {
  const answer = new Response(null, { status: 503 });
  expect(await answerPage(async () => answer, Promise.resolve(undefined), IMPATIENT_MS)).toBe(answer);
  const failure = new TypeError('offline');
  await expect(answerPage(() => Promise.reject(failure), Promise.resolve(undefined), IMPATIENT_MS)).rejects.toBe(
    failure,
  );
});
