import { describe, expect, it, onTestFinished } from 'vitest';
import type { TokenResult } from '../../../shared/sync/index.ts';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import { INDEX_DOCUMENT } from '../../../shared/workspace/index.ts';
import type { InvokeRequest, InvokeResponse } from '../../ipc/index.ts';
import { openRoomUnderTest } from '../testing/room-under-test.ts';
import type { AccessLoss } from '../ui/access-model.ts';
import { AccessLossWatch } from './access-loss.ts';
import type { OpenRoom } from './open-room.ts';
import { explainReadOnly } from './read-only.ts';

type Report = InvokeResponse<'edits:propose'>;

const GRANTED: TokenResult = { kind: 'granted', granted: { token: 't', expiresAtMs: 3_600_000 } };
const EXPIRED: TokenResult = { kind: 'permanent', explanation: 'The share link has expired. Ask for a new one.' };
const ON_DEVICE: Report = {
  ok: true,
  value: { proposed: 0, kept: 1, explanation: 'Your access is valid: join the room.', mayReturn: true },
};

/** Somebody is in a room by a link, with the list of files. */
async function enter(isOwner = false) {
  const { room, relay, setTrade } = await openRoomUnderTest({ isOwner });
  const told: (AccessLoss | undefined)[] = [];
  const api = {
    async invoke(channel: string, _request: InvokeRequest<'edits:propose'>) {
      if (channel !== 'edits:propose') throw new Error(`nobody answers ${channel}`);
      return ON_DEVICE;
    },
  };
  const watch = new AccessLossWatch(room, api, (loss) => void told.push(loss));
  onTestFinished(() => watch.dispose());
  relay.latest.welcome();
  relay.latest.answerOpen();
  await settle();
  return { room, relay, setTrade, told };
}

const readOnlyReason = (room: OpenRoom) => {
  const document = room.session.open(INDEX_DOCUMENT);
  const reason = explainReadOnly(room, document);
  document.dispose();
  return reason;
};

describe('somebody whose link does not let them in any more', () => {
  it('is told so, can type no more, and hears that their edits arrive when they are back', async () => {
    const { room, relay, setTrade, told } = await enter();
    expect([room.lossExplanation, readOnlyReason(room)]).toEqual([undefined, undefined]);
    setTrade(EXPIRED);
    relay.latest.goodbye(4401, 'The token has expired.');
    await settle();
    expect(room.lossExplanation).toBe('The share link has expired. Ask for a new one.');
    expect(readOnlyReason(room)).toContain('The share link has expired.');
    expect(room.canEditList).toBe(false);
    const loss = told.at(-1);
    expect(loss).toMatchObject({ explanation: 'The share link has expired. Ask for a new one.', hasUnsent: true });
    expect(loss?.edits).toContain('on this device only. Join again with another link');
    expect(loss?.edits).not.toContain('valid');
  });

  it('is told so as well when the relay takes no token of the link', async () => {
    const { room, relay } = await enter();
    relay.latest.goodbye(4401, 'The token has expired.');
    await settle();
    relay.latest.goodbye(4401, 'The token has expired. Open the share link again, or ask for a new token.');
    await settle();
    expect(room.session.state).toMatchObject({ kind: 'ended', closeCode: 4401 });
    expect(room.lossExplanation).toBe('Your access to this room has run out. Ask an owner of the room for a new link.');
  });

  it('stays out while another try is made, until the relay lets them in', async () => {
    const { room, relay, setTrade, told } = await enter();
    setTrade(EXPIRED);
    relay.latest.goodbye(4401);
    await settle();
    const losses = told.length;
    room.session.retryNow();
    await settle();
    setTrade({ kind: 'transient', explanation: 'The relay is busy.' });
    room.session.retryNow();
    await settle();
    expect(room.session.state.kind).toBe('reconnecting');
    expect(room.lossExplanation).toContain('has expired');
    expect(told).toHaveLength(losses);
    setTrade(GRANTED);
    room.session.retryNow();
    await settle();
    relay.latest.welcome();
    await settle();
    expect([room.lossExplanation, readOnlyReason(room), told.at(-1)]).toEqual([undefined, undefined, undefined]);
  });

  it('is not whoever made the room: they work on without a relay that takes their key', async () => {
    const { room, relay, setTrade, told } = await enter(true);
    setTrade(EXPIRED);
    relay.latest.goodbye(4401);
    await settle();
    expect(room.session.state.kind).toBe('ended');
    expect([room.lossExplanation, readOnlyReason(room), told]).toEqual([undefined, undefined, []]);
  });
});
