import { expect, it } from 'vitest';
import { ManualScheduler } from '../testing/manual-scheduler.ts';
import { settle } from '../testing/scripted-relay.ts';
import { APPROVAL_POLL_MS, ApprovalWait } from './approval-wait.ts';
import type { JsonAnswer } from './link-token-source.ts';

const WAIT: JsonAnswer = { status: 202, body: { request: 'r1', explanation: 'An owner has to let you in.' } };
const GRANTED: JsonAnswer = { status: 200, body: { token: 't' } };

function start(answers: (JsonAnswer | Error)[]) {
  const scheduler = new ManualScheduler();
  const told: string[] = [];
  const asked: unknown[] = [];
  const wait = new ApprovalWait(scheduler, (message) => told.push(message));
  const post = wait.wrap(async (_url, body) => {
    asked.push(body);
    const answer = answers.shift();
    if (!answer || answer instanceof Error) throw answer ?? new Error('asked too often');
    return answer;
  });
  const pass = async () => {
    scheduler.advance(APPROVAL_POLL_MS);
    await settle();
  };
  return { wait, post, told, asked, pass };
}

it('asks again with what the relay gave until an owner has decided, and tells once that it waits', async () => {
  const { post, told, asked, pass } = start([WAIT, WAIT, GRANTED]);
  const answer = post('url', { secret: 's', name: 'Ben' });
  await settle();
  await pass();
  await pass();
  expect(await answer).toEqual(GRANTED);
  expect(told).toEqual(['An owner has to let you in.']);
  expect(asked).toEqual([
    { secret: 's', name: 'Ben' },
    { secret: 's', name: 'Ben', request: 'r1' },
    { secret: 's', name: 'Ben', request: 'r1' },
  ]);
});

it('goes on waiting while the relay is away or busy, and ends with its refusal', async () => {
  const denied: JsonAnswer = { status: 403, body: { explanation: 'An owner did not let you in.' } };
  const { post, pass } = start([WAIT, new Error('down'), { status: 503, body: undefined }, denied]);
  const answer = post('url', { secret: 's' });
  await settle();
  for (let round = 0; round < 3; round++) await pass();
  expect(await answer).toEqual(denied);
});

it('does not wait for what was refused at once, or for a relay that is away from the start', async () => {
  const refused: JsonAnswer = { status: 503, body: undefined };
  expect(await start([refused]).post('url', {})).toEqual(refused);
  await expect(start([new Error('down')]).post('url', {})).rejects.toThrow('down');
});

it('is over when the person does not want to wait any longer', async () => {
  const { wait, post, asked, pass } = start([WAIT, GRANTED]);
  const answer = post('url', {});
  await settle();
  wait.dispose();
  expect(await answer).toMatchObject({ status: 403 });
  await pass();
  expect(asked).toHaveLength(1);
});
