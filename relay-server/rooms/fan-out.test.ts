import { expect, it } from 'vitest';
import { DEFAULT_ROOM_SETTINGS } from '../../shared/access/index.ts';
import { type RelayMessage, relayMessageCodec } from '../../shared/protocol/index.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { FanOut } from './fan-out.ts';
import type { Lane, Outlet } from './outlet.ts';
import { Subscription } from './subscription.ts';

class RecordingOutlet implements Outlet {
  readonly isLagging = false;
  readonly messages: RelayMessage['type'][] = [];
  readonly ends: number[] = [];
  failure: Error | undefined;

  send(message: RelayMessage, _lane: Lane, onSent?: () => void): void {
    if (this.failure) throw this.failure;
    this.messages.push(message.type);
    onSent?.();
  }

  sendFrame(frame: Uint8Array, lane: Lane): void {
    this.send(relayMessageCodec.decode(frame), lane);
  }

  end(closeCode: number): void {
    this.ends.push(closeCode);
    if (this.failure) throw this.failure;
  }
}

function subscribe(fanOut: FanOut, handle: number) {
  const outlet = new RecordingOutlet();
  const subject = `subject-${handle}`;
  const who = { tenant: 'default', room: 'room', subject, name: subject, role: 'editor' } as const;
  const times = { issuedAtMs: 0, expiresAtMs: Infinity };
  const subscription = new Subscription(
    {
      presenceId: handle,
      session: { subject, sessionId: 'session-0123456789' },
      grant: { ...who, linkId: undefined, lineageId: subject, jti: subject, paths: undefined, ...times },
      standing: { role: 'editor', writesAs: 'editor', chat: DEFAULT_ROOM_SETTINGS.chat, explanation: '' },
      outlet,
      canInflate: false,
      place: { applyAccess: () => undefined, documentClosed: () => undefined },
    },
    handle,
    'file',
  );
  fanOut.add(subscription);
  subscription.state = 'open';
  return { outlet, subscription };
}

it('what goes wrong with one who has the document open ends that one, and concerns nobody else', () => {
  const scheduler = new ManualScheduler();
  const problems: unknown[] = [];
  let headSeq = 0;
  const services = { scheduler, reportProblem: (error: unknown) => void problems.push(error) };
  const fanOut = new FanOut(services, () => headSeq);
  const [ada, bob, carl] = [subscribe(fanOut, 1), subscribe(fanOut, 2), subscribe(fanOut, 3)];
  bob.outlet.failure = new Error('broken');
  for (const byteLength of [10, 100_000]) fanOut.send(new Uint8Array(byteLength), 0);
  fanOut.ack(bob.subscription, 1, 1);
  fanOut.refuse(bob.subscription, 2, 'malformed', 'It makes no sense.');
  headSeq = 1;
  fanOut.scheduleNotice();
  scheduler.advance(1_000);
  expect(ada.outlet.messages).toEqual(['update', 'update', 'committed']);
  expect(carl.outlet.messages).toEqual(['update', 'update', 'committed']);
  expect([ada, bob, carl].map(({ outlet }) => outlet.ends[0])).toEqual([undefined, 1013, undefined]);
  expect(problems).toContain(bob.outlet.failure);
  // It lacks something, and must not be told otherwise.
  bob.outlet.failure = undefined;
  headSeq = 2;
  fanOut.send(new Uint8Array(10), 0);
  expect([bob.subscription.state, bob.outlet.messages]).toEqual(['missed', []]);
  fanOut.dispose();
});
