/** Who may write into the chat; everybody who is in the room reads it. */
export const CHAT_POLICIES = ['everyone', 'commenters', 'editors'] as const;

export type ChatPolicy = (typeof CHAT_POLICIES)[number];

/** What an owner has set for a whole room. */
export interface RoomSettings {
  /** Subject of the one person who writes; everybody else is a viewer meanwhile. */
  readonly presenter: string | undefined;
  readonly chat: ChatPolicy;
}

export const DEFAULT_ROOM_SETTINGS: RoomSettings = { presenter: undefined, chat: 'commenters' };

export function isChatPolicy(value: unknown): value is ChatPolicy {
  return typeof value === 'string' && CHAT_POLICIES.some((policy) => policy === value);
}
