import { onTestFinished } from 'vitest';
import type { TokenResult } from '../../../shared/sync/index.ts';
import { AttachmentHost } from '../../../shared/sync/attachment/index.ts';
import { createAttachmentPair } from '../../../shared/testing/attachment-pair.ts';
import { type ScriptedRelay, settle } from '../../../shared/testing/scripted-relay.ts';
import { startSession } from '../../../shared/testing/session-under-test.ts';
import { OpenRoom } from '../session/open-room.ts';

const GRANTED: TokenResult = { kind: 'granted', granted: { token: 't', expiresAtMs: 3_600_000 } };

/** A room that a window is in, whose relay the test speaks for. */
export interface RoomUnderTest {
  readonly room: OpenRoom;
  readonly relay: ScriptedRelay;
  /** What the relay answers when the link is traded again. */
  setTrade(answer: TokenResult): void;
}

/** Opens a room whose relay has not answered yet; it goes when the test is over. */
export async function openRoomUnderTest({ isOwner = false } = {}): Promise<RoomUnderTest> {
  let trade = GRANTED;
  const { session: engine, relay } = await startSession({ obtain: () => trade });
  const host = new AttachmentHost(engine);
  const pair = createAttachmentPair();
  host.attach(pair.engine);
  const room = new OpenRoom(pair.window, { kind: 'open', room: 'room', folderPath: undefined, isOwner });
  onTestFinished(() => {
    room.dispose();
    host.dispose();
  });
  await settle();
  return {
    room,
    relay,
    setTrade(answer) {
      trade = answer;
    },
  };
}
