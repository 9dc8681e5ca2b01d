import type { ChatPolicy } from '../../../../shared/access/index.ts';

/** Who may write in the chat, in words. */
export const CHAT_NAMES: Readonly<Record<ChatPolicy, string>> = {
  everyone: 'Everybody',
  commenters: 'Everybody but viewers',
  editors: 'Editors and owners',
};
