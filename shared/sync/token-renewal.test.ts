import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../testing/manual-scheduler.ts';
import { settle } from '../testing/scripted-relay.ts';
import type { TokenResult } from './token-source.ts';
import { TokenRenewal } from './token-renewal.ts';

const UNREACHABLE: TokenResult = { kind: 'transient', explanation: 'Nobody answers.' };

function grant(token: string): TokenResult {
  return { kind: 'granted', granted: { token, expiresAtMs: Number.MAX_SAFE_INTEGER } };
}

function start() {
  const scheduler = new ManualScheduler();
  const answers: ((result: TokenResult) => void)[] = [];
  const sent: string[] = [];
  const renewal = new TokenRenewal({
    tokenSource: { obtain: () => new Promise((resolve) => answers.push(resolve)) },
    scheduler,
    send: (token) => sent.push(token),
  });
  onTestFinished(() => renewal.dispose());
  renewal.granted(3_600_000);
  const answer = async (index: number, result: TokenResult) => {
    answers[index]?.(result);
    await settle();
  };
  return { renewal, scheduler, answers, answer, sent };
}

it('[VH5] sends the token that was asked for last alone, whichever comes first', async () => {
  const { renewal, answer, sent } = start();
  renewal.renewNow();
  renewal.renewNow();
  await answer(1, grant('new name'));
  await answer(0, grant('old name'));
  expect(sent).toEqual(['new name']);
});

it('[VH5] does not ask again because an earlier question failed', async () => {
  const { renewal, scheduler, answers, answer, sent } = start();
  renewal.renewNow();
  renewal.renewNow();
  await answer(0, UNREACHABLE);
  await answer(1, grant('new name'));
  scheduler.advance(60_000);
  expect([answers.length, sent]).toEqual([2, ['new name']]);
});

it('[VH5] asks again when the last question failed', async () => {
  const { renewal, scheduler, answers, answer, sent } = start();
  renewal.renewNow();
  await answer(0, UNREACHABLE);
  scheduler.advance(60_000);
  await answer(1, grant('new name'));
  expect([answers.length, sent]).toEqual([2, ['new name']]);
});
