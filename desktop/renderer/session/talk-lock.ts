import { type ChatPolicy, documentAccess } from '../../../shared/access/index.ts';
import type { AttachedDocument } from '../../../shared/sync/attachment/index.ts';
import { mayWrite, type SelfIdentity } from '../../../shared/sync/index.ts';
import { CHAT_DOCUMENT } from '../../../shared/workspace/index.ts';
import type { OpenRoom } from './open-room.ts';

const WRITERS: Readonly<Record<ChatPolicy, string>> = {
  everyone: 'people of this room',
  commenters: 'commenters, editors and owners',
  editors: 'editors and owners',
};

/**
 * Why self cannot write into the chat or the comments; undefined when self can. `self` is what the relay said last,
 * also when there is no connection now.
 */
export function explainTalkLock(
  room: OpenRoom,
  { name, access }: Pick<AttachedDocument, 'name' | 'access'>,
  self: SelfIdentity | undefined,
): string | undefined {
  if (room.lossExplanation !== undefined) return room.lossExplanation;
  const isChat = name === CHAT_DOCUMENT;
  if (access === 'none') {
    return isChat
      ? 'The chat is not shared with you.'
      : "Comments are not shared with you, since only a part of this room's files is.";
  }
  const isAllowed = self === undefined || documentAccess(self.writesAs, name, self.chat) === 'write';
  if (mayWrite(access) && isAllowed) return undefined;
  if (self?.presenter !== undefined && self.writesAs !== self.role) {
    const presenter = [...room.session.participants.values()].find(({ subject }) => subject === self.presenter);
    return `${presenter?.name ?? 'Somebody'} is presenting: nobody else can write here for now.`;
  }
  const as = self === undefined ? '' : ` You are here as ${self.role === 'editor' ? 'an' : 'a'} ${self.role}.`;
  return isChat
    ? `Only ${WRITERS[self?.chat ?? 'commenters']} may write in this chat.${as}`
    : `Only commenters, editors and owners may comment.${as}`;
}
